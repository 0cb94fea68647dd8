package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Estimates of the same architectures against one true quantity: criteria, biases, agreement,
 * stability.
 *
 * @param truth name of the true quantity
 * @param architectures that truth, every estimate and every given variable have, in the order of
 *     the first estimate
 * @param estimates one per score
 * @param matrix agreement of truth and all estimates
 * @param stability of scores that were computed several times, by name
 */
public record Evaluation(
    String truth,
    List<String> architectures,
    List<Estimate> estimates,
    CrossMatrix matrix,
    Map<String, Stability> stability) {

  /**
   * One score.
   *
   * @param measurements as read
   * @param assessment criteria
   * @param complexity bias by every given variable
   * @param mutations bias by replaced operation, over all architectures
   * @param mutationsOfLargest the same within the fifth of largest complexity, by the first given
   *     variable
   * @param isomorphism bias by canonical form; empty where forms are unknown
   * @param noise mean squared standard error divided by the variance of the values: the share of
   *     the differences between architectures that another seed would change; NaN where no standard
   *     errors are known
   */
  public record Estimate(
      Measurements measurements,
      Assessment assessment,
      List<ComplexityBias> complexity,
      List<MutationBias> mutations,
      List<MutationBias> mutationsOfLargest,
      Optional<IsomorphismBias> isomorphism,
      double noise) {}

  /**
   * What is asked.
   *
   * @param options of the criteria
   * @param combined scores made of others
   * @param lower names of scores and true quantities of which lower values are better
   * @param dropUndefined whether architectures without a value of some score are left out; else
   *     they are ranked worst by it
   * @param words of an architecture's notation, for mutations
   * @param form canonical form; empty where nobody knows
   */
  public record Question(
      Assessment.Options options,
      List<Combined> combined,
      Set<String> lower,
      boolean dropUndefined,
      Function<String, List<String>> words,
      Optional<Function<String, String>> form) {}

  /**
   * Evaluates.
   *
   * @param scores of different names, at least one; several protocols of one score are told apart
   *     by names
   * @param repeated names of scores that estimate the same, by the name of what they estimate
   * @param given variables such as the number of parameters, for partial correlations and
   *     complexity groups
   * @throws IllegalArgumentException when fewer than two architectures are in all of them
   */
  public static Evaluation of(
      Measurements truth,
      List<Measurements> scores,
      Map<String, List<String>> repeated,
      List<Measurements> given,
      Question question) {
    List<Measurements> all = new ArrayList<>(scores);
    all.addAll(given);
    all.add(truth);
    List<String> architectures = common(truth, all, given, question.dropUndefined());
    double[] truths = oriented(truth, architectures, question.lower());
    Map<String, double[]> variables = new LinkedHashMap<>();
    given.forEach(variable -> variables.put(variable.name(), values(variable, architectures)));
    List<MutationBias.Family> families =
        MutationBias.families(architectures.stream().map(question.words()).toList());
    Optional<List<String>> forms =
        question.form().map(form -> architectures.stream().map(form).toList());
    // Of scores; one may have the truth's name.
    Map<String, double[]> values = new LinkedHashMap<>();
    List<Estimate> estimates = new ArrayList<>();
    for (Measurements score : scores) {
      double[] own = oriented(score, architectures, question.lower());
      values.put(score.name(), own);
      estimates.add(
          estimate(
              score,
              PairedSample.of(truths, own),
              architectures,
              variables,
              families,
              forms,
              question));
    }
    Map<String, double[]> own = new LinkedHashMap<>(values);
    for (Combined combined : question.combined()) {
      double[] joint = combined.of(own);
      values.put(combined.name(), joint);
      estimates.add(
          estimate(
              made(combined, joint, architectures),
              PairedSample.of(truths, joint),
              architectures,
              variables,
              families,
              forms,
              question));
    }
    variables.forEach(values::putIfAbsent);
    List<String> names = new ArrayList<>(values.keySet());
    names.add(0, truth.name());
    List<double[]> compared = new ArrayList<>(values.values());
    compared.add(0, truths);
    CrossMatrix matrix = CrossMatrix.of(names, compared);
    Map<String, Stability> stability = new LinkedHashMap<>();
    repeated.forEach(
        (name, members) ->
            stability.put(name, Stability.of(truths, members.stream().map(values::get).toList())));
    return new Evaluation(truth.name(), architectures, estimates, matrix, stability);
  }

  private static List<String> common(
      Measurements truth, List<Measurements> all, List<Measurements> given, boolean dropUndefined) {
    Set<String> common = new LinkedHashSet<>(all.get(0).values().keySet());
    all.forEach(measurements -> common.retainAll(measurements.values().keySet()));
    Collection<Measurements> needed = new ArrayList<>(dropUndefined ? all : given);
    needed.add(truth);
    common.removeIf(
        architecture -> needed.stream().anyMatch(m -> Double.isNaN(m.values().get(architecture))));
    if (common.size() < 2) {
      throw new IllegalArgumentException(
          "scores, table and given variables must have at least 2 architectures in common but have "
              + common.size()
              + "; the first of the scores is '"
              + first(all.get(0))
              + "', of the table '"
              + first(truth)
              + "'");
    }
    return List.copyOf(common);
  }

  private static String first(Measurements measurements) {
    return measurements.values().keySet().iterator().next();
  }

  private static double[] values(Measurements measurements, List<String> architectures) {
    return architectures.stream().mapToDouble(measurements.values()::get).toArray();
  }

  /** Values with higher = better. */
  static double[] oriented(
      Measurements measurements, List<String> architectures, Set<String> lower) {
    double sign = lower.contains(measurements.name()) ? -1 : 1;
    return Arrays.stream(values(measurements, architectures)).map(value -> sign * value).toArray();
  }

  private static Measurements made(Combined combined, double[] values, List<String> architectures) {
    Map<String, Double> byArchitecture = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      byArchitecture.put(architectures.get(i), values[i]);
    }
    Map<String, String> protocol = Map.of("combination", combined.describe());
    return new Measurements(combined.name(), protocol, byArchitecture, Map.of());
  }

  private static Estimate estimate(
      Measurements score,
      PairedSample sample,
      List<String> architectures,
      Map<String, double[]> variables,
      List<MutationBias.Family> families,
      Optional<List<String>> forms,
      Question question) {
    Map<String, List<double[]>> given = new LinkedHashMap<>();
    variables.forEach((name, values) -> given.put(name, List.of(values)));
    if (variables.size() > 1) {
      given.put(String.join(" and ", variables.keySet()), List.copyOf(variables.values()));
    }
    List<ComplexityBias> complexity = new ArrayList<>();
    variables.forEach((name, values) -> complexity.add(ComplexityBias.of(sample, name, values)));
    List<MutationBias> largest = List.of();
    if (!variables.isEmpty()) {
      double[] size = variables.values().iterator().next();
      double least = complexity.get(0).groups().get(complexity.get(0).groups().size() - 1).least();
      largest = MutationBias.of(sample, families, i -> size[i] >= least);
    }
    return new Estimate(
        score,
        Assessment.of(score.name(), sample, given, question.options()),
        complexity,
        MutationBias.of(sample, families, i -> true),
        largest,
        forms.map(all -> IsomorphismBias.of(sample, all)),
        noise(score, architectures));
  }

  private static double noise(Measurements score, List<String> architectures) {
    double[] known =
        architectures.stream()
            .filter(score.standardErrors()::containsKey)
            .mapToDouble(score.values()::get)
            .toArray();
    double mean = Arrays.stream(known).average().orElse(Double.NaN);
    double variance =
        Arrays.stream(known).map(v -> (v - mean) * (v - mean)).average().orElse(Double.NaN);
    double squares =
        architectures.stream()
            .filter(score.standardErrors()::containsKey)
            .mapToDouble(score.standardErrors()::get)
            .map(error -> error * error)
            .average()
            .orElse(Double.NaN);
    return squares / variance;
  }

  /**
   * Names scores so that each name is there once: scores of several protocols get the protocol's
   * differences added, as in {@code ntk [seed=1]}.
   *
   * @param scores of any names
   * @param repeated receives the new names of every score of several protocols, by its own name
   * @throws IllegalArgumentException when a score is there twice with the same protocol
   */
  public static List<Measurements> distinguished(
      List<Measurements> scores, Map<String, List<String>> repeated) {
    Map<String, List<Measurements>> byName = new TreeMap<>();
    scores.forEach(s -> byName.computeIfAbsent(s.name(), n -> new ArrayList<>()).add(s));
    List<Measurements> named = new ArrayList<>();
    for (Measurements score : scores) {
      List<Measurements> same = byName.get(score.name());
      if (same.size() == 1) {
        named.add(score);
        continue;
      }
      List<String> differences = new ArrayList<>();
      score
          .protocol()
          .forEach(
              (key, value) -> {
                if (same.stream().anyMatch(s -> !value.equals(s.protocol().get(key)))) {
                  differences.add(key + "=" + value);
                }
              });
      String name = score.name() + " [" + String.join(", ", differences) + "]";
      List<String> others = repeated.computeIfAbsent(score.name(), n -> new ArrayList<>());
      if (others.contains(name)) {
        throw new IllegalArgumentException(
            "score "
                + score.name()
                + " is there twice with the same protocol "
                + score.protocol()
                + "; shards of a population are joined by 'winnow collect'");
      }
      others.add(name);
      named.add(score.named(name));
    }
    return named;
  }
}
