package dev.winnow.search;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.Estimate;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Winnow's rule, for rounds whose candidates share their draws. Everything that one may want to
 * tune is here and in {@link TeNasOptions}.
 *
 * <p><b>Changes.</b> κ: {@code ln κ_origin − ln κ_candidate} of a repeat, because κ is positive,
 * spans decades and its noise is multiplicative. Regions: {@code (R_origin − R_candidate) /
 * R_origin}. The statistic is the mean over repeats; its standard error is that of the paired
 * differences, so noise that the draws have in common cancels.
 *
 * <p><b>Ranks.</b> Average ranks over exact ties, κ descending and regions ascending; the sum
 * decides, then the larger change of κ, then the order of enumeration.
 *
 * <p><b>No value.</b> A repeat whose origin has no κ says nothing and is left out for all. A
 * candidate without κ in some other repeat is ranked last by κ: its removal breaks the network.
 *
 * <p><b>Stability.</b> The share of bootstrap resamples of the repeats in which the same operations
 * are pruned as by the repeats themselves.
 */
final class WinnowRule implements PruningRule {

  @Override
  public Decision decide(List<Removal> removals, Pruning.Limits limits) {
    return decide(Changes.of(removals), limits);
  }

  private static Decision decide(Changes changes, Pruning.Limits limits) {
    return decide(changes, IntStream.range(0, changes.repeats()).toArray(), limits);
  }

  /** As if the repeats had been these. */
  private static Decision decide(Changes changes, int[] repeats, Pruning.Limits limits) {
    List<Estimate> ntkChanges = estimates(changes.ntk(), repeats);
    List<Estimate> regionChanges = estimates(changes.regions(), repeats);
    double[] ntkKeys = worstLast(ntkChanges, -1);
    double[] ntkRanks = averageRanks(ntkKeys);
    double[] regionRanks = averageRanks(worstLast(regionChanges, 1));
    int[] byNtk = PruningRule.ascending(ntkKeys);
    double[] sums = Arrays.stream(byNtk).mapToDouble(i -> ntkRanks[i] + regionRanks[i]).toArray();
    int[] order = Arrays.stream(PruningRule.ascending(sums)).map(i -> byNtk[i]).toArray();
    return new Decision(
        ntkChanges,
        regionChanges,
        ntkRanks,
        regionRanks,
        order,
        PruningRule.take(order, changes.candidates(), limits));
  }

  /**
   * Share of resamples that agree with the decision.
   *
   * @param resamples at least 1
   * @param stream of the resampling
   */
  double stability(List<Removal> removals, Pruning.Limits limits, int resamples, Stream stream) {
    Changes changes = Changes.of(removals);
    boolean[] pruned = decide(changes, limits).pruned();
    int n = changes.repeats();
    if (n == 0) {
      return 0;
    }
    Philox random = stream.generator();
    int agreed = 0;
    int[] repeats = new int[n];
    for (int b = 0; b < resamples; b++) {
      for (int r = 0; r < n; r++) {
        repeats[r] = random.nextInt(n);
      }
      if (Arrays.equals(pruned, decide(changes, repeats, limits).pruned())) {
        agreed++;
      }
    }
    return (double) agreed / resamples;
  }

  private static List<Estimate> estimates(double[][] changes, int[] repeats) {
    return Arrays.stream(changes)
        .map(change -> Estimate.of(Arrays.stream(repeats).mapToDouble(r -> change[r]).toArray()))
        .toList();
  }

  private static double[] worstLast(List<Estimate> changes, int sign) {
    return Arrays.stream(PruningRule.means(changes))
        .map(mean -> Double.isNaN(mean) ? Double.POSITIVE_INFINITY : sign * mean)
        .toArray();
  }

  /** Ascending ranks from 0; equal keys share the mean of their places. */
  static double[] averageRanks(double[] keys) {
    int[] sorted = PruningRule.ascending(keys);
    double[] ranks = new double[keys.length];
    for (int first = 0, end; first < sorted.length; first = end) {
      end = first + 1;
      while (end < sorted.length && keys[sorted[end]] == keys[sorted[first]]) {
        end++;
      }
      for (int place = first; place < end; place++) {
        ranks[sorted[place]] = (first + end - 1) / 2.0;
      }
    }
    return ranks;
  }

  /** Changes {@code [candidate][repeat]} of the repeats whose origin has a value. */
  private record Changes(
      List<Candidate> candidates, double[][] ntk, double[][] regions, int repeats) {

    static Changes of(List<Removal> removals) {
      List<Candidate> candidates = PruningRule.candidates(removals);
      if (removals.isEmpty()) {
        return new Changes(candidates, new double[0][], new double[0][], 0);
      }
      Removal.Pairs first = removals.get(0).ntk();
      int[] usable =
          IntStream.range(0, first.repeats())
              .filter(r -> first.origin().get(r).value().isPresent())
              .toArray();
      double[][] ntk = new double[removals.size()][usable.length];
      double[][] regions = new double[removals.size()][usable.length];
      for (int c = 0; c < removals.size(); c++) {
        for (int i = 0; i < usable.length; i++) {
          ntk[c][i] = logarithm(removals.get(c).ntk(), usable[i]);
          regions[c][i] = relative(removals.get(c).regions(), usable[i]);
        }
      }
      return new Changes(candidates, ntk, regions, usable.length);
    }

    private static double logarithm(Removal.Pairs pairs, int repeat) {
      return StrictMath.log(pairs.origin().get(repeat).value().orElse(Double.NaN))
          - StrictMath.log(pairs.candidate().get(repeat).value().orElse(Double.NaN));
    }

    private static double relative(Removal.Pairs pairs, int repeat) {
      double origin = pairs.origin().get(repeat).value().orElse(Double.NaN);
      return (origin - pairs.candidate().get(repeat).value().orElse(Double.NaN)) / origin;
    }
  }
}
