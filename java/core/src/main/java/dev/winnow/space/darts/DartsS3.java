package dev.winnow.space.darts;

import static dev.winnow.space.darts.DartsOperation.NONE;
import static dev.winnow.space.darts.DartsOperation.SEP_CONV_3X3;
import static dev.winnow.space.darts.DartsOperation.SKIP_CONNECT;

import java.util.Collections;
import java.util.List;

/**
 * Space S3 of Zela et al. (2020): that of S2, with {@code none} among the candidates of its
 * supernet. No genotype has {@code none} on an edge that it keeps, so the architectures are S2's.
 */
public final class DartsS3 extends DartsSpace {
  /** The published restriction. */
  public DartsS3() {
    super(Collections.nCopies(28, List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3)));
  }

  @Override
  public String name() {
    return "darts-s3";
  }

  /** What Zero-Cost-PT found on CIFAR-10 with seed 0. */
  @Override
  public String example() {
    return "sep_conv_3x3~0;skip_connect~1;sep_conv_3x3~1;sep_conv_3x3~2;"
        + "sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~1;"
        + "sep_conv_3x3~2/sep_conv_3x3~0;sep_conv_3x3~1;skip_connect~0;"
        + "skip_connect~1;sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~0;"
        + "sep_conv_3x3~1";
  }
}
