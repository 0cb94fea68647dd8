package dev.winnow.evaluation;

/**
 * RD: true rank minus estimated rank of each architecture, ranks from the best, equal values in
 * order of their index. Positive: the estimate ranks the architecture too high.
 */
public final class RankDifference {
  private RankDifference() {}

  /** By index of the architecture. */
  public static int[] of(PairedSample sample) {
    int[] truth = sample.truthPlaces();
    int[] estimate = sample.estimatePlaces();
    int[] difference = new int[truth.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = truth[i] - estimate[i];
    }
    return difference;
  }
}
