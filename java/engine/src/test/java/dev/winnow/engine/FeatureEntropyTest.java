package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.FeatureEntropy;
import dev.winnow.score.FeatureEntropy.Kind;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;

/** Entropies of features, on the native core. */
class FeatureEntropyTest {
  private static final Stream STREAM = Stream.root(41);
  private static final FeatureEntropy SUM = of(Kind.EXPRESSIVITY);
  private static final FeatureEntropy LEAST = of(Kind.PROGRESSIVITY);
  private static final NetworkOptions SIZE =
      new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));

  private static FeatureEntropy of(Kind kind) {
    return new FeatureEntropy(kind, 4, Initialization.KAIMING_FAN_IN);
  }

  /**
   * Two channels of variances 1 and 1, not correlated, then made 1 and 4: ln 2, and −.2 ln .2 − .8
   * ln .8. The mean, 7, takes no part.
   */
  @Test
  void variancesOneAndFour() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 1, 1));
    int same = new Mix(builder).add("same", 0);
    int wide = new Mix(builder).add("wide", same);
    NetworkGraph graph = builder.build(wide);
    Map<String, Tensor> weights =
        Map.of(
            "same.weight", new Tensor(new int[] {2, 2, 1, 1}, new double[] {1, 0, 0, 1}),
            "wide.weight", new Tensor(new int[] {2, 2, 1, 1}, new double[] {0, 1, 2, 0}));
    float[] values = {6, 6, 6, 8, 8, 6, 8, 8};
    Job job = new Job(Row.NONE, new Parameters.Given(weights), new Images(values, 4, 2, 1, 1));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(4))) {
      double even = -Math.log(.5 + 1e-8);
      double uneven = -.2 * Math.log(.2 + 1e-8) - .8 * Math.log(.8 + 1e-8);
      assertEquals(even + uneven, SUM.compute(plan, job).value().orElseThrow(), 1e-14);
      assertEquals(uneven - even, LEAST.compute(plan, job).value().orElseThrow(), 1e-14);
    }
  }

  /** A 1x1 convolution that is a feature. */
  private record Mix(NetworkGraph.Builder builder) {
    int add(String name, int input) {
      Operation convolution =
          new Operation.Convolution(2, Pair.of(1), Pair.of(1), Pair.of(0), Pair.of(1), 1, false);
      return builder.feature(builder.add(name, convolution, NetworkGraph.ALWAYS, input));
    }
  }

  /**
   * Against the singular values of the centred values themselves: those of the network that ends in
   * each feature, in float64 where the network is in float64.
   */
  @Test
  void agreesWithTheValuesOfEveryFeature() {
    NasBench201 space = new NasBench201();
    NetworkGraph graph =
        space.network(
            "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
            SIZE);
    assertEquals(
        List.of("stem.bn", "cells.0.3", "cells.1", "cells.2.3", "cells.3", "cells.4.3"),
        graph.features().stream().map(n -> graph.nodes().get(n).name()).toList());
    Job job = job(5);
    PlanOptions wide = new PlanOptions(5, PlanOptions.Precision.FLOAT64);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, wide)) {
      double sum = 0;
      double least = Double.POSITIVE_INFINITY;
      double before = Double.NaN;
      for (int feature : graph.features()) {
        double entropy = entropy(engine, graph, feature, job);
        sum += entropy;
        least = Double.isNaN(before) ? least : Math.min(least, entropy - before);
        before = entropy;
      }
      assertEquals(sum, SUM.compute(plan, job).value().orElseThrow(), 1e-9);
      assertEquals(least, LEAST.compute(plan, job).value().orElseThrow(), 1e-9);
    }
  }

  private static double entropy(Engine engine, NetworkGraph graph, int feature, Job job) {
    Shape shape = graph.nodes().get(feature).shape();
    int samples = job.images().samples();
    int pixels = shape.height() * shape.width();
    double[][] logits = new double[samples][];
    try (Plan cut =
        engine.plan(cut(graph, feature), new PlanOptions(samples, PlanOptions.Precision.FLOAT64))) {
      cut.logits(
          List.of(job),
          NormMode.BATCH,
          (j, values) -> System.arraycopy(values, 0, logits, 0, samples),
          Monitor.NONE);
    }
    double[][] rows = new double[samples * pixels][shape.channels()];
    for (int c = 0; c < shape.channels(); c++) {
      double mean = 0;
      for (int r = 0; r < rows.length; r++) {
        rows[r][c] = logits[r / pixels][c * pixels + r % pixels];
        mean += rows[r][c] / rows.length;
      }
      for (double[] row : rows) {
        row[c] -= mean;
      }
    }
    double[] singular =
        new SingularValueDecomposition(new Array2DRowRealMatrix(rows)).getSingularValues();
    double total = 0;
    for (double s : singular) {
      total += s * s;
    }
    double entropy = 0;
    for (double s : singular) {
      entropy -= s * s / total * Math.log(s * s / total + 1e-8);
    }
    return entropy;
  }

  /** The same network up to a node. */
  private static NetworkGraph cut(NetworkGraph graph, int last) {
    NetworkGraph.Builder builder = NetworkGraph.builder(graph.nodes().get(0).shape());
    for (int n = 1; n <= last; n++) {
      Node node = graph.nodes().get(n);
      int[] inputs = node.inputs().stream().mapToInt(Integer::intValue).toArray();
      builder.add(node.name(), node.operation(), node.choice(), inputs);
    }
    return builder.build(last);
  }

  private static Job job(int samples) {
    return new Job(
        Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM.of("images"), samples, 3, 8, 8));
  }

  /**
   * One pass for both has the bits of either; a second batch adds rows with statistics of their
   * own.
   */
  @Test
  void mergedIsSeparate() {
    NasBench201 space = new NasBench201();
    try (Engine engine = NativeEngine.open("cpu", 2);
        Plan plan = engine.plan(space.network(space.example(), SIZE), PlanOptions.batch(4))) {
      List<Job> jobs = List.of(job(4), job(8));
      List<List<Score>> merged = new ArrayList<>();
      Passes.computeAll(plan, jobs, List.of(SUM, LEAST), (j, all) -> merged.add(all), Monitor.NONE);
      for (int j = 0; j < jobs.size(); j++) {
        assertEquals(
            List.of(SUM.compute(plan, jobs.get(j)), LEAST.compute(plan, jobs.get(j))),
            merged.get(j));
        assertTrue(merged.get(j).stream().allMatch(score -> score.value().isPresent()));
      }
    }
  }

  @Test
  void aConstantFeatureHasNone() {
    NasBench201 space = new NasBench201();
    String none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(space.network(none, SIZE), PlanOptions.batch(4))) {
      assertEquals(
          Score.undefined(
              "the feature cells.0.3 is constant or not finite", Double.NEGATIVE_INFINITY),
          SUM.compute(plan, job(4)));
    }
  }

  @Test
  void aNetworkWithoutFeaturesIsRefused() {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(Networks.linear(6, 3), PlanOptions.batch(4))) {
      Job job = new Job(Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM, 4, 6, 1, 1));
      assertEquals(
          "az_progressivity needs a network with at least 2 features (what stem and cells put"
              + " out), but this one names 0",
          assertThrows(IllegalArgumentException.class, () -> LEAST.compute(plan, job))
              .getMessage());
    }
  }
}
