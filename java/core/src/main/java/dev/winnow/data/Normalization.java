package dev.winnow.data;

import java.util.List;

/**
 * What is subtracted from and divides each channel, in units of the pixel range [0, 1]: {@code (x −
 * mean) / std}.
 *
 * @param mean one per channel, each in [0, 1]
 * @param std one per channel, each positive
 */
public record Normalization(List<Double> mean, List<Double> std) {
  public Normalization {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.isEmpty() || mean.size() != std.size()) {
      throw new IllegalArgumentException(
          "normalisation needs one mean and one std per channel but got "
              + mean.size()
              + " and "
              + std.size());
    }
    for (int c = 0; c < mean.size(); c++) {
      if (!(mean.get(c) >= 0 && mean.get(c) <= 1)) {
        throw new IllegalArgumentException(
            "mean of channel " + c + " must be in [0, 1] but was " + mean.get(c));
      }
      if (!(std.get(c) > 0 && std.get(c) < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "std of channel " + c + " must be positive and finite but was " + std.get(c));
      }
    }
  }

  /** From red, green and blue in units of 0 to 255, as data sets publish them. */
  static Normalization rgb255(double[] mean, double[] std) {
    return new Normalization(
        List.of(mean[0] / 255, mean[1] / 255, mean[2] / 255),
        List.of(std[0] / 255, std[1] / 255, std[2] / 255));
  }
}
