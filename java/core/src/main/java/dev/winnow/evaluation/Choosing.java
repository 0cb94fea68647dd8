package dev.winnow.evaluation;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Scores that were chosen by {@link InformationGain} on one half of the architectures, to be judged
 * on the other half.
 *
 * @param combined rank-log of the chosen ones; those that fall with the truth on the choosing half
 *     are reversed
 * @param choices the steps, by name of the score
 * @param chosenOn number of architectures of the choosing half
 * @param rest the truth of the other half
 */
public record Choosing(
    Combined combined,
    Map<String, InformationGain.Choice> choices,
    int chosenOn,
    Measurements rest) {

  /**
   * Chooses.
   *
   * @param truth of all architectures
   * @param scores to choose among
   * @param lower names of which lower is better
   * @param count how many to choose
   * @param seed which architectures are in which half
   */
  public static Choosing of(
      Measurements truth, List<Measurements> scores, Set<String> lower, int count, long seed) {
    Set<String> common = new LinkedHashSet<>(truth.values().keySet());
    common.removeIf(architecture -> Double.isNaN(truth.values().get(architecture)));
    scores.forEach(score -> common.retainAll(score.values().keySet()));
    Philox coin = Stream.root(seed).of("choosing").generator();
    List<String> half = new ArrayList<>();
    Map<String, Double> rest = new LinkedHashMap<>();
    for (String architecture : common) {
      if (coin.nextInt(2) == 0) {
        half.add(architecture);
      } else {
        rest.put(architecture, truth.values().get(architecture));
      }
    }
    double[] truths = Evaluation.oriented(truth, half, lower);
    List<double[]> values =
        scores.stream().map(score -> Evaluation.oriented(score, half, lower)).toList();
    Map<String, InformationGain.Choice> choices = new LinkedHashMap<>();
    Set<String> reversed = new LinkedHashSet<>();
    for (InformationGain.Choice choice : InformationGain.choose(truths, values, count)) {
      String name = scores.get(choice.score()).name();
      choices.put(name, choice);
      if (Correlation.spearman(PairedSample.of(truths, values.get(choice.score()))) < 0) {
        reversed.add(name);
      }
    }
    return new Choosing(
        new Combined("chosen", Combination.RANK_LOG, List.copyOf(choices.keySet()), reversed),
        choices,
        half.size(),
        new Measurements(truth.name(), truth.protocol(), rest, Map.of()));
  }
}
