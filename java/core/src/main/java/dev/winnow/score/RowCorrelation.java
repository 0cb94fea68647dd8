package dev.winnow.score;

/** Correlation of the rows of a matrix, as {@code numpy.corrcoef} has it. */
final class RowCorrelation {
  private RowCorrelation() {}

  /**
   * Pearson's coefficient of every two rows, in [−1, 1]; NaN where a row is constant.
   *
   * @param rows at least one, of one length
   */
  static double[][] of(double[][] rows) {
    int n = rows.length;
    double[][] centred = new double[n][];
    double[] deviation = new double[n];
    for (int i = 0; i < n; i++) {
      centred[i] = centred(rows[i]);
      deviation[i] = Math.sqrt(dot(centred[i], centred[i]));
    }
    double[][] correlation = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double r = dot(centred[i], centred[j]) / deviation[i] / deviation[j];
        correlation[i][j] = Math.max(-1, Math.min(1, r));
        correlation[j][i] = correlation[i][j];
      }
    }
    return correlation;
  }

  private static double[] centred(double[] row) {
    double sum = 0;
    for (double value : row) {
      sum += value;
    }
    double[] centred = new double[row.length];
    for (int k = 0; k < row.length; k++) {
      centred[k] = row[k] - sum / row.length;
    }
    return centred;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
