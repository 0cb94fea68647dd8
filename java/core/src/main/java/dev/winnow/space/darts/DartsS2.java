package dev.winnow.space.darts;

import static dev.winnow.space.darts.DartsOperation.NONE;
import static dev.winnow.space.darts.DartsOperation.SEP_CONV_3X3;
import static dev.winnow.space.darts.DartsOperation.SKIP_CONNECT;

import java.util.Collections;
import java.util.List;

/** Space S2 of Zela et al. (2020): a skip or a separable 3x3 convolution on every edge. */
public final class DartsS2 extends DartsSpace {
  /** By edge; those of S3 too, of which only the supernet differs. */
  static final List<List<DartsOperation>> CANDIDATES =
      Collections.nCopies(28, List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3));

  /** What Zero-Cost-PT found with seed 0 on CIFAR-10, here as in S3. */
  static final String EXAMPLE =
      "sep_conv_3x3~0;skip_connect~1;sep_conv_3x3~1;sep_conv_3x3~2;"
          + "sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~1;"
          + "sep_conv_3x3~2/sep_conv_3x3~0;sep_conv_3x3~1;skip_connect~0;"
          + "skip_connect~1;sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~0;"
          + "sep_conv_3x3~1";

  /** The published restriction. */
  public DartsS2() {
    super(CANDIDATES);
  }

  @Override
  public String name() {
    return "darts-s2";
  }

  /** What Zero-Cost-PT found on CIFAR-10 with seed 0. */
  @Override
  public String example() {
    return EXAMPLE;
  }
}
