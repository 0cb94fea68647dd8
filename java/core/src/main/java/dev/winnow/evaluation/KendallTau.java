package dev.winnow.evaluation;

import java.util.Arrays;

/**
 * Kendall's rank correlation: how much more often two architectures stand in the same order by
 * truth and by estimate than in opposite orders.
 *
 * <p>With C pairs in the same order, D in opposite orders, and pairs tied in truth (T_y), in
 * estimate (T_s): τ-a = (C − D) / (n(n−1)/2) and τ-b = (C − D) / √((n(n−1)/2 − T_y)(n(n−1)/2 −
 * T_s)). Without ties they are equal; with ties |τ-b| ≥ |τ-a|. <b>Range</b>: [−1, 1]; 0 under
 * random ranking.
 *
 * <p><b>Undefined</b> (NaN): fewer than two architectures; τ-b also when all truths or all
 * estimates are equal. <b>Cost</b>: O(n log n), by merge sort.
 *
 * @param pairs n(n−1)/2
 * @param concordant C
 * @param discordant D
 * @param truthTies pairs of equal truth
 * @param estimateTies pairs of equal estimate
 * @see <a href="https://doi.org/10.1080/01621459.1966.10480879">Knight 1966</a>
 */
public record KendallTau(
    long pairs, long concordant, long discordant, long truthTies, long estimateTies) {

  /** Counts the pairs of a sample. */
  public static KendallTau of(PairedSample sample) {
    double[] half = new double[sample.size()];
    Arrays.fill(half, 0.5); // a pair then weighs 1, and sums of halves are exact
    Weights weights = Weights.of(sample, sample.byTruthThenEstimate(), half);
    return new KendallTau(
        (long) weights.all,
        (long) (weights.untied() - weights.discordant),
        (long) weights.discordant,
        (long) weights.truthTies,
        (long) weights.estimateTies);
  }

  /** τ-a. */
  public double tauA() {
    return pairs == 0 ? Double.NaN : (double) (concordant - discordant) / pairs;
  }

  /** τ-b. */
  public double tauB() {
    double untied = (double) (pairs - truthTies) * (pairs - estimateTies);
    return untied == 0 ? Double.NaN : (concordant - discordant) / Math.sqrt(untied);
  }

  /**
   * Weighted τ: pairs of good architectures count more. The pair of ranks r and q weighs 1/(r+1) +
   * 1/(q+1), ranks from 0 for the best; τ-b of the weights, once with ranks by truth (equal ones by
   * estimate), once with ranks by estimate (equal ones by truth), and the mean of both. The default
   * of {@code scipy.stats.weightedtau}.
   *
   * @return NaN where τ-b has no value
   * @see <a href="https://doi.org/10.1145/2736277.2741088">Vigna 2015</a>
   */
  public static double weighted(PairedSample sample) {
    return (hyperbolic(sample) + hyperbolic(sample.exchanged())) / 2;
  }

  private static double hyperbolic(PairedSample sample) {
    int[] order = sample.byTruthThenEstimate();
    double[] weight = new double[order.length];
    for (int rank = 0; rank < order.length; rank++) {
      weight[order[rank]] = 1.0 / (rank + 1);
    }
    Weights weights = Weights.of(sample, order, weight);
    if (weights.all == weights.truthTies || weights.all == weights.estimateTies) {
      return Double.NaN;
    }
    double tau =
        (weights.untied() - 2 * weights.discordant)
            / Math.sqrt(weights.all - weights.truthTies)
            / Math.sqrt(weights.all - weights.estimateTies);
    return Math.max(-1, Math.min(1, tau));
  }

  /** Sums over pairs of the sum of the two architectures' weights. */
  private record Weights(
      double all, double truthTies, double estimateTies, double bothTied, double discordant) {

    /**
     * @param order by truth, equal ones by estimate
     * @param weight by index
     */
    static Weights of(PairedSample sample, int[] order, double[] weight) {
      int[] truth = sample.truthLevels();
      int[] estimate = sample.estimateLevels();
      int[] levels = new int[order.length];
      double[] weights = new double[order.length];
      for (int i = 0; i < order.length; i++) {
        levels[i] = estimate[order[i]];
        weights[i] = weight[order[i]];
      }
      double truthTies = ties(order, weight, (i, j) -> truth[i] == truth[j]);
      double bothTied =
          ties(order, weight, (i, j) -> truth[i] == truth[j] && estimate[i] == estimate[j]);
      double all = ties(order, weight, (i, j) -> true);
      double discordant = new MergeSort(levels, weights).exchanges();
      double estimateTies =
          ties(sample.estimateOrder(), weight, (i, j) -> estimate[i] == estimate[j]);
      return new Weights(all, truthTies, estimateTies, bothTied, discordant);
    }

    double untied() {
      return all - truthTies - estimateTies + bothTied;
    }

    private interface Tied {
      boolean test(int i, int j);
    }

    /** Pairs within runs of tied neighbours: of c with weights w, (c − 1) Σ w. */
    private static double ties(int[] order, double[] weight, Tied tied) {
      double sum = 0;
      int start = 0;
      double run = 0;
      for (int i = 0; i < order.length; i++) {
        if (i > 0 && !tied.test(order[i - 1], order[i])) {
          sum += (i - start - 1) * run;
          start = i;
          run = 0;
        }
        run += weight[order[i]];
      }
      return order.length == 0 ? 0 : sum + (order.length - start - 1) * run;
    }
  }

  /** Sorts levels and weighs the pairs that it exchanges. */
  private static final class MergeSort {
    private final int[] levels;
    private final double[] weights;
    private final int[] mergedLevels;
    private final double[] mergedWeights;

    MergeSort(int[] levels, double[] weights) {
      this.levels = levels;
      this.weights = weights;
      this.mergedLevels = new int[levels.length];
      this.mergedWeights = new double[levels.length];
    }

    double exchanges() {
      return sort(0, levels.length);
    }

    private double sort(int from, int to) {
      if (to - from < 2) {
        return 0;
      }
      int middle = (from + to) >>> 1;
      return sort(from, middle) + sort(middle, to) + merge(from, middle, to);
    }

    private double merge(int from, int middle, int to) {
      double left = 0;
      for (int i = from; i < middle; i++) {
        left += weights[i];
      }
      double exchanged = 0;
      int i = from;
      int j = middle;
      for (int at = from; at < to; at++) {
        boolean takeLeft = j == to || i < middle && levels[i] <= levels[j];
        if (takeLeft) {
          left -= weights[i];
        } else if (i < middle) {
          exchanged += left + weights[j] * (middle - i);
        }
        int taken = takeLeft ? i++ : j++;
        mergedLevels[at] = levels[taken];
        mergedWeights[at] = weights[taken];
      }
      System.arraycopy(mergedLevels, from, levels, from, to - from);
      System.arraycopy(mergedWeights, from, weights, from, to - from);
      return exchanged;
    }
  }
}
