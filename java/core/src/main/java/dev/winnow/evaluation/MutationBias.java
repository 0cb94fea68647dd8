package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
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

  /**
   * Architectures that are equal but for one word.
   *
   * @param words the word of each
   * @param members index of each
   */
  public record Family(List<String> words, List<Integer> members) {}

  /**
   * All families of at least two architectures.
   *
   * @param words of each architecture's notation; only lists of equal length are compared
   */
  public static List<Family> families(List<List<String>> words) {
    List<Family> families = new ArrayList<>();
    int longest = words.stream().mapToInt(List::size).max().orElse(0);
    for (int position = 0; position < longest; position++) {
      Map<List<String>, Family> byRest = new LinkedHashMap<>();
      for (int i = 0; i < words.size(); i++) {
        if (position < words.get(i).size()) {
          List<String> rest = new ArrayList<>(words.get(i));
          rest.set(position, "");
          Family family =
              byRest.computeIfAbsent(
                  rest, key -> new Family(new ArrayList<>(1), new ArrayList<>(1)));
          family.words().add(words.get(i).get(position));
          family.members().add(i);
        }
      }
      byRest.values().stream().filter(f -> f.members().size() > 1).forEach(families::add);
    }
    return families;
  }

  /**
   * All replacements that occur, by name.
   *
   * @param counted which architectures take part
   */
  public static List<MutationBias> of(
      PairedSample sample, List<Family> families, IntPredicate counted) {
    Map<Words, int[]> counts = new TreeMap<>();
    for (Family family : families) {
      count(sample, family, counted, counts);
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

  private record Words(String from, String to) implements Comparable<Words> {
    @Override
    public int compareTo(Words other) {
      return Comparator.comparing(Words::from).thenComparing(Words::to).compare(this, other);
    }
  }

  private static void count(
      PairedSample sample, Family family, IntPredicate counted, Map<Words, int[]> counts) {
    int[] truth = sample.truthLevels();
    int[] estimate = sample.estimateLevels();
    for (int a = 0; a < family.members().size(); a++) {
      int i = family.members().get(a);
      for (int b = 0; counted.test(i) && b < family.members().size(); b++) {
        int j = family.members().get(b);
        Words pair = new Words(family.words().get(a), family.words().get(b));
        if (pair.from().equals(pair.to()) || !counted.test(j)) {
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
