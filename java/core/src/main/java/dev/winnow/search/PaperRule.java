package dev.winnow.search;

import dev.winnow.score.Estimate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rule of the paper (algorithm 1): changes are absolute differences, a rank is the place in the
 * sorted list, equal sums keep the order of the κ list. A candidate whose κ has no value in some
 * repeat is ranked last by κ.
 */
final class PaperRule implements PruningRule {

  @Override
  public Decision decide(List<Removal> removals, Pruning.Limits limits) {
    List<double[]> ntk = new ArrayList<>();
    List<double[]> regions = new ArrayList<>();
    for (Removal removal : removals) {
      ntk.add(changes(removal.ntk()));
      regions.add(changes(removal.regions()));
    }
    List<Estimate> ntkChanges = PruningRule.estimates(ntk);
    List<Estimate> regionChanges = PruningRule.estimates(regions);
    double[] ntkKeys =
        Arrays.stream(PruningRule.means(ntkChanges))
            .map(mean -> Double.isNaN(mean) ? Double.NEGATIVE_INFINITY : mean)
            .toArray();
    int[] byNtk = PruningRule.descending(ntkKeys);
    double[] ntkRanks = places(byNtk);
    double[] regionRanks = places(PruningRule.ascending(PruningRule.means(regionChanges)));
    double[] sums = Arrays.stream(byNtk).mapToDouble(i -> ntkRanks[i] + regionRanks[i]).toArray();
    int[] order = Arrays.stream(PruningRule.ascending(sums)).map(i -> byNtk[i]).toArray();
    return new Decision(
        ntkChanges,
        regionChanges,
        ntkRanks,
        regionRanks,
        order,
        PruningRule.take(order, PruningRule.candidates(removals), limits));
  }

  private static double[] changes(Removal.Pairs pairs) {
    double[] changes = new double[pairs.repeats()];
    for (int r = 0; r < changes.length; r++) {
      changes[r] =
          pairs.origin().get(r).value().orElse(Double.NaN)
              - pairs.candidate().get(r).value().orElse(Double.NaN);
    }
    return changes;
  }

  private static double[] places(int[] sorted) {
    double[] places = new double[sorted.length];
    for (int place = 0; place < sorted.length; place++) {
      places[sorted[place]] = place;
    }
    return places;
  }
}
