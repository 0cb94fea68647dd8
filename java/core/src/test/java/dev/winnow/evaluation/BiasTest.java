package dev.winnow.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BiasTest {
  /** Truth is the number itself; the estimate puts the large half on top of the small half. */
  @Test
  void complexityGroupsOfAnEstimateThatPrefersLargeOnes() {
    double[] truth = IntStream.range(0, 10).mapToDouble(i -> 9 - i).toArray();
    double[] size = IntStream.range(0, 10).mapToDouble(i -> i).toArray();
    ComplexityBias bias = ComplexityBias.of(PairedSample.of(truth, size), "size", size);
    assertEquals(5, bias.groups().size());
    // Architecture i has true place i and estimated place 9 − i: RD = 2i − 9; groups of two.
    for (int g = 0; g < 5; g++) {
      ComplexityBias.Group group = bias.groups().get(g);
      assertEquals(2, group.count());
      assertEquals(2 * (2 * g + 0.5) - 9, group.rankDifference(), 1e-12);
      assertEquals(group.rankDifference() / 10, group.relative(), 1e-12);
      assertEquals(-1, group.tau());
    }
    assertEquals(8, bias.groups().get(4).least());
  }

  @Test
  void fewerArchitecturesThanGroups() {
    double[] three = {1, 2, 3};
    ComplexityBias bias = ComplexityBias.of(PairedSample.of(three, three), "size", three);
    assertEquals(3, bias.groups().stream().mapToInt(ComplexityBias.Group::count).sum());
  }

  /** Two edges with a and b: truth says b is better on the first edge and worse on the second. */
  @Test
  void mutationsCountEveryPairInBothDirections() {
    List<List<String>> words =
        List.of(List.of("a", "a"), List.of("a", "b"), List.of("b", "a"), List.of("b", "b"));
    double[] truth = {1, 0, 3, 2};
    double[] estimate = {0, 1, 2, 2}; // b is better, but equal once
    PairedSample sample = PairedSample.of(truth, estimate);
    assertEquals(
        List.of(new MutationBias("a", "b", 4, 0.5, 0.75), new MutationBias("b", "a", 4, 0.5, 0.0)),
        MutationBias.of(sample, MutationBias.families(words), i -> true));
    assertEquals(
        List.of(new MutationBias("a", "b", 1, 1, 1), new MutationBias("b", "a", 1, 0, 0)),
        MutationBias.of(sample, MutationBias.families(words), i -> i % 2 == 0));
  }

  @Test
  void equalFunctionsThatAnEstimateTellsApart() {
    double[] truth = {4, 4, 1, 1};
    double[] estimate = {4, 1, 3, 2};
    IsomorphismBias bias =
        IsomorphismBias.of(PairedSample.of(truth, estimate), List.of("x", "x", "y", "y"));
    assertEquals(2, bias.groups());
    assertEquals(2, bias.shared());
    assertEquals(2, bias.largest());
    assertEquals(0, bias.truthWithin());
    // Estimated places 0, 3 | 1, 2: within 2·(1.5² + 0.5²) of total 5.
    assertEquals(1.0, bias.estimateWithin(), 1e-12);
    assertEquals(2.5, bias.means().estimate(0));
    assertEquals(1, bias.means().truth(1));
  }

  /**
   * Equal functions have equal estimates, and so have others; their order in the file is no rank.
   */
  @Test
  void equalEstimatesOfEqualFunctionsAreNotToldApart() {
    double[] truth = {6, 5, 4, 3, 2, 1};
    List<String> forms = List.of("x", "y", "z", "x", "y", "z");
    double[] estimate = {1, 1, 0, 1, 1, 0};
    IsomorphismBias bias = IsomorphismBias.of(PairedSample.of(truth, estimate), forms);
    assertEquals(0, bias.estimateWithin());
    // Places 0, 3 | 1, 4 | 2, 5: within 6 · 1.5² of total 17.5.
    assertEquals(13.5 / 17.5, bias.truthWithin(), 1e-12);
    IsomorphismBias flat = IsomorphismBias.of(PairedSample.of(truth, new double[6]), forms);
    assertEquals(Double.NaN, flat.estimateWithin());
  }

  /** Value = architecture + offset of the repeat: all variance is named and none is noise. */
  @Test
  void anOffsetOfARepeatMovesNoRank() {
    double[] truth = IntStream.range(0, 50).mapToDouble(i -> i).toArray();
    double[] shifted = Arrays.stream(truth).map(v -> v + 7).toArray();
    Stability stability = Stability.of(truth, List.of(truth, shifted));
    assertEquals(1, stability.mean());
    assertEquals(0, stability.deviation());
    assertEquals(1, stability.leastAgreement());
    // n = 50 values with variance (50² − 1)/12, repeats 3.5 from their mean.
    double architectures = (50 * 50 - 1) / 12.0;
    assertEquals(architectures / (architectures + 3.5 * 3.5), stability.ofArchitectures(), 1e-12);
    assertEquals(0, stability.ofNoise(), 1e-12);
  }

  /** Independent noise of the same variance as the signal: half of the variance is noise. */
  @Test
  void noiseIsAShareOfTheVariance() {
    Philox random = Stream.root(1).generator();
    int size = 4000;
    double[] truth = IntStream.range(0, size).mapToDouble(i -> random.nextDouble()).toArray();
    List<double[]> estimates = new ArrayList<>();
    for (int r = 0; r < 8; r++) {
      estimates.add(Arrays.stream(truth).map(v -> v + random.nextDouble()).toArray());
    }
    Stability stability = Stability.of(truth, estimates);
    // Sums of squares: noise has (R − 1)/R of its variance left in the rest; 3 % by sampling.
    assertEquals(0.5 * 7 / 8, stability.ofNoise(), 0.03);
    assertTrue(stability.agreement() > 0.4 && stability.agreement() < 0.6); // ρ = ½ for uniforms
  }

  @Test
  void theMatrixIsSymmetricAndKnowsUndefinedValues() {
    double[] one = {1, 2, 3, 4};
    double[] two = {Double.NaN, 1, 2, 3};
    double[] flat = {1, 1, 1, 1};
    CrossMatrix matrix = CrossMatrix.of(List.of("one", "two", "flat"), List.of(one, two, flat));
    assertEquals(1, matrix.tau()[0][1]);
    assertEquals(matrix.tau()[0][1], matrix.tau()[1][0]);
    assertEquals(Double.NaN, matrix.tau()[2][0]);
    assertEquals(1, matrix.tau()[1][1]);
  }

  private static Measurements measured(
      String name, Map<String, String> protocol, double... values) {
    Map<String, Double> map = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      map.put("a" + i, values[i]);
    }
    return new Measurements(name, protocol, map, Map.of());
  }

  private static Evaluation.Question question(boolean drop, String... lower) {
    return new Evaluation.Question(
        new Assessment.Options(List.of(0.5), Criterion.Ties.STABLE, 0, 0),
        List.of(),
        Set.of(lower),
        drop,
        List::of,
        Optional.<Function<String, String>>empty());
  }

  @Test
  void scoresOfSeveralProtocolsAreKeptApart() {
    Measurements first = measured("ntk", Map.of("seed", "0", "data", "x"), 1, 2, 3);
    Measurements second = measured("ntk", Map.of("seed", "1", "data", "x"), 1, 3, 2);
    Map<String, List<String>> repeated = new LinkedHashMap<>();
    List<Measurements> named = Evaluation.distinguished(List.of(first, second), repeated);
    assertEquals(
        List.of("ntk [seed=0]", "ntk [seed=1]"), named.stream().map(Measurements::name).toList());
    Evaluation evaluation =
        Evaluation.of(
            measured("accuracy", Map.of(), 9, 8, 7),
            named,
            repeated,
            List.of(),
            question(false, "ntk [seed=0]", "ntk [seed=1]"));
    assertEquals(0.75, evaluation.stability().get("ntk").mean()); // ρ = 1 and ½
    IllegalArgumentException twice =
        assertThrows(
            IllegalArgumentException.class,
            () -> Evaluation.distinguished(List.of(first, first), new LinkedHashMap<>()));
    assertTrue(twice.getMessage().contains("twice with the same protocol"), twice::getMessage);
  }

  @Test
  void undefinedScoresAreWorstOrLeftOut() {
    Measurements truth = measured("accuracy", Map.of(), 4, 3, 2, 1);
    List<Measurements> score = List.of(measured("s", Map.of(), 4, 3, 2, Double.NaN));
    Evaluation worst = Evaluation.of(truth, score, Map.of(), List.of(), question(false));
    Evaluation dropped = Evaluation.of(truth, score, Map.of(), List.of(), question(true));
    assertEquals(4, worst.architectures().size());
    assertEquals(1, worst.estimates().get(0).assessment().sample().undefined());
    assertEquals(3, dropped.architectures().size());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Evaluation.of(
                new Measurements("other", Map.of(), Map.of("b", 1.0), Map.of()),
                score,
                Map.of(),
                List.of(),
                question(false)));
  }
}
