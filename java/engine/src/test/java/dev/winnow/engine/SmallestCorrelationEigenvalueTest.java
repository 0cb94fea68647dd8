package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.score.SmallestCorrelationEigenvalue;
import dev.winnow.score.SmallestCorrelationEigenvalue.Channels;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Smallest eigenvalues of channels' correlations, where they are known. */
class SmallestCorrelationEigenvalueTest {
  private static final Stream STREAM = Stream.root(73);
  private static final SmallestCorrelationEigenvalue ALL = of(Channels.ALL);
  private static final SmallestCorrelationEigenvalue EIGHT = of(Channels.EIGHT);
  private static final NetworkOptions SIZE =
      new NetworkOptions(12, 1, 3, true, 10, new Shape(3, 8, 8));

  private static SmallestCorrelationEigenvalue of(Channels channels) {
    return new SmallestCorrelationEigenvalue(channels, 1, Initialization.KAIMING_FAN_IN);
  }

  /**
   * Channels (1, 1, −1, −1) and (1, −1, 1, −1) are not correlated: a and 3a + 4b + 5 are, by 3/5,
   * so that the eigenvalues are 1 ± 3/5. Three channels of two directions depend on one another; a
   * constant one counts 0.
   */
  @Test
  void ofTwoChannelsItIsOneLessTheirCorrelation() {
    assertEquals(0.4, two(3, 4, ALL), 1e-14);
    assertEquals(0.4, two(-3, 4, ALL), 1e-14); // −3/5 has the same eigenvalues
    assertEquals(1, two(0, 4, ALL), 1e-14);
    assertEquals(0, two(0, 0, ALL));
    assertEquals(0.4, two(3, 4, EIGHT), 1e-14); // of two channels it takes both
  }

  /** A layer puts out a and u a + v b + 5. */
  private static double two(double u, double v, SmallestCorrelationEigenvalue score) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 2, 2));
    Operation mix =
        new Operation.Convolution(2, Pair.of(1), Pair.of(1), Pair.of(0), Pair.of(1), 1, true);
    NetworkGraph graph = builder.build(builder.add("mix", mix, NetworkGraph.ALWAYS, 0));
    Parameters weights =
        new Parameters.Given(
            Map.of(
                "mix.weight", new Tensor(new int[] {2, 2, 1, 1}, new double[] {1, 0, u, v}),
                "mix.bias", new Tensor(new int[] {2}, new double[] {0, 5})));
    float[] values = {1, 1, -1, -1, 1, -1, 1, -1};
    Job job = new Job(Row.NONE, weights, new Images(values, 1, 2, 2, 2)).noisy(STREAM);
    return value(graph, job, score);
  }

  private static double value(NetworkGraph graph, Job job, SmallestCorrelationEigenvalue score) {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(job.images().samples()))) {
      return score.compute(plan, job).value().orElseThrow();
    }
  }

  /**
   * Nine channels, each 1 on one of sixteen pixels: correlations −1/15, so that of k of them the
   * eigenvalues are 1 + 1/15 and 1 − (k − 1)/15.
   */
  @Test
  void eightOfNineChannelsCountNineEighths() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(9, 4, 4));
    NetworkGraph graph =
        builder.build(builder.add("relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, 0));
    float[] values = new float[9 * 16];
    for (int c = 0; c < 9; c++) {
      values[c * 16 + c] = 1;
    }
    Job job =
        new Job(Row.NONE, new Parameters.Given(Map.of()), new Images(values, 1, 9, 4, 4))
            .noisy(STREAM);
    assertEquals(7 / 15.0, value(graph, job, ALL), 1e-12);
    assertEquals(9 / 8.0 * 8 / 15.0, value(graph, job, EIGHT), 1e-12);
  }

  /** One pass for both has the bits of either, on any number of threads. */
  @Test
  void mergedIsSeparate() {
    NasBench201 space = new NasBench201();
    List<List<Score>> first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = NativeEngine.open("cpu", threads);
          Plan plan = engine.plan(space.network(space.example(), SIZE), PlanOptions.batch(1))) {
        List<Job> jobs = List.of(job(1), job(2));
        List<List<Score>> merged = new ArrayList<>();
        Passes.computeAll(
            plan, jobs, List.of(ALL, EIGHT), (j, all) -> merged.add(all), Monitor.NONE);
        for (int j = 0; j < jobs.size(); j++) {
          assertEquals(
              List.of(ALL.compute(plan, jobs.get(j)), EIGHT.compute(plan, jobs.get(j))),
              merged.get(j));
        }
        first = first == null ? merged : first;
        assertEquals(first, merged, threads + " threads");
      }
    }
  }

  private static Job job(int samples) {
    return new Job(
            Row.NONE,
            Networks.kaiming(STREAM),
            Networks.images(STREAM.of("images"), samples, 3, 8, 8))
        .noisy(STREAM.of("noise"));
  }

  @Test
  void disconnectedCellsHaveNoneAndSkipsDo() {
    assertEquals(
        "no path leads from the image to the logits",
        ((Score.Undefined) score("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", ALL)).reason());
    String skips =
        "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|";
    score(skips, ALL).value().orElseThrow();
    score(skips, EIGHT).value().orElseThrow();
  }

  private static Score score(String cell, SmallestCorrelationEigenvalue score) {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(new NasBench201().network(cell, SIZE), PlanOptions.batch(1))) {
      return score.compute(plan, job(1));
    }
  }

  @Test
  void networksWithoutLayersAndJobsWithoutStreamsAreRefused() {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(Networks.linear(6, 3), PlanOptions.batch(1));
        Plan cell =
            engine.plan(
                new NasBench201().network(new NasBench201().example(), SIZE),
                PlanOptions.batch(1))) {
      Job silent = new Job(Row.NONE, Networks.kaiming(STREAM), job(1).images());
      assertEquals(
          "meco_opt draws channels: a job needs a stream, but one has none",
          assertThrows(IllegalArgumentException.class, () -> EIGHT.compute(cell, silent))
              .getMessage());
      ALL.compute(cell, silent).value().orElseThrow();
      Job numbers =
          new Job(Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM, 1, 6, 1, 1));
      assertEquals(
          "meco needs a network with a convolution, norm, ReLU or pool, but this one has none",
          assertThrows(IllegalArgumentException.class, () -> ALL.compute(plan, numbers))
              .getMessage());
    }
  }
}
