package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Whether an estimate favours small or large architectures: groups of equal counts by a complexity
 * such as the number of parameters, the smallest first.
 *
 * @param complexity its name
 * @param groups the smallest first
 */
public record ComplexityBias(String complexity, List<Group> groups) {
  /** Number of groups. */
  public static final int GROUPS = 5;

  /**
   * Architectures of similar complexity.
   *
   * @param count of them
   * @param least complexity
   * @param most complexity
   * @param tau τ-b within the group; NaN where it has none
   * @param rankDifference mean RD; positive where the group is over-estimated
   * @param relative mean RD divided by the number of all architectures
   */
  public record Group(
      int count, double least, double most, double tau, double rankDifference, double relative) {}

  /**
   * Splits a sample.
   *
   * @param complexity of each architecture; equal ones are split in order of their index
   */
  public static ComplexityBias of(PairedSample sample, String name, double[] complexity) {
    int[] difference = RankDifference.of(sample);
    int size = sample.size();
    List<Integer> order =
        IntStream.range(0, size)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> complexity[i]))
            .toList();
    List<Group> groups = new ArrayList<>();
    for (int g = 0; g < GROUPS; g++) {
      int from = (int) ((long) size * g / GROUPS);
      int to = (int) ((long) size * (g + 1) / GROUPS);
      if (from == to) {
        continue; // fewer architectures than groups
      }
      int[] copies = new int[size];
      double sum = 0;
      for (int place = from; place < to; place++) {
        copies[order.get(place)] = 1;
        sum += difference[order.get(place)];
      }
      double mean = sum / (to - from);
      groups.add(
          new Group(
              to - from,
              complexity[order.get(from)],
              complexity[order.get(to - 1)],
              KendallTau.of(sample.take(copies)).tauB(),
              mean,
              mean / size));
    }
    return new ComplexityBias(name, groups);
  }
}
