package dev.winnow.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.SharedFolder;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CombinationTest {
  private static final double[] ONE = {10, 20, 30, Double.NaN};
  private static final double[] TWO = {5, 5, -1, 7};

  @Test
  void ranksAndTheirLogarithms() {
    // Ranks 2 3 4 1 and, with a tie, 2.5 2.5 1 4.
    assertArrayEquals(new double[] {4.5, 5.5, 5, 5}, Combination.BORDA.of(List.of(ONE, TWO)));
    double[] expected = {2 * 2.5, 3 * 2.5, 4 * 1, 1 * 4};
    assertArrayEquals(
        Arrays.stream(expected).map(product -> Math.log(product / 16)).toArray(),
        Combination.RANK_LOG.of(List.of(ONE, TWO)),
        1e-15);
  }

  @Test
  void standardUnits() {
    double[] scores = {0, 10};
    double[] others = {3, 1};
    assertArrayEquals(new double[] {0, 0}, Combination.Z_MEAN.of(List.of(scores, others)));
    assertArrayEquals(new double[] {-1, 1}, Combination.Z_MEAN.of(List.of(scores, scores)));
    assertEquals(Double.NaN, Combination.Z_MEAN.of(List.of(ONE, TWO))[3]);
    double[] flat = {1, 1};
    assertEquals(Double.NaN, Combination.Z_MEAN.of(List.of(scores, flat))[0]);
  }

  /** Condorcet's cycle: 0 beats 1, 1 beats 2, 2 beats 0 by two votes of three. */
  @Test
  void aCycleOfVotesIsATie() {
    double[] first = {3, 2, 1, 0};
    double[] second = {1, 3, 2, 0};
    double[] third = {2, 1, 3, 0};
    assertArrayEquals(
        new double[] {1, 1, 1, -3}, Combination.VOTE.of(List.of(first, second, third)));
    // Of two scores: 1 beats 2 in both, everyone beats 3, and the rest is undecided.
    assertArrayEquals(new double[] {1, 2, 0, -3}, Combination.VOTE.of(List.of(first, second)));
  }

  /** SciPy 1.17.1 on the recorded scores: Spearman of Σ log(rank/m), Σ rank, mean z. */
  @ParameterizedTest
  @CsvSource({
    "RANK_LOG, 0.928238648068993",
    "BORDA, 0.9158095333406052",
    "Z_MEAN, 0.830616677894592"
  })
  void jacovAndParametersOnNasBench201(Combination combination, double expected)
      throws IOException {
    List<Measurements> scores =
        ScoresFile.read(
            SharedFolder.require("data/nb201/nb201_zc_suitezero_cifar10.csv.gz"),
            List.of("arch_str"),
            List.of("jacov", "params"),
            UnaryOperator.identity(),
            Map.of());
    Map<String, Double> truth =
        ScoresFile.read(
                SharedFolder.require("data/nb201/nb201_accuracy.csv.gz"),
                List.of("arch_str"),
                List.of("c10_test_200_mean"),
                UnaryOperator.identity(),
                Map.of())
            .get(0)
            .values();
    List<double[]> values =
        scores.stream()
            .map(s -> s.values().values().stream().mapToDouble(v -> v).toArray())
            .toList();
    double[] accuracy = scores.get(0).values().keySet().stream().mapToDouble(truth::get).toArray();
    double[] combined = combination.of(values);
    assertEquals(expected, Correlation.spearman(PairedSample.of(accuracy, combined)), 1e-9);
  }

  /** The truth is what two independent scores say together; a third is a copy of the first. */
  @Test
  void aCopyTellsNothingNew() {
    Philox random = Stream.root(5).generator();
    int size = 20_000;
    double[] high = IntStream.range(0, size).mapToDouble(i -> random.nextInt(4)).toArray();
    double[] low = IntStream.range(0, size).mapToDouble(i -> random.nextInt(2)).toArray();
    double[] copy = Arrays.stream(high).map(v -> -3 * v).toArray();
    double[] truth = IntStream.range(0, size).mapToDouble(i -> 2 * high[i] + low[i]).toArray();
    List<InformationGain.Choice> choices =
        InformationGain.choose(truth, List.of(low, high, copy), 3);
    assertEquals(List.of(1, 0, 2), choices.stream().map(InformationGain.Choice::score).toList());
    // Eight values, four and two: 3, 1 and 0 bits are left, up to sampling.
    assertEquals(3, choices.get(0).before(), 0.01);
    assertEquals(1, choices.get(0).after(), 0.01);
    assertEquals(0, choices.get(1).after(), 1e-9);
    assertEquals(0, choices.get(2).after(), 1e-9);
  }

  @Test
  void countsOutOfRangeAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> InformationGain.choose(TWO, List.of(TWO), 2));
    assertThrows(
        IllegalArgumentException.class, () -> InformationGain.choose(TWO, List.of(TWO), 0));
    assertThrows(IllegalArgumentException.class, () -> Combination.BORDA.of(List.of()));
  }
}
