package dev.winnow.space.darts;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The operations on the edges of a DARTS cell, in the order of TE-NAS. {@code s} is the edge's
 * stride: 2 on the edges from a reduction cell's inputs, else 1.
 */
public enum DartsOperation {
  /** Zeros: the edge is absent. */
  NONE,
  /** Identity; with stride 2 a factorised reduction: ReLU, two 1x1 convolutions, batch norm. */
  SKIP_CONNECT,
  /** Twice ReLU, depthwise 3x3, pointwise, batch norm; the first depthwise has the stride. */
  SEP_CONV_3X3,
  /** As {@link #SEP_CONV_3X3}, with 5x5. */
  SEP_CONV_5X5,
  /** ReLU, depthwise 3x3 of dilation 2, pointwise, batch norm. */
  DIL_CONV_3X3,
  /** As {@link #DIL_CONV_3X3}, with 5x5. */
  DIL_CONV_5X5,
  /** 3x3 average pool, padding 1 not counted. */
  AVG_POOL_3X3,
  /** 3x3 maximum pool, padding 1. */
  MAX_POOL_3X3,
  /** Standard normal noise instead of the input; space S4 only. */
  NOISE;

  /** Those of the unrestricted space, {@link #NONE} included. */
  public static final List<DartsOperation> STANDARD =
      List.of(
          NONE,
          SKIP_CONNECT,
          SEP_CONV_3X3,
          SEP_CONV_5X5,
          DIL_CONV_3X3,
          DIL_CONV_5X5,
          AVG_POOL_3X3,
          MAX_POOL_3X3);

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The published name, for example {@code sep_conv_3x3}. */
  public String label() {
    return label;
  }

  /** The operation of a published name. */
  static Optional<DartsOperation> of(String label) {
    for (DartsOperation operation : values()) {
      if (operation.label.equals(label)) {
        return Optional.of(operation);
      }
    }
    return Optional.empty();
  }
}
