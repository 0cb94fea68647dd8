package dev.winnow.cli.report;

import java.util.Map;

/** Colour and short name of operations, the same in every drawing. */
final class Operations {
  // Okabe and Ito's palette: distinguishable with the common forms of colour blindness.
  private static final Map<String, String> COLOURS =
      Map.of(
          "none", "#c8ccd0",
          "skip_connect", "#0072b2",
          "nor_conv_1x1", "#e69f00",
          "nor_conv_3x3", "#d55e00",
          "avg_pool_3x3", "#009e73",
          "max_pool_3x3", "#56b4e9",
          "sep_conv_3x3", "#d55e00",
          "sep_conv_5x5", "#cc79a7",
          "dil_conv_3x3", "#e69f00",
          "dil_conv_5x5", "#8c7a00");

  private static final Map<String, String> NAMES =
      Map.of(
          "none", "none",
          "skip_connect", "skip",
          "nor_conv_1x1", "conv 1×1",
          "nor_conv_3x3", "conv 3×3",
          "avg_pool_3x3", "avg pool",
          "max_pool_3x3", "max pool",
          "sep_conv_3x3", "sep 3×3",
          "sep_conv_5x5", "sep 5×5",
          "dil_conv_3x3", "dil 3×3",
          "dil_conv_5x5", "dil 5×5");

  private Operations() {}

  static String colour(String operation) {
    return COLOURS.getOrDefault(operation, "#666666");
  }

  static String shortName(String operation) {
    return NAMES.getOrDefault(operation, operation);
  }
}
