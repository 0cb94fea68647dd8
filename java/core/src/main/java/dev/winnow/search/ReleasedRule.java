package dev.winnow.search;

import dev.winnow.score.Estimate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rule of the released program, quirks included. A change is relative to the origin and rounded
 * to {@code decimals}. Candidates are sorted by the mean change rounded to as many significant
 * digits, κ descending and regions ascending; but two neighbours share a rank only if their
 * unrounded means are equal bit for bit. Equal rank sums keep the order of the κ list. κ without a
 * value counts as what the program prints for it.
 */
final class ReleasedRule implements PruningRule {
  private final int decimals;

  ReleasedRule(int decimals) {
    this.decimals = decimals;
  }

  @Override
  public Decision decide(List<Removal> removals, Pruning.Limits limits) {
    List<double[]> ntk = new ArrayList<>();
    List<double[]> regions = new ArrayList<>();
    for (Removal removal : removals) {
      ntk.add(changes(removal.ntk()));
      regions.add(changes(removal.regions()));
    }
    return decide(PruningRule.candidates(removals), ntk, regions, limits);
  }

  /** From changes per candidate and repeat. */
  Decision decide(
      List<Candidate> candidates,
      List<double[]> ntk,
      List<double[]> regions,
      Pruning.Limits limits) {
    List<Estimate> ntkChanges = PruningRule.estimates(ntk);
    List<Estimate> regionChanges = PruningRule.estimates(regions);
    double[] ntkMeans = PruningRule.means(ntkChanges);
    double[] regionMeans = PruningRule.means(regionChanges);
    int[] byNtk = PruningRule.descending(sortKeys(ntkMeans));
    int[] byRegions = PruningRule.ascending(sortKeys(regionMeans));
    double[] ntkRanks = denseRanks(byNtk, ntkMeans);
    double[] regionRanks = denseRanks(byRegions, regionMeans);
    double[] sums = Arrays.stream(byNtk).mapToDouble(i -> ntkRanks[i] + regionRanks[i]).toArray();
    int[] order = Arrays.stream(PruningRule.ascending(sums)).map(i -> byNtk[i]).toArray();
    return new Decision(
        ntkChanges,
        regionChanges,
        ntkRanks,
        regionRanks,
        order,
        PruningRule.take(order, candidates, limits));
  }

  private double[] changes(Removal.Pairs pairs) {
    double[] changes = new double[pairs.repeats()];
    for (int r = 0; r < changes.length; r++) {
      double origin = pairs.origin().get(r).published();
      double change = (origin - pairs.candidate().get(r).published()) / origin;
      changes[r] = round(change, decimals);
    }
    return changes;
  }

  private double[] sortKeys(double[] means) {
    return Arrays.stream(means).map(mean -> significant(mean, decimals)).toArray();
  }

  /** Ranks along a sorted list: one more than the neighbour's unless the values are equal. */
  static double[] denseRanks(int[] sorted, double[] values) {
    double[] ranks = new double[sorted.length];
    for (int place = 1; place < sorted.length; place++) {
      int here = sorted[place];
      int before = sorted[place - 1];
      ranks[here] = ranks[before] + (values[here] == values[before] ? 0 : 1);
    }
    return ranks;
  }

  /** As Python's {@code round}: of the exact value, half to even; ±∞ stays. */
  static double round(double value, int decimals) {
    if (!Double.isFinite(value)) {
      return value;
    }
    return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).doubleValue();
  }

  /**
   * The program's sort key: about {@code digits} significant digits. ±∞, on which the program stops
   * with an error, stays.
   */
  static double significant(double value, int digits) {
    if (value == 0 || !Double.isFinite(value)) {
      return value;
    }
    double magnitude = Math.abs(value) + 1e-8;
    int exponent = (int) Math.floor(StrictMath.log10(magnitude)) + 1;
    double mantissa = round(magnitude * StrictMath.pow(10, -exponent), digits);
    return Math.signum(value) * mantissa * StrictMath.pow(10, exponent);
  }
}
