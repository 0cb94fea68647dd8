package dev.winnow.score;

/**
 * Mean of a number over repeats and the standard error of that mean.
 *
 * @param mean NaN when no repeat had a value
 * @param standardError \(s/\sqrt n\) with the n−1 sample deviation s; NaN below two repeats
 * @param repeats number of values n
 */
public record Estimate(double mean, double standardError, int repeats) {
  /** Of no values. */
  public static final Estimate NONE = new Estimate(Double.NaN, Double.NaN, 0);

  /**
   * Of these values, summed in their order; a NaN among them makes the estimate NaN.
   *
   * @param values any number
   */
  public static Estimate of(double... values) {
    int n = values.length;
    if (n == 0) {
      return NONE;
    }
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / n;
    if (n == 1) {
      return new Estimate(mean, Double.NaN, 1);
    }
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new Estimate(mean, Math.sqrt(squares / (n - 1) / n), n);
  }

  /** Whether there is a mean. */
  public boolean defined() {
    return !Double.isNaN(mean);
  }
}
