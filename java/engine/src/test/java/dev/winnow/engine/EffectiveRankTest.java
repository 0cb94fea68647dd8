package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.EffectiveRank;
import dev.winnow.score.FeatureEntropy;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Effective ranks, where they are known. */
class EffectiveRankTest {
  private static final Stream STREAM = Stream.root(97);
  private static final Initialization INIT = Initialization.KAIMING_FAN_IN;
  private static final EffectiveRank NEAR = new EffectiveRank(4, INIT);
  private static final NetworkOptions SIZE =
      new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));

  /**
   * Channels (3, 0) and (0, 1): singular values 3 and 1, shares ¾ and ¼. Equal ones count 2, one
   * direction 1, zeros 0; what is below zero does not pass the ReLU.
   */
  @Test
  void ranksOfTwoChannels() {
    assertEquals(Math.exp(-.75 * Math.log(.75) - .25 * Math.log(.25)), relu(3, 0, 0, 1), 1e-14);
    assertEquals(2, relu(5, 0, 0, 5), 1e-14);
    assertEquals(1, relu(2, 4, 3, 6), 1e-7);
    assertEquals(1, relu(2, 4, -3, -6), 1e-14);
    assertEquals(0, relu(-2, -4, -3, -6));
  }

  /** Two channels of two pixels in a column. */
  private static double relu(float... values) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 2, 1));
    NetworkGraph graph =
        builder.build(builder.add("relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, 0));
    Job job =
        new Job(Row.NONE, new Parameters.Given(Map.of()), new Images(values, 1, 2, 2, 1))
            .noisy(STREAM);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(1))) {
      return NEAR.compute(plan, job).value().orElseThrow();
    }
  }

  /** Beside a score of other nodes it has the bits that it has alone, on any number of threads. */
  @Test
  void mergedIsSeparate() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SIZE);
    List<PassScore> scores =
        List.of(NEAR, new FeatureEntropy(FeatureEntropy.Kind.EXPRESSIVITY, 4, INIT));
    List<Job> jobs = List.of(job("a"), job("b"));
    List<List<Score>> first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = NativeEngine.open("cpu", threads);
          Plan plan = engine.plan(graph, PlanOptions.batch(4))) {
        List<List<Score>> merged = new ArrayList<>();
        Passes.computeAll(plan, jobs, scores, (j, all) -> merged.add(all), Monitor.NONE);
        for (int j = 0; j < jobs.size(); j++) {
          for (int s = 0; s < scores.size(); s++) {
            assertEquals(scores.get(s).compute(plan, jobs.get(j)), merged.get(j).get(s));
          }
        }
        first = first == null ? merged : first;
        assertEquals(first, merged, threads + " threads");
      }
    }
    assertNotEquals(first.get(0).get(0), first.get(1).get(0)); // other rows
  }

  private static Job job(String rows) {
    return new Job(
            Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM.of("images"), 4, 3, 8, 8))
        .noisy(STREAM.of(rows));
  }

  @Test
  void disconnectedCellsHaveNoneAndSkipsDo() {
    assertEquals(
        "no path leads from the image to the logits",
        ((Score.Undefined) score("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")).reason());
    score(
            "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|")
        .value()
        .orElseThrow();
  }

  private static Score score(String cell) {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(new NasBench201().network(cell, SIZE), PlanOptions.batch(4))) {
      return NEAR.compute(plan, job("a"));
    }
  }

  @Test
  void jobsThatItIsNotDefinedForAreRefused() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SIZE);
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(3, 8, 8));
    NetworkGraph pool =
        builder.build(
            builder.add("gap", new Operation.GlobalAveragePool(), NetworkGraph.ALWAYS, 0));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(4));
        Plan half = engine.plan(graph, PlanOptions.batch(2));
        Plan none = engine.plan(pool, PlanOptions.batch(4))) {
      Job silent = new Job(Row.NONE, job("a").parameters(), job("a").images());
      mistake("near draws rows: a job needs a stream, but one has none", plan, silent);
      mistake(
          "what reads rows of activations needs one batch of 2 images but got 4", half, job("a"));
      mistake(
          "near needs a network with a weight or a ReLU, but this one has none", none, job("a"));
    }
  }

  private static void mistake(String expected, Plan plan, Job job) {
    assertEquals(
        expected,
        assertThrows(IllegalArgumentException.class, () -> NEAR.compute(plan, job)).getMessage());
  }
}
