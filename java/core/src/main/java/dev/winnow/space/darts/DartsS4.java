package dev.winnow.space.darts;

import static dev.winnow.space.darts.DartsOperation.NOISE;
import static dev.winnow.space.darts.DartsOperation.NONE;
import static dev.winnow.space.darts.DartsOperation.SEP_CONV_3X3;

import java.util.Collections;
import java.util.List;

/**
 * Space S4 of Zela et al. (2020): noise or a separable 3x3 convolution on every edge. A search that
 * works takes no noise.
 */
public final class DartsS4 extends DartsSpace {
  /** The published restriction. */
  public DartsS4() {
    super(Collections.nCopies(28, List.of(NONE, NOISE, SEP_CONV_3X3)));
  }

  @Override
  public String name() {
    return "darts-s4";
  }

  /** What Zero-Cost-PT found on CIFAR-10 with seed 0. */
  @Override
  public String example() {
    return "sep_conv_3x3~0;noise~1;noise~1;sep_conv_3x3~2;sep_conv_3x3~1;"
        + "sep_conv_3x3~2;sep_conv_3x3~2;sep_conv_3x3~3/sep_conv_3x3~0;"
        + "sep_conv_3x3~1;sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~0;"
        + "sep_conv_3x3~1;sep_conv_3x3~0;sep_conv_3x3~1";
  }
}
