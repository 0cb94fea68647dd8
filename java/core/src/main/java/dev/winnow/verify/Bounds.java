package dev.winnow.verify;

import dev.winnow.compute.PlanOptions.Precision;
import java.util.Arrays;
import java.util.Locale;

/**
 * How far a fresh number may be from a recorded one. Float32 bounds are those that the cases state;
 * where one is silent, the general ones of the golden cases' README. Float64 results are compared
 * with recorded float64 results, which the cases leave without a bound: it is derived here.
 */
final class Bounds {
  /**
   * Largest relative error of a sum in float64, relative to the largest of its kind: up to 2²⁰
   * terms a layer and some 60 layers, each adding at most terms · 2⁻⁵³ and in practice far less.
   */
  static final double FLOAT64 = 1e-9;

  /**
   * Of float32 sums that state nothing: logits, losses, kernels relative to their largest entry.
   */
  static final double FLOAT32 = 1e-4;

  /** Of float32 condition numbers that state nothing. */
  static final double FLOAT32_KAPPA = 1e-3;

  private Bounds() {}

  static String label(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  /** Relative bound of a sum where none is stated. */
  static double sum(Precision precision) {
    return precision == Precision.FLOAT32 ? FLOAT32 : FLOAT64;
  }

  /** The difference that a recorded tolerance allows for a number, or an array, of this size. */
  static double stated(RecordedJson tolerance, double size) {
    double value = tolerance.at("value").number();
    return switch (tolerance.at("kind").text()) {
      case "relative", "relative_to_max_abs", "relative_to_max_abs_of_tensor" ->
          value * Math.abs(size);
      case "absolute" -> value;
      default -> throw tolerance.at("kind").wrong("relative, relative_to_max_abs or absolute");
    };
  }

  static double maxAbs(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }

  static double[] same(int length, double bound) {
    double[] bounds = new double[length];
    Arrays.fill(bounds, bound);
    return bounds;
  }
}
