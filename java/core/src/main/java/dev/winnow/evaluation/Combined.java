package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A score made of others.
 *
 * @param name of it
 * @param combination how
 * @param members names of the others
 * @param reversed those of them that count the other way round
 */
public record Combined(
    String name, Combination combination, List<String> members, Set<String> reversed) {

  /**
   * The combined score of every architecture.
   *
   * @param values of the members and others, by name, oriented so that higher is better
   * @throws IllegalArgumentException for a member that has no values
   */
  double[] of(Map<String, double[]> values) {
    List<double[]> scores = new ArrayList<>();
    for (String member : members) {
      double[] score = values.get(member);
      if (score == null) {
        throw new IllegalArgumentException(
            name + " combines " + member + ", but there are only " + values.keySet());
      }
      scores.add(reversed.contains(member) ? negated(score) : score);
    }
    return combination.of(scores);
  }

  private static double[] negated(double[] values) {
    double[] negated = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      negated[i] = -values[i];
    }
    return negated;
  }

  /** In words, for example {@code rank-log of jacov and params}. */
  public String describe() {
    return combination.label()
        + " of "
        + members.stream()
            .map(member -> reversed.contains(member) ? "reversed " + member : member)
            .collect(Collectors.joining(" and "));
  }
}
