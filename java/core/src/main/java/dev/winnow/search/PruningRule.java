package dev.winnow.search;

import dev.winnow.score.Estimate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** How a mode turns the measurements of a round into changes, ranks and pruned operations. */
interface PruningRule {

  /**
   * Decides a round.
   *
   * @param removals all candidates of the round, in order of enumeration, equally many repeats each
   * @param limits how many operations each part of the network may lose at most
   */
  Decision decide(List<Removal> removals, Pruning.Limits limits);

  /**
   * A decision. Lists are parallel to the candidates.
   *
   * @param ntkChanges changes of κ; larger ⇒ rather pruned
   * @param regionChanges changes of the region count; smaller ⇒ rather pruned
   * @param ntkRanks 0 first
   * @param regionRanks 0 first
   * @param order candidate indices, pruned first
   * @param pruned per candidate
   */
  record Decision(
      List<Estimate> ntkChanges,
      List<Estimate> regionChanges,
      double[] ntkRanks,
      double[] regionRanks,
      int[] order,
      boolean[] pruned) {}

  /** The rule of a mode. */
  static PruningRule of(TeNasOptions options) {
    return switch (options.mode()) {
      case RELEASED -> new ReleasedRule(options.decimals());
      case PAPER -> new PaperRule();
      case WINNOW -> new WinnowRule();
    };
  }

  /** Indices in ascending order of the keys, none NaN; equal keys keep their order. */
  static int[] ascending(double[] keys) {
    // Adding zero makes -0.0 equal to 0.0, which Double.compare tells apart.
    return sorted(keys.length, Comparator.comparingDouble(i -> keys[i] + 0.0));
  }

  /** Indices in descending order of the keys, none NaN; equal keys keep their order. */
  static int[] descending(double[] keys) {
    return sorted(keys.length, Comparator.comparingDouble((Integer i) -> keys[i] + 0.0).reversed());
  }

  private static int[] sorted(int count, Comparator<Integer> comparator) {
    return IntStream.range(0, count).boxed().sorted(comparator).mapToInt(i -> i).toArray();
  }

  /** Walks the candidates in order and takes those that still fit their part's limit. */
  static boolean[] take(int[] order, List<Candidate> candidates, Pruning.Limits limits) {
    boolean[] pruned = new boolean[order.length];
    int[] left = limits.most().clone();
    for (int i : order) {
      int part = limits.part()[candidates.get(i).edge()];
      if (left[part] > 0) {
        left[part]--;
        pruned[i] = true;
      }
    }
    return pruned;
  }

  /** The candidates of the removals. */
  static List<Candidate> candidates(List<Removal> removals) {
    return removals.stream().map(Removal::candidate).toList();
  }

  /** One estimate per removal. */
  static List<Estimate> estimates(List<double[]> changes) {
    List<Estimate> estimates = new ArrayList<>();
    for (double[] change : changes) {
      estimates.add(Estimate.of(change));
    }
    return estimates;
  }

  /** The means of estimates. */
  static double[] means(List<Estimate> estimates) {
    return estimates.stream().mapToDouble(Estimate::mean).toArray();
  }
}
