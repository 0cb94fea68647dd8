package dev.winnow.evaluation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How an estimate treats architectures that compute the same function: groups of equal canonical
 * form.
 *
 * @param groups number of canonical forms
 * @param shared number of forms that several architectures have
 * @param largest number of architectures of the most frequent form
 * @param truthWithin share of the variance of true ranks, equal values sharing theirs, that lies
 *     within groups: what training alone makes of equal functions; NaN where all are equal
 * @param estimateWithin the same of estimated ranks: what the estimate makes of them
 * @param means one architecture per group: mean truth and mean defined estimate
 */
public record IsomorphismBias(
    int groups,
    int shared,
    int largest,
    double truthWithin,
    double estimateWithin,
    PairedSample means) {

  /**
   * Groups a sample.
   *
   * @param forms canonical form of each architecture
   */
  public static IsomorphismBias of(PairedSample sample, List<String> forms) {
    Map<String, Integer> numbers = new HashMap<>();
    int[] group = new int[sample.size()];
    for (int i = 0; i < group.length; i++) {
      group[i] = numbers.computeIfAbsent(forms.get(i), form -> numbers.size());
    }
    int groups = numbers.size();
    int[] members = new int[groups];
    int[] defined = new int[groups];
    double[] truth = new double[groups];
    double[] estimate = new double[groups];
    for (int i = 0; i < group.length; i++) {
      members[group[i]]++;
      truth[group[i]] += sample.truth(i);
      if (!Double.isNaN(sample.estimate(i))) {
        defined[group[i]]++;
        estimate[group[i]] += sample.estimate(i);
      }
    }
    int shared = 0;
    int largest = 0;
    for (int g = 0; g < groups; g++) {
      truth[g] /= members[g];
      estimate[g] = defined[g] == 0 ? Double.NaN : estimate[g] / defined[g];
      shared += members[g] > 1 ? 1 : 0;
      largest = Math.max(largest, members[g]);
    }
    return new IsomorphismBias(
        groups,
        shared,
        largest,
        within(Correlation.truthRanks(sample), group, members),
        within(Correlation.estimateRanks(sample), group, members),
        PairedSample.of(truth, estimate));
  }

  private static double within(double[] ranks, int[] group, int[] members) {
    double[] mean = new double[members.length];
    for (int i = 0; i < ranks.length; i++) {
      mean[group[i]] += ranks[i];
    }
    for (int g = 0; g < mean.length; g++) {
      mean[g] /= members[g];
    }
    double all = (ranks.length - 1) / 2.0;
    double within = 0;
    double total = 0;
    for (int i = 0; i < ranks.length; i++) {
      within += square(ranks[i] - mean[group[i]]);
      total += square(ranks[i] - all);
    }
    return within / total;
  }

  private static double square(double x) {
    return x * x;
  }
}
