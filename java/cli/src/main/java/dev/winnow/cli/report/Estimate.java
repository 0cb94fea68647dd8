package dev.winnow.cli.report;

/**
 * A mean and its standard error over repeats.
 *
 * @param mean NaN where there is no value
 * @param error 0 or NaN where there is only one repeat
 */
public record Estimate(double mean, double error) {
  boolean defined() {
    return Double.isFinite(mean);
  }

  /** The error where it can be drawn, else 0. */
  double drawnError() {
    return Double.isFinite(error) ? error : 0;
  }
}
