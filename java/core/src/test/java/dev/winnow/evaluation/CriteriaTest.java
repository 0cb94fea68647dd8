package dev.winnow.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.hipparchus.stat.correlation.KendallsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CriteriaTest {
  /** The 20-point vector of the specification and, below, the numbers given there. */
  private static final double[] TRUTH = {
    91.2, 93.4, 88.0, 90.5, 94.1, 85.3, 92.7, 89.9, 93.4, 87.6,
    70.1, 94.4, 91.9, 86.2, 90.5, 92.2, 60.0, 93.0, 88.8, 84.4
  };

  private static final double[] ESTIMATE = {
    .41, .52, .30, .44, .50, .33, .47, .36, .55, .30, .12, .49, .46, .35, .39, .47, .20, .40, .37,
    .28
  };

  private static final PairedSample SAMPLE = PairedSample.of(TRUTH, ESTIMATE);

  /** Half a unit of the sixth decimal, as the specification rounds. */
  private static final double ROUNDED = 0.5e-6;

  @Test
  void pairsOfTheVector() {
    assertEquals(new KendallTau(190, 169, 17, 2, 2), KendallTau.of(SAMPLE));
  }

  @ParameterizedTest
  @CsvSource({
    "tau-a, 0.800000",
    "tau-b, 0.808511",
    "pearson, 0.837809",
    "spearman, 0.944277",
    "weighted-tau, 0.760442" // scipy.stats.weightedtau 1.17.1
  })
  void correlationsOfTheVector(String name, double expected) {
    Criterion criterion =
        Criterion.global().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    assertEquals(expected, criterion.value().applyAsDouble(SAMPLE), ROUNDED);
    assertEquals(0, criterion.random().applyAsDouble(SAMPLE));
  }

  @ParameterizedTest
  @CsvSource({
    "P@top25%, 0.8",
    "P@bottom25%, 0.6",
    "BR@25%, 0.05",
    "WR@25%, 0.30",
    "KD@top25%, -0.105409",
    "KD@bottom25%, 0.737865",
    "P@top50%, 1",
    "P@bottom50%, 1",
    "BR@50%, 0.05",
    "WR@50%, 0.5",
    "KD@top50%, 0.477273",
    "KD@bottom50%, 0.719147",
    "P@top10%, 0",
    "P@bottom10%, 1",
    "BR@10%, 0.15",
    "WR@10%, 0.20",
    "KD@top10%, NaN",
    "KD@bottom10%, -1"
  })
  void partsOfTheVector(String label, double expected) {
    assertEquals(expected, value(SAMPLE, label), ROUNDED);
  }

  private static double value(PairedSample sample, String label) {
    return criterion(label).value().applyAsDouble(sample);
  }

  private static Criterion criterion(String label) {
    List<Criterion> all = new ArrayList<>();
    for (double share : List.of(0.1, 0.15, 0.25, 0.5, 1.0)) {
      all.addAll(Criterion.at(share, Criterion.Ties.STABLE));
    }
    return all.stream().filter(c -> c.label().equals(label)).findFirst().orElseThrow();
  }

  /** The double nearest to 0.29, times 100, is less than 29. */
  @Test
  void sharesCountAsTheyAreWritten() {
    for (int percent = 1; percent <= 100; percent++) {
      double share = Double.parseDouble("0." + (percent < 10 ? "0" : "") + percent);
      share = percent == 100 ? 1 : share;
      assertEquals(percent, Criterion.count(share, 100));
      assertEquals(percent + "%", Criterion.percent(share));
    }
    assertEquals(15, Criterion.count(0.001, 15_625));
  }

  @Test
  void overestimationOfTheVector() {
    int[] expected = {0, 1, -2, 2, -1, 2, 1, -1, 3, -2, -1, -3, 1, 2, 0, 1, 1, -5, 1, 0};
    assertArrayEquals(expected, RankDifference.of(SAMPLE));
  }

  /** NumPy 2 and SciPy 1.17.1: stable argsort, all C(20, 3) choices for what random gives. */
  @ParameterizedTest
  @CsvSource({
    "nDCG@15%, 0.9849665321430182, 0.8181582760608135",
    "BR@15%, 0.10, 0.2625",
    "WR@15%, 0.20, 0.7875",
    "regret@15%, 0.3, 1.689649122807026",
    "P@top15%, 0.6666666666666666, 0.15"
  })
  void randomRankingOfTheVector(String label, double value, double random) {
    assertEquals(value, value(SAMPLE, label), 1e-12);
    assertEquals(random, criterion(label).random().applyAsDouble(SAMPLE), 1e-12);
  }

  /** Least squares and correlation of NumPy on SciPy's ranks. */
  @Test
  void partialCorrelationOfTheVector() {
    double[] first = IntStream.range(0, 20).mapToDouble(i -> i * 7 % 20).toArray();
    double[] second = IntStream.range(0, 20).mapToDouble(i -> i * 3 % 11).toArray();
    double r = Correlation.partialSpearman(SAMPLE, List.of(first, second));
    assertEquals(0.9435131508619842, r, 1e-12);
    // A variable that says nothing new changes nothing.
    double[] same = Arrays.stream(first).map(v -> 3 * v + 1).toArray();
    assertEquals(r, Correlation.partialSpearman(SAMPLE, List.of(first, second, same)), 1e-12);
  }

  @Test
  void nothingIsLeftOfAnEstimateGivenItself() {
    assertEquals(Double.NaN, Correlation.partialSpearman(SAMPLE, List.of(ESTIMATE)));
  }

  /** Random values on few levels, against the libraries' own ways of counting. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 10, 100, 1000})
  void agreesWithHipparchus(int size) {
    Philox random = Stream.root(size).generator();
    double[] x = doubles(random, size);
    double[] y = doubles(random, size);
    PairedSample sample = PairedSample.of(x, y);
    double tauB = KendallTau.of(sample).tauB();
    double rho = Correlation.spearman(sample);
    if (Double.isNaN(tauB)) {
      assertEquals(Double.NaN, rho);
      return;
    }
    assertEquals(new KendallsCorrelation().correlation(x, y), tauB, 1e-12);
    assertEquals(new SpearmansCorrelation().correlation(x, y), rho, 1e-12);
    assertEquals(slowWeighted(x, y), KendallTau.weighted(sample), 1e-12);
  }

  private static double[] doubles(Philox random, int size) {
    return IntStream.range(0, size).mapToDouble(i -> random.nextInt(1 + size / 2)).toArray();
  }

  /** The definition over all pairs. */
  private static double slowWeighted(double[] x, double[] y) {
    return (slowWeighted(x, y, ranks(x, y)) + slowWeighted(x, y, ranks(y, x))) / 2;
  }

  private static int[] ranks(double[] first, double[] then) {
    int[] ranks = new int[first.length];
    for (int i = 0; i < ranks.length; i++) {
      for (int j = 0; j < ranks.length; j++) {
        boolean better =
            first[j] > first[i]
                || first[j] == first[i] && (then[j] > then[i] || then[j] == then[i] && j < i);
        ranks[i] += better ? 1 : 0;
      }
    }
    return ranks;
  }

  private static double slowWeighted(double[] x, double[] y, int[] ranks) {
    double both = 0;
    double ofX = 0;
    double ofY = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < i; j++) {
        double weight = 1.0 / (ranks[i] + 1) + 1.0 / (ranks[j] + 1);
        double sx = Math.signum(x[i] - x[j]);
        double sy = Math.signum(y[i] - y[j]);
        both += weight * sx * sy;
        ofX += weight * sx * sx;
        ofY += weight * sy * sy;
      }
    }
    return both / Math.sqrt(ofX) / Math.sqrt(ofY);
  }

  /** Law: all orders of equals on both sides, averaged. */
  @Test
  void averageOverOrdersOfEquals() {
    double[] truth = {3, 2, 2, 1};
    double[] estimate = {1, 1, 1, 0};
    // k = 2: the truly best are 0 and one of 1, 2; the estimate takes two of 0, 1, 2.
    // Expected hits: 2/3 for architecture 0, and 1/2 · 2/3 for each of 1 and 2.
    Criterion top = Criterion.at(0.5, Criterion.Ties.AVERAGE).get(0);
    assertEquals(
        (2 / 3.0 + 2 * 1 / 3.0) / 2,
        top.value().applyAsDouble(PairedSample.of(truth, estimate)),
        1e-15);
    assertEquals(1, value(PairedSample.of(truth, estimate), "P@top50%")); // stable: 0 and 1 twice
  }

  @Test
  void undefinedEstimatesAreWorstAndTied() {
    double[] truth = {5, 4, 3, 2, 1};
    double[] holes = {1, Double.NaN, 9, Double.NaN, -7};
    double[] filled = {1, -8, 9, -8, -7};
    PairedSample sample = PairedSample.of(truth, holes);
    assertEquals(2, sample.undefined());
    assertEquals(KendallTau.of(PairedSample.of(truth, filled)), KendallTau.of(sample));
    assertEquals(Correlation.pearson(sample.defined()), Correlation.pearson(sample));
    assertEquals(3, sample.defined().size());
  }

  @Test
  void constantSidesHaveNoCorrelation() {
    PairedSample flat = PairedSample.of(new double[] {1, 2, 3}, new double[] {4, 4, 4});
    assertEquals(0, KendallTau.of(flat).tauA());
    for (String name : List.of("tau-b", "spearman", "pearson", "weighted-tau")) {
      Criterion criterion =
          Criterion.global().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
      assertEquals(Double.NaN, criterion.value().applyAsDouble(flat), name);
    }
  }

  @Test
  void zerosOfBothSignsAreOneValue() {
    PairedSample sample = PairedSample.of(new double[] {3, 2, 1}, new double[] {-0.0, 0.0, -0.0});
    assertEquals(3, KendallTau.of(sample).estimateTies());
    assertEquals(0, sample.byEstimate(0));
  }

  @Test
  void infiniteValuesAreRefused() {
    double[] one = {1};
    double[] infinite = {Double.NEGATIVE_INFINITY};
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> PairedSample.of(one, infinite))
            .getMessage()
            .contains("element 0 is -Infinity"));
    assertThrows(IllegalArgumentException.class, () -> PairedSample.of(infinite, one));
    assertThrows(IllegalArgumentException.class, () -> PairedSample.of(one, new double[2]));
  }

  /** Sampling theory: the standard deviation of Pearson's r of n normal pairs is (1 − r²)/√n. */
  @Test
  void intervalsHaveTheWidthOfTheory() {
    int size = 2000;
    Philox random = Stream.root(7).generator();
    double[] x = new double[size];
    double[] y = new double[size];
    for (int i = 0; i < size; i++) {
      x[i] = normal(random);
      y[i] = 0.6 * x[i] + 0.8 * normal(random);
    }
    Criterion pearson = Criterion.global().get(4);
    PairedSample sample = PairedSample.of(x, y);
    Interval interval = Interval.bootstrap(sample, List.of(pearson), 1000, 3).get(0);
    double r = Correlation.pearson(sample);
    double width = 2 * 1.96 * (1 - r * r) / Math.sqrt(size);
    assertTrue(interval.low() < r && r < interval.high());
    // A percentile of 1000 draws is uncertain by about 1/√(1000·…) ≈ 5 % of the width.
    assertEquals(width, interval.high() - interval.low(), 0.15 * width);
    assertEquals(interval, Interval.bootstrap(sample, List.of(pearson), 1000, 3).get(0));
  }

  private static double normal(Philox random) {
    double sum = 0;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return sum - 6;
  }
}
