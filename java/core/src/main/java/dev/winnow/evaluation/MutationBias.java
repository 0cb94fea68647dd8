package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Whether an estimate favours an operation: all pairs of architectures that differ in one word of
 * their notation, {@code from} in one and {@code to} in the other.
 *
 * @param from the word that is replaced
 * @param to the word in its place
 * @param pairs of architectures
 * @param truthUp share of them in which the true value increases
 * @param estimateUp share of them in which the estimate increases; more than {@code truthUp} where
 *     {@code to} is over-estimated
 */
public record MutationBias(String from, String to, int pairs, double truthUp, double estimateUp) {

  private record Words(String from, String to) {}

  /**
   * All replacements that occur, by name.
   *
   * @param words of each architecture's notation; only lists of equal length are compared
   * @param counted which architectures take part
   */
  public static List<MutationBias> of(
      PairedSample sample, List<List<String>> words, IntPredicate counted) {
    Map<Words, int[]> counts = new TreeMap<>(Comparator.comparing(Words::toString));
    int longest = words.stream().mapToInt(List::size).max().orElse(0);
    for (int position = 0; position < longest; position++) {
      for (List<Integer> family : families(words, position, counted)) {
        count(sample, words, position, family, counts);
      }
    }
    List<MutationBias> result = new ArrayList<>();
    counts.forEach(
        (pair, count) ->
            result.add(
                new MutationBias(
                    pair.from(),
                    pair.to(),
                    count[0],
                    (double) count[1] / count[0],
                    (double) count[2] / count[0])));
    return result;
  }

  /** Architectures that are equal but for the word in a position. */
  private static Iterable<List<Integer>> families(
      List<List<String>> words, int position, IntPredicate counted) {
    Map<List<String>, List<Integer>> families = new HashMap<>();
    for (int i = 0; i < words.size(); i++) {
      if (position < words.get(i).size() && counted.test(i)) {
        List<String> rest = new ArrayList<>(words.get(i));
        rest.set(position, "");
        families.computeIfAbsent(rest, key -> new ArrayList<>(1)).add(i);
      }
    }
    return families.values();
  }

  private static void count(
      PairedSample sample,
      List<List<String>> words,
      int position,
      List<Integer> family,
      Map<Words, int[]> counts) {
    int[] truth = sample.truthLevels();
    int[] estimate = sample.estimateLevels();
    for (int i : family) {
      for (int j : family) {
        Words pair = new Words(words.get(i).get(position), words.get(j).get(position));
        if (pair.from().equals(pair.to())) {
          continue;
        }
        int[] count = counts.computeIfAbsent(pair, key -> new int[3]);
        count[0]++;
        count[1] += truth[j] < truth[i] ? 1 : 0; // level 0 is the best
        count[2] += estimate[j] < estimate[i] ? 1 : 0;
      }
    }
  }
}
