package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.ranking.NaNStrategy;
import org.hipparchus.stat.ranking.NaturalRanking;
import org.hipparchus.stat.ranking.TiesStrategy;

/**
 * Product-moment correlations of values and of ranks. <b>Range</b>: [−1, 1]; 0 under random
 * ranking. <b>Undefined</b> (NaN) with fewer than two architectures, or where one side is constant.
 */
public final class Correlation {
  /** Share of a variable's norm below which what is left of it is rounding. */
  private static final double NOTHING = 1e-9;

  private Correlation() {}

  /** Pearson's r of truth and estimate, over the architectures whose estimate is defined. */
  public static double pearson(PairedSample sample) {
    PairedSample defined = sample.undefined() == 0 ? sample : sample.defined();
    double[] truth = new double[defined.size()];
    double[] estimate = new double[defined.size()];
    for (int i = 0; i < truth.length; i++) {
      truth[i] = defined.truth(i);
      estimate[i] = defined.estimate(i);
    }
    return pearson(truth, estimate);
  }

  /** Spearman's ρ: Pearson's r of the ranks, equal values sharing the mean of their ranks. */
  public static double spearman(PairedSample sample) {
    return pearson(truthRanks(sample), estimateRanks(sample));
  }

  private static double pearson(double[] x, double[] y) {
    if (x.length < 2 || constant(x) || constant(y)) {
      return Double.NaN;
    }
    return clamped(new PearsonsCorrelation().correlation(x, y));
  }

  private static boolean constant(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == values[0]);
  }

  /** Ranks by true value from 0, equal values sharing the mean of theirs. */
  static double[] truthRanks(PairedSample sample) {
    return meanRanks(sample.byTruthThenEstimate(), sample.truthLevels());
  }

  /** Ranks by estimate from 0, equal values sharing the mean of theirs. */
  static double[] estimateRanks(PairedSample sample) {
    return meanRanks(sample.estimateOrder(), sample.estimateLevels());
  }

  private static double[] meanRanks(int[] order, int[] levels) {
    double[] ranks = new double[order.length];
    int start = 0;
    for (int end = 1; end <= order.length; end++) {
      if (end == order.length || levels[order[end]] != levels[order[start]]) {
        for (int place = start; place < end; place++) {
          ranks[order[place]] = (start + end - 1) / 2.0;
        }
        start = end;
      }
    }
    return ranks;
  }

  /**
   * Partial Spearman correlation: that of truth and estimate once what other variables say about
   * each of them is removed. All variables become ranks; truth and estimate are replaced by their
   * residuals of linear regression on the others and a constant.
   *
   * @param given the other variables, each a finite value per architecture
   * @return NaN where nothing of truth or of the estimate is left, as for the estimate "number of
   *     parameters" given parameters
   */
  public static double partialSpearman(PairedSample sample, List<double[]> given) {
    NaturalRanking ranking = new NaturalRanking(NaNStrategy.FAILED, TiesStrategy.AVERAGE);
    List<double[]> basis = new ArrayList<>();
    for (double[] variable : given) {
      double[] left = residual(ranking.rank(variable), basis);
      if (left != null) {
        basis.add(left);
      }
    }
    double[] truth = residual(truthRanks(sample), basis);
    double[] estimate = residual(estimateRanks(sample), basis);
    return truth == null || estimate == null ? Double.NaN : clamped(dot(truth, estimate));
  }

  /**
   * What a basis of orthonormal vectors of mean 0 leaves of a variable, with norm 1; null where
   * nothing is left.
   */
  private static double[] residual(double[] variable, List<double[]> basis) {
    double mean = Arrays.stream(variable).average().orElse(Double.NaN);
    double[] left = Arrays.stream(variable).map(value -> value - mean).toArray();
    double whole = Math.sqrt(dot(left, left));
    for (int pass = 0; pass < 2; pass++) { // twice is enough for full precision
      for (double[] direction : basis) {
        double part = dot(left, direction);
        for (int i = 0; i < left.length; i++) {
          left[i] -= part * direction[i];
        }
      }
    }
    double norm = Math.sqrt(dot(left, left));
    return norm > NOTHING * whole ? Arrays.stream(left).map(value -> value / norm).toArray() : null;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double clamped(double r) {
    return Math.max(-1, Math.min(1, r));
  }
}
