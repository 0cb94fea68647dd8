package dev.winnow.evaluation;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How much an estimate depends on its seed, batch or whatever else differs between repeats: the
 * same architectures, estimated several times.
 *
 * <p>The variance of all values is split into what is common to an architecture, what is common to
 * a repeat (and moves no rank), and the rest, which is noise: sums of squares of the two-way table
 * without repetition. Architectures with an undefined estimate are left out of the split.
 *
 * @param repeats number of estimates per architecture
 * @param mean of the Spearman correlations with the truth
 * @param deviation their standard deviation
 * @param agreement mean Spearman correlation between two repeats
 * @param leastAgreement the lowest of them
 * @param ofArchitectures share of the variance
 * @param ofRepeats share of the variance
 * @param ofNoise share of the variance
 */
public record Stability(
    int repeats,
    double mean,
    double deviation,
    double agreement,
    double leastAgreement,
    double ofArchitectures,
    double ofRepeats,
    double ofNoise) {

  /**
   * Compares repeats.
   *
   * @param estimates at least two arrays with a value per architecture, NaN where undefined
   */
  public static Stability of(double[] truth, List<double[]> estimates) {
    int repeats = estimates.size();
    double[] correlations =
        estimates.stream()
            .mapToDouble(estimate -> Correlation.spearman(PairedSample.of(truth, estimate)))
            .toArray();
    double mean = mean(correlations);
    double squares = 0;
    for (double correlation : correlations) {
      squares += (correlation - mean) * (correlation - mean);
    }
    double agreement = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < repeats; i++) {
      for (int j = 0; j < i; j++) {
        double pair = CrossMatrix.spearman(estimates.get(i), estimates.get(j));
        agreement += pair;
        least = Math.min(least, pair);
      }
    }
    double[] shares = shares(estimates);
    return new Stability(
        repeats,
        mean,
        Math.sqrt(squares / (repeats - 1)),
        agreement / (repeats * (repeats - 1) / 2),
        least,
        shares[0],
        shares[1],
        shares[2]);
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double[] shares(List<double[]> estimates) {
    int repeats = estimates.size();
    int[] defined =
        IntStream.range(0, estimates.get(0).length)
            .filter(i -> estimates.stream().noneMatch(estimate -> Double.isNaN(estimate[i])))
            .toArray();
    double[] ofRepeat = new double[repeats];
    double all = 0;
    for (int r = 0; r < repeats; r++) {
      for (int i : defined) {
        ofRepeat[r] += estimates.get(r)[i] / defined.length;
      }
      all += ofRepeat[r] / repeats;
    }
    double architectures = 0;
    double total = 0;
    for (int i : defined) {
      double own = 0;
      for (double[] estimate : estimates) {
        own += estimate[i] / repeats;
        total += (estimate[i] - all) * (estimate[i] - all);
      }
      architectures += repeats * (own - all) * (own - all);
    }
    double between = 0;
    for (double repeat : ofRepeat) {
      between += defined.length * (repeat - all) * (repeat - all);
    }
    double noise = Math.max(0, total - architectures - between);
    return new double[] {architectures / total, between / total, noise / total};
  }
}
