package dev.winnow.space.darts;

import java.util.Collections;

/**
 * The DARTS space (Liu, Simonyan and Yang 2019), NAS-Bench-301's too: a normal and a reduction
 * cell, two inputs for each of four nodes, seven operations; about 1.08 · 10^18 architectures.
 */
public final class Darts extends DartsSpace {
  /** With all operations on every edge, in the order of TE-NAS. */
  public Darts() {
    super(Collections.nCopies(28, DartsOperation.STANDARD));
  }

  @Override
  public String name() {
    return "darts";
  }

  /** DARTS_V2, the published result of second-order DARTS. */
  @Override
  public String example() {
    return "sep_conv_3x3~0;sep_conv_3x3~1;sep_conv_3x3~0;sep_conv_3x3~1;skip_connect~0;"
        + "sep_conv_3x3~1;skip_connect~0;dil_conv_3x3~2/max_pool_3x3~0;max_pool_3x3~1;"
        + "max_pool_3x3~1;skip_connect~2;max_pool_3x3~0;skip_connect~2;max_pool_3x3~1;"
        + "skip_connect~2";
  }
}
