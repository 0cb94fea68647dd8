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

  /** Separable convolutions on the edges from the cell's inputs: what a search should not miss. */
  @Override
  public String example() {
    String cell = String.join(";", Collections.nCopies(4, "sep_conv_3x3~0;sep_conv_3x3~1"));
    return cell + "/" + cell;
  }
}
