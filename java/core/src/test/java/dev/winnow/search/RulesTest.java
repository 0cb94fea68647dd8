package dev.winnow.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Stream;
import dev.winnow.score.Score;
import dev.winnow.search.PruningRule.Decision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RulesTest {

  /** Two edges, three operations each: keys (0, e, o) of the specification's worked example. */
  private static List<Candidate> sixCandidates() {
    List<Candidate> candidates = new ArrayList<>();
    for (int e = 0; e < 2; e++) {
      for (int o = 1; o <= 3; o++) {
        candidates.add(new Candidate(e + "." + o, e, o));
      }
    }
    return candidates;
  }

  /** Each edge a part of its own. */
  private static Pruning.Limits limits(int... most) {
    return new Pruning.Limits(IntStream.range(0, most.length).toArray(), most);
  }

  /** The specification's worked example of ties (computed by the released program's function). */
  @Test
  void releasedRuleReproducesTheWorkedTieExample() {
    List<double[]> ntk =
        List.of(
            new double[] {.121, .130, .119},
            new double[] {.1, .2, .07},
            new double[] {-.5, .1, .4},
            new double[] {.123, .123, .124},
            new double[] {.123, .124, .123},
            new double[] {.05, .05, .05});
    List<double[]> regions =
        DoubleStream.of(0.004, 0, -0.02, 0, 0.15, 0).mapToObj(v -> new double[] {v}).toList();
    Decision decision = new ReleasedRule(3).decide(sixCandidates(), ntk, regions, limits(1, 1));
    assertEquals(0.12333333333333334, decision.ntkChanges().get(0).mean());
    assertEquals(0.12333333333333335, decision.ntkChanges().get(1).mean());
    assertArrayEquals(new double[] {0, 1, 4, 2, 2, 3}, decision.ntkRanks());
    assertArrayEquals(new double[] {2, 1, 0, 1, 3, 1}, decision.regionRanks());
    assertArrayEquals(new int[] {0, 1, 3, 5, 2, 4}, decision.order());
    assertArrayEquals(new boolean[] {true, false, false, true, false, false}, decision.pruned());
  }

  /** Expected: Python 3.11, {@code round(v, 3)}. */
  @Test
  void roundsAsPython() {
    double[] values = {0.0005, 0.0015, 0.0025, 2.6755, -0.1235, 1.0005, 0.125};
    double[] expected = {0.001, 0.002, 0.003, 2.675, -0.123, 1.0, 0.125};
    for (int i = 0; i < values.length; i++) {
      assertEquals(expected[i], ReleasedRule.round(values[i], 3));
    }
    assertEquals(0.12, ReleasedRule.round(0.125, 2)); // a true half goes to even
  }

  /** Expected: Python 3.11, the formula of the specification's section 5.1. */
  @Test
  void sortKeyKeepsAboutThreeSignificantDigits() {
    double[] values = {0.12345, -12.3456, 0.9999, 1.0, 1e-9, -0.02, 0};
    double[] expected = {0.123, -12.3, 1.0, 1.0, 1.1e-8, -0.020000000000000004, 0};
    for (int i = 0; i < values.length; i++) {
      assertEquals(expected[i], ReleasedRule.significant(values[i], 3), 2 * Math.ulp(expected[i]));
    }
  }

  @Property
  void denseRanksAreTheNumberOfDifferentSmallerValues(
      @ForAll @Size(min = 1, max = 30) List<@IntRange(min = -3, max = 3) Integer> drawn) {
    double[] values = drawn.stream().mapToDouble(Integer::doubleValue).toArray();
    double[] ranks = ReleasedRule.denseRanks(PruningRule.ascending(values), values);
    for (int i = 0; i < values.length; i++) {
      double own = values[i];
      assertEquals(Arrays.stream(values).filter(v -> v < own).distinct().count(), (long) ranks[i]);
    }
  }

  @Property
  void averageRanksSumAsPlacesDoAndTiesShare(
      @ForAll @Size(min = 1, max = 30) List<@IntRange(min = -3, max = 3) Integer> drawn) {
    double[] values = drawn.stream().mapToDouble(Integer::doubleValue).toArray();
    double[] ranks = WinnowRule.averageRanks(values);
    int n = values.length;
    assertEquals(n * (n - 1) / 2.0, Arrays.stream(ranks).sum());
    for (int i = 0; i < n; i++) {
      double own = values[i];
      double smaller = Arrays.stream(values).filter(v -> v < own).count();
      double equal = Arrays.stream(values).filter(v -> v == own).count();
      assertEquals(smaller + (equal - 1) / 2, ranks[i]);
    }
  }

  private static Score score(double value) {
    return Double.isNaN(value) ? Score.undefined("singular", 100_000) : Score.of(value);
  }

  private static List<Score> scores(double... values) {
    return Arrays.stream(values).mapToObj(RulesTest::score).toList();
  }

  private static Removal removal(
      int operation, double[] ntkOrigin, double[] ntk, double[] regionOrigin, double[] regions) {
    return new Removal(
        new Candidate("0." + operation, 0, operation),
        new Removal.Pairs(scores(ntkOrigin), scores(ntk)),
        new Removal.Pairs(scores(regionOrigin), scores(regions)));
  }

  @Test
  void releasedChangesAreRelativeRoundedAndUsePublishedStandIns() {
    Removal removal =
        removal(
            1,
            new double[] {80, 100},
            new double[] {60, Double.NaN},
            new double[] {3000, 3000},
            new double[] {2000, 3000});
    Decision decision = new ReleasedRule(3).decide(List.of(removal), limits(1));
    // (80 − 60) / 80 = 0.25 and (100 − 100000) / 100 = −999
    assertEquals((0.25 - 999) / 2, decision.ntkChanges().get(0).mean());
    assertEquals(0.333 / 2, decision.regionChanges().get(0).mean()); // 1/3 rounded, and 0
  }

  @Test
  void paperChangesAreAbsoluteAndRanksArePlaces() {
    double[] origin = {100, 100};
    double[] regions = {50, 50};
    List<Removal> removals =
        List.of(
            removal(1, origin, new double[] {90, 90}, regions, new double[] {40, 40}),
            removal(2, origin, new double[] {90, 90}, regions, new double[] {40, 40}),
            removal(3, origin, new double[] {70, 80}, regions, new double[] {30, 30}));
    Decision decision = new PaperRule().decide(removals, limits(1));
    assertEquals(10, decision.ntkChanges().get(0).mean());
    assertEquals(25, decision.ntkChanges().get(2).mean());
    assertEquals(20, decision.regionChanges().get(2).mean());
    assertArrayEquals(new double[] {1, 2, 0}, decision.ntkRanks()); // equal values, two places
    assertArrayEquals(new double[] {0, 1, 2}, decision.regionRanks());
    // Sums 1, 3, 2.
    assertArrayEquals(new int[] {0, 2, 1}, decision.order());
  }

  @Test
  void paperRanksACandidateWithoutKappaLast() {
    double[] one = {1};
    List<Removal> removals =
        List.of(
            removal(1, new double[] {10}, new double[] {Double.NaN}, one, one),
            removal(2, new double[] {10}, new double[] {500}, one, one));
    assertArrayEquals(new double[] {1, 0}, new PaperRule().decide(removals, limits(1)).ntkRanks());
  }

  @Test
  void winnowChangesAreLogarithmsWithThePairedError() {
    double e = Math.E;
    Removal removal =
        removal(
            1,
            new double[] {e * e, e * e * e},
            new double[] {e, e},
            new double[] {10, 10},
            new double[] {5, 10});
    Decision decision = new WinnowRule().decide(List.of(removal), limits(1));
    // Changes 1 and 2: mean 1.5, standard error |2 − 1| / 2. Logarithms are good to an ulp or two.
    assertEquals(1.5, decision.ntkChanges().get(0).mean(), 1e-14);
    assertEquals(0.5, decision.ntkChanges().get(0).standardError(), 1e-14);
    assertEquals(0.25, decision.regionChanges().get(0).mean()); // 0.5 and 0
  }

  @Test
  void winnowLeavesOutRepeatsWithoutOriginAndRanksBrokenCandidatesLast() {
    double[] origin = {Double.NaN, 10, 10};
    double[] regions = {4, 4, 4};
    List<Removal> removals =
        List.of(
            removal(1, origin, new double[] {5, 20, 20}, regions, regions),
            removal(2, origin, new double[] {Double.NaN, 10, 10}, regions, regions),
            removal(3, origin, new double[] {1, Double.NaN, 1}, regions, regions));
    Decision decision = new WinnowRule().decide(removals, limits(1));
    assertEquals(2, decision.ntkChanges().get(0).repeats());
    assertArrayEquals(new double[] {1, 0, 2}, decision.ntkRanks());
    assertArrayEquals(new double[] {1, 1, 1}, decision.regionRanks());
  }

  @Test
  void stabilityIsOneWithoutNoiseAndABinomialWithIt() {
    double[] regions = {1, 1};
    double[] origin = {1, 1};
    WinnowRule rule = new WinnowRule();
    Stream stream = Stream.root(1);
    List<Removal> clear =
        List.of(
            removal(1, origin, new double[] {2, 2}, regions, regions),
            removal(2, origin, new double[] {3, 3}, regions, regions));
    assertEquals(1, rule.stability(clear, limits(1), 500, stream));
    // Candidate 1 is better in repeat 0 by ln 4, candidate 2 in repeat 1 by ln 2: the mean prunes
    // 1,
    // as do the resamples (0,0), (0,1), (1,0); (1,1) does not. Share 3/4, s.e. √(3/16/B) ≈ 0.0043.
    List<Removal> noisy =
        List.of(
            removal(1, origin, new double[] {1, 2}, regions, regions),
            removal(2, origin, new double[] {4, 1}, regions, regions));
    assertEquals(0.75, rule.stability(noisy, limits(1), 10_000, stream), 5 * 0.0043);
    assertEquals(
        rule.stability(noisy, limits(1), 100, stream),
        rule.stability(noisy, limits(1), 100, stream));
  }

  @Property
  void noRulePrunesMoreThanTheLimit(
      @ForAll @Size(8) List<@DoubleRange(min = 1, max = 100) Double> kappas,
      @ForAll @IntRange(min = 1, max = 5) int pruneNumber) {
    Pruning pruning = new Pruning(new dev.winnow.space.NasBench201(), pruneNumber);
    double[] regions = {1};
    double[] origin = {50};
    while (!pruning.done()) {
      List<Candidate> candidates = pruning.candidates();
      List<Removal> removals =
          IntStream.range(0, candidates.size())
              .mapToObj(
                  i ->
                      new Removal(
                          candidates.get(i),
                          new Removal.Pairs(scores(origin), scores(kappas.get(i % 8))),
                          new Removal.Pairs(scores(regions), scores(regions))))
              .toList();
      for (PruningRule rule : List.of(new ReleasedRule(3), new PaperRule(), new WinnowRule())) {
        boolean[] pruned = rule.decide(removals, pruning.limits()).pruned();
        for (int e = 0; e < 6; e++) {
          int edge = e;
          long lost =
              IntStream.range(0, pruned.length)
                  .filter(i -> pruned[i] && candidates.get(i).edge() == edge)
                  .count();
          assertEquals(pruning.limits().most()[e], lost);
        }
      }
      boolean[] pruned = new ReleasedRule(3).decide(removals, pruning.limits()).pruned();
      IntStream.range(0, pruned.length)
          .filter(i -> pruned[i])
          .forEach(i -> pruning.prune(candidates.get(i)));
      assertTrue(pruning.names().stream().noneMatch(List::isEmpty));
    }
    assertTrue(pruning.names().stream().allMatch(names -> names.size() == 1));
  }
}
