package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known about one estimate of one true quantity.
 *
 * @param name of the estimate
 * @param sample its values, oriented so that higher is better
 * @param results every criterion
 * @param kendall counts of pairs, with ties
 * @param partial Spearman's ρ given other variables, by their names; NaN where nothing is left
 */
public record Assessment(
    String name,
    PairedSample sample,
    List<Result> results,
    KendallTau kendall,
    Map<String, Double> partial) {

  /**
   * A criterion's value.
   *
   * @param interval 95 % bootstrap interval; NaN bounds where there is none
   * @param random what random ranking gives
   */
  public record Result(Criterion criterion, double value, Interval interval, double random) {}

  /**
   * How to assess.
   *
   * @param shares K, each in (0, 1]
   * @param ties how equal values are ranked
   * @param resamples of the bootstrap; 0 for no intervals, else at least 2
   * @param seed of the bootstrap
   */
  public record Options(List<Double> shares, Criterion.Ties ties, int resamples, long seed) {}

  /**
   * Assesses an estimate.
   *
   * @param given sets of variables for partial correlation, by their names
   */
  public static Assessment of(
      String name, PairedSample sample, Map<String, List<double[]>> given, Options options) {
    List<Criterion> criteria = new ArrayList<>(Criterion.global());
    options.shares().forEach(share -> criteria.addAll(Criterion.at(share, options.ties())));
    List<Interval> intervals =
        options.resamples() == 0
            ? criteria.stream().map(c -> Interval.NONE).toList()
            : Interval.bootstrap(sample, criteria, options.resamples(), options.seed());
    List<Result> results = new ArrayList<>();
    for (int c = 0; c < criteria.size(); c++) {
      Criterion criterion = criteria.get(c);
      results.add(
          new Result(
              criterion,
              criterion.value().applyAsDouble(sample),
              intervals.get(c),
              criterion.random().applyAsDouble(sample)));
    }
    Map<String, Double> partial = new LinkedHashMap<>();
    given.forEach((key, others) -> partial.put(key, Correlation.partialSpearman(sample, others)));
    return new Assessment(name, sample, results, KendallTau.of(sample), partial);
  }

  /** The result of a criterion. */
  public Result result(String label) {
    return results.stream()
        .filter(result -> result.criterion().label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no criterion " + label));
  }

  /** The architecture that the estimate would pick: the best, the first of equals. */
  public int pick() {
    return sample.byEstimate(0);
  }

  /** 1 + number of architectures whose true value is strictly better than that of this one. */
  public int trueRank(int index) {
    int rank = 1;
    for (int i = 0; i < sample.size(); i++) {
      rank += sample.truth(i) > sample.truth(index) ? 1 : 0;
    }
    return rank;
  }
}
