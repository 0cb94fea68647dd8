package dev.winnow.evaluation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * True values and estimates of the same architectures, both with higher = better, and their two
 * orders. An undefined estimate (NaN) is worse than every defined one, and all of them are tied.
 *
 * <p>A <i>level</i> numbers distinct values from the best, 0; equal values share it. Orders are
 * best first and put equal values in order of their index.
 *
 * <p>Immutable. <b>Cost</b>: two sorts; a {@linkplain #take part or resample} costs O(n) and none.
 */
public final class PairedSample {
  private final double[] truth;
  private final double[] estimate;
  private final int[] byTruth;
  private final int[] byEstimate;
  private final int[] truthLevel;
  private final int[] estimateLevel;

  private PairedSample(double[] truth, double[] estimate, int[] byTruth, int[] byEstimate) {
    this(
        truth, estimate, byTruth, byEstimate, levels(truth, byTruth), levels(estimate, byEstimate));
  }

  private PairedSample(
      double[] truth,
      double[] estimate,
      int[] byTruth,
      int[] byEstimate,
      int[] truthLevel,
      int[] estimateLevel) {
    this.truth = truth;
    this.estimate = estimate;
    this.byTruth = byTruth;
    this.byEstimate = byEstimate;
    this.truthLevel = truthLevel;
    this.estimateLevel = estimateLevel;
  }

  /**
   * @param truth finite
   * @param estimate not infinite; NaN where undefined
   * @throws IllegalArgumentException for different lengths, or values that are not as said
   */
  public static PairedSample of(double[] truth, double[] estimate) {
    if (truth.length != estimate.length) {
      throw new IllegalArgumentException(
          "truth and estimate must have equal lengths but have "
              + truth.length
              + " and "
              + estimate.length);
    }
    for (int i = 0; i < truth.length; i++) {
      if (!Double.isFinite(truth[i])) {
        throw new IllegalArgumentException(
            "truth must be finite but element " + i + " is " + truth[i]);
      }
      if (Double.isInfinite(estimate[i])) {
        throw new IllegalArgumentException(
            "an estimate must be finite, or NaN where undefined, but element "
                + i
                + " is "
                + estimate[i]);
      }
    }
    return new PairedSample(truth.clone(), estimate.clone(), order(truth), order(estimate));
  }

  private static int[] order(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> key(values[i])))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Ascending from the best; 0.0 and -0.0 are one value, undefined comes last. */
  private static double key(double value) {
    return Double.isNaN(value) ? Double.POSITIVE_INFINITY : 0.0 - value;
  }

  private static int[] levels(double[] values, int[] order) {
    int[] levels = new int[values.length];
    for (int position = 1; position < order.length; position++) {
      double before = values[order[position - 1]];
      double here = values[order[position]];
      boolean equal = before == here || Double.isNaN(before) && Double.isNaN(here);
      levels[order[position]] = levels[order[position - 1]] + (equal ? 0 : 1);
    }
    return levels;
  }

  /** Number of architectures. */
  public int size() {
    return truth.length;
  }

  /** True value of an architecture. */
  public double truth(int index) {
    return truth[index];
  }

  /** Estimate of an architecture; NaN where undefined. */
  public double estimate(int index) {
    return estimate[index];
  }

  /** Index of the architecture whose true value is in this place, 0 for the best. */
  public int byTruth(int place) {
    return byTruth[place];
  }

  /** Index of the architecture whose estimate is in this place, 0 for the best. */
  public int byEstimate(int place) {
    return byEstimate[place];
  }

  /** Number of estimates that are undefined. */
  public int undefined() {
    return (int) Arrays.stream(estimate).filter(Double::isNaN).count();
  }

  /** Places by true value, 0 for the best, equal values in order of their index. */
  int[] truthPlaces() {
    return inverse(byTruth);
  }

  /** Places by estimate, 0 for the best, equal values in order of their index. */
  int[] estimatePlaces() {
    return inverse(byEstimate);
  }

  private static int[] inverse(int[] order) {
    int[] places = new int[order.length];
    for (int place = 0; place < order.length; place++) {
      places[order[place]] = place;
    }
    return places;
  }

  /** Indices, best estimate first. */
  int[] estimateOrder() {
    return byEstimate;
  }

  int[] truthLevels() {
    return truthLevel;
  }

  int[] estimateLevels() {
    return estimateLevel;
  }

  /** The same architectures with truth and estimate exchanged. */
  PairedSample exchanged() {
    return new PairedSample(estimate, truth, byEstimate, byTruth, estimateLevel, truthLevel);
  }

  /** Best true value first, equal ones by their estimate. */
  int[] byTruthThenEstimate() {
    int levels = byTruth.length == 0 ? 0 : truthLevel[byTruth[byTruth.length - 1]] + 1;
    int[] next = new int[levels + 1];
    for (int level : truthLevel) {
      next[level + 1]++;
    }
    for (int level = 0; level < levels; level++) {
      next[level + 1] += next[level];
    }
    int[] order = new int[byTruth.length];
    for (int index : byEstimate) {
      order[next[truthLevel[index]]++] = index;
    }
    return order;
  }

  /** The architectures with a defined estimate. */
  public PairedSample defined() {
    int[] copies = new int[size()];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = Double.isNaN(estimate[i]) ? 0 : 1;
    }
    return take(copies);
  }

  /**
   * A part or a resample: each architecture so many times, in order of index.
   *
   * @param copies of each, at least 0
   */
  public PairedSample take(int[] copies) {
    int[] first = new int[copies.length + 1];
    for (int i = 0; i < copies.length; i++) {
      first[i + 1] = first[i] + copies[i];
    }
    int taken = first[copies.length];
    double[] truths = new double[taken];
    double[] estimates = new double[taken];
    for (int i = 0; i < copies.length; i++) {
      Arrays.fill(truths, first[i], first[i + 1], truth[i]);
      Arrays.fill(estimates, first[i], first[i + 1], estimate[i]);
    }
    return new PairedSample(truths, estimates, taken(byTruth, first), taken(byEstimate, first));
  }

  private static int[] taken(int[] order, int[] first) {
    int[] result = new int[first[order.length]];
    int at = 0;
    for (int index : order) {
      for (int copy = first[index]; copy < first[index + 1]; copy++) {
        result[at++] = copy;
      }
    }
    return result;
  }
}
