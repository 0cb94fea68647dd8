package dev.winnow.verify;

import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.score.NtkConditionNumber;
import java.util.Arrays;
import java.util.List;

/**
 * A recorded tangent kernel with what is allowed.
 *
 * @param matrix Θ, row-major [n · n]
 * @param matrixBound for every entry
 * @param eigenvalues ascending; empty where none are recorded
 * @param eigenvalueBounds one each
 * @param kappa what the published program prints
 * @param kappaBound absolute
 */
record Kernel(
    double[] matrix,
    double matrixBound,
    double[] eigenvalues,
    double[] eigenvalueBounds,
    double kappa,
    double kappaBound) {

  /** Of a proxy entry {@code ntk_cond} of a golden case. */
  static Kernel recorded(
      RecordedJson proxy, RecordedTensors tensors, int n, Precision precision, Row row) {
    String matrix = proxy.at("matrix").text();
    return precision == Precision.FLOAT32
        ? float32(proxy, tensors.get(matrix, n, n).values())
        : float64(
            tensors.get(matrix.replace("expected.ntk", "expected.ntk_f64"), n, n).values(),
            proxy.has("eigenvalues_f64") ? proxy.at("eigenvalues_f64").numbers() : new double[0],
            proxy.at("value_f64").number(),
            Bounds.float64(row));
  }

  /**
   * The stated bound of the matrix does not always cover how far the recorded float32 matrix is
   * from its own float64 one. Where it does not, that distance is allowed three times: once for the
   * recorded matrix and twice for ours (at most twice the error of the plain single-precision
   * loop). An eigenvalue is allowed what κ is, a ratio of two of them.
   */
  private static Kernel float32(RecordedJson proxy, double[] matrix) {
    double largest = Bounds.maxAbs(matrix);
    RecordedJson tolerance = proxy.at("matrix_tolerance");
    double measured =
        tolerance.has("measured_f32_vs_f64") ? tolerance.at("measured_f32_vs_f64").number() : 0;
    double[] eigenvalues =
        proxy.has("eigenvalues") ? proxy.at("eigenvalues").numbers() : new double[0];
    double kappa = proxy.at("value").number();
    return new Kernel(
        matrix,
        Math.max(Bounds.stated(tolerance, largest), 3 * measured * largest),
        eigenvalues,
        Arrays.stream(eigenvalues).map(e -> Bounds.stated(proxy.at("tolerance"), e)).toArray(),
        kappa,
        Bounds.stated(proxy.at("tolerance"), kappa));
  }

  /**
   * Weyl: an eigenvalue moves by at most ‖δΘ‖ ≤ n · max|δΘ|, and max|Θ| ≤ λ_max, so κ by a factor
   * of at most about 1 + n · κ · bound; never more than float32 may.
   *
   * @param bound of the entries, relative to the largest
   */
  static Kernel float64(double[] matrix, double[] eigenvalues, double kappa, double bound) {
    double n = Math.sqrt(matrix.length);
    double entry = bound * Bounds.maxAbs(matrix);
    return new Kernel(
        matrix,
        entry,
        eigenvalues,
        Bounds.same(eigenvalues.length, n * entry),
        kappa,
        Math.min(n * Math.abs(kappa) * bound, Bounds.FLOAT32_KAPPA) * Math.abs(kappa));
  }

  /** Against a float32 result, recorded values being float64 ones without a stated bound. */
  static Kernel float32(double[] matrix, double[] eigenvalues, double kappa) {
    return new Kernel(
        matrix,
        Bounds.FLOAT32 * Bounds.maxAbs(matrix),
        eigenvalues,
        Arrays.stream(eigenvalues).map(e -> Bounds.FLOAT32_KAPPA * Math.abs(e)).toArray(),
        kappa,
        Bounds.FLOAT32_KAPPA * Math.abs(kappa));
  }

  /** Compares a fresh kernel: matrix, condition number, eigenvalues where recorded. */
  void compare(String name, double[][] theta, Precision precision, List<Check> checks) {
    String of = " " + Bounds.label(precision);
    double[] computed = Arrays.stream(theta).flatMapToDouble(Arrays::stream).toArray();
    checks.add(
        Check.worst(
            name + "ntk matrix" + of, matrix, computed, Bounds.same(matrix.length, matrixBound)));
    double condition = NtkConditionNumber.of(theta, precision).published();
    checks.add(new Check(name + "ntk_cond" + of, kappa, condition, kappaBound));
    if (eigenvalues.length > 0) {
      boolean finite = Arrays.stream(computed).allMatch(Double::isFinite);
      double[] spectrum =
          finite
              ? NtkConditionNumber.spectrum(theta)
              : Bounds.same(eigenvalues.length, Double.NaN); // a miss, not an error
      checks.add(
          Check.worst(name + "ntk eigenvalues" + of, eigenvalues, spectrum, eigenvalueBounds));
    }
  }
}
