package dev.winnow.verify;

import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.score.NtkConditionNumber;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A recorded tangent kernel with what is allowed.
 *
 * @param reference appended to the matrix's name: empty, or what it is where that is not obvious
 * @param matrix Θ, row-major [n · n]
 * @param matrixBound for every entry
 * @param eigenvalues ascending; empty where none are recorded
 * @param eigenvalueBounds one each
 * @param kappa what the published program prints
 * @param kappaBound absolute
 */
record Kernel(
    String reference,
    double[] matrix,
    double matrixBound,
    double[] eigenvalues,
    double[] eigenvalueBounds,
    double kappa,
    double kappaBound) {

  /** Of a proxy entry {@code ntk_cond} of a golden case. */
  static Kernel recorded(RecordedJson proxy, RecordedTensors tensors, int n, Precision precision) {
    String name = proxy.at("matrix").text();
    double[] single = tensors.get(name, n, n).values();
    double[] exact = tensors.get(name.replace("expected.ntk", "expected.ntk_f64"), n, n).values();
    return precision == Precision.FLOAT32
        ? float32(proxy, single, exact)
        : float64(
            exact,
            proxy.has("eigenvalues_f64") ? proxy.at("eigenvalues_f64").numbers() : new double[0],
            proxy.at("value_f64").number(),
            Bounds.FLOAT64);
  }

  /**
   * Some recorded float32 matrices are further from their own float64 ones than the stated bound
   * allows (a ReLU went the other way). Nobody can be asked to repeat that error: there the float64
   * matrix is the reference, the bound stays. An eigenvalue is allowed what κ is, a ratio of two of
   * them.
   */
  private static Kernel float32(RecordedJson proxy, double[] single, double[] exact) {
    double bound = Bounds.stated(proxy.at("matrix_tolerance"), Bounds.maxAbs(single));
    boolean own =
        IntStream.range(0, single.length).allMatch(i -> Math.abs(single[i] - exact[i]) <= bound);
    double[] eigenvalues =
        proxy.has("eigenvalues") ? proxy.at("eigenvalues").numbers() : new double[0];
    double kappa = proxy.at("value").number();
    return new Kernel(
        own ? "" : " against recorded float64",
        own ? single : exact,
        bound,
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
        "",
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
        "",
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
            name + "ntk matrix" + of + reference,
            matrix,
            computed,
            Bounds.same(matrix.length, matrixBound)));
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
