package dev.winnow.evaluation;

import java.util.List;

/**
 * How alike several estimates rank the same architectures: τ-b of every pair, undefined estimates
 * worst. Symmetric, with 1 on the diagonal; NaN where an estimate is constant.
 *
 * @param names of the estimates
 * @param tau by row and column
 */
public record CrossMatrix(List<String> names, double[][] tau) {

  /**
   * Compares estimates.
   *
   * @param estimates one array per name, higher = better, NaN where undefined
   */
  public static CrossMatrix of(List<String> names, List<double[]> estimates) {
    double[][] tau = new double[names.size()][names.size()];
    for (int i = 0; i < tau.length; i++) {
      for (int j = 0; j <= i; j++) {
        tau[i][j] = KendallTau.of(sample(estimates.get(i), estimates.get(j))).tauB();
        tau[j][i] = tau[i][j];
      }
    }
    return new CrossMatrix(List.copyOf(names), tau);
  }

  /** Spearman's ρ of two estimates, undefined ones worst in each. */
  static double spearman(double[] first, double[] second) {
    return Correlation.spearman(sample(first, second));
  }

  private static PairedSample sample(double[] first, double[] second) {
    return PairedSample.of(worst(first), second);
  }

  /**
   * The first side of a sample must be finite; below the smallest value is as good as undefined.
   */
  private static double[] worst(double[] values) {
    double least = Double.POSITIVE_INFINITY;
    for (double value : values) {
      least = Double.isNaN(value) ? least : Math.min(least, value);
    }
    double below = least == Double.POSITIVE_INFINITY ? 0 : Math.nextDown(least);
    double[] filled = values.clone();
    for (int i = 0; i < filled.length; i++) {
      filled[i] = Double.isNaN(filled[i]) ? below : filled[i];
    }
    return filled;
  }
}
