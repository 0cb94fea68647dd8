package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.random.Stream;
import dev.winnow.score.PatternWeightedVariance;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.nasbench101.NasBench101;
import dev.winnow.tensor.Tensor;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code lswag} from libtorch's gradients and activations, in double. */
class WeightedVarianceTest {
  private static final Stream STREAM = Stream.root(83);
  private static final int BATCH = 5;
  private static final Shape INPUT = new Shape(3, 8, 8);

  @BeforeAll
  static void oneThread() {
    LibTorch.threads(1);
  }

  @Test
  void cellsOfThreeSpaces() {
    NetworkOptions size = new NetworkOptions(4, 1, 3, true, 10, INPUT);
    compare(
        new NasBench201()
            .network(
                "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
                size));
    compare(new Darts().network(new Darts().example(), size));
    NasBench101 cells = new NasBench101();
    compare(cells.network(cells.example(), new NetworkOptions(8, 1, 3, true, 10, INPUT)));
  }

  private static void compare(NetworkGraph graph) {
    Job drawn = FeatureMaps.job(STREAM, 2 * BATCH, INPUT);
    Images images =
        drawn.images().labelled(IntStream.range(0, 2 * BATCH).map(i -> i % 7).boxed().toList());
    Job job = drawn.on(drawn.parameters(), images);
    PatternWeightedVariance score =
        new PatternWeightedVariance(0, 1, BATCH, Initialization.KAIMING_FAN_IN);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, new PlanOptions(BATCH, Precision.FLOAT64));
        TorchPass one = pass(graph, plan, job, 0);
        TorchPass two = pass(graph, plan, job, BATCH)) {
      Map<String, Tensor> first = gradients(one, images.labels().subList(0, BATCH));
      Map<String, Tensor> second = gradients(two, images.labels().subList(BATCH, 2 * BATCH));
      double sum = 0;
      int terms = 0;
      for (TensorSpec tensor : graph.tensors()) {
        Set<Integer> relus = reached(graph, tensor.node());
        if (relus.isEmpty()
            || tensor.role() != Role.CONVOLUTION_WEIGHT && tensor.role() != Role.LINEAR_WEIGHT) {
          continue;
        }
        double inner = 0;
        double[] a = first.get(tensor.name()).values();
        double[] b = second.get(tensor.name()).values();
        for (int w = 0; w < a.length; w++) {
          double deviation = Math.abs(Math.abs(a[w]) - Math.abs(b[w])) / 2;
          inner += deviation == 0 ? 0 : 1 / deviation;
        }
        int relu = relus.iterator().next();
        sum += (distinct(one, relu) + distinct(two, relu)) / 2.0 * Math.log(inner);
        terms++;
      }
      assertTrue(terms > 10, "terms " + terms);
      assertEquals(sum, score.compute(plan, job).value().orElseThrow(), 1e-6 * Math.abs(sum));
    }
  }

  private static TorchPass pass(NetworkGraph graph, Plan plan, Job job, int from) {
    Images part = job.images().part(from, BATCH);
    double[] pixels = new double[part.values().length];
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = part.values()[k];
    }
    int[] shape = {BATCH, INPUT.channels(), INPUT.height(), INPUT.width()};
    return new TorchNetwork(graph, Precision.FLOAT64)
        .forward(
            Row.NONE,
            plan.values(job.parameters()),
            new Tensor(shape, pixels),
            NormMode.BATCH,
            Noise.NONE);
  }

  private static Map<String, Tensor> gradients(TorchPass pass, List<Integer> labels) {
    return pass.gradients(new Cotangent.CrossEntropy(labels)).parameters();
  }

  /** ReLUs that a node's value comes to without another between, ascending. */
  private static Set<Integer> reached(NetworkGraph graph, int node) {
    Set<Integer> found = new TreeSet<>();
    for (int n = node + 1; n < graph.nodes().size(); n++) {
      if (graph.nodes().get(n).inputs().contains(node)) {
        boolean relu = graph.nodes().get(n).operation() instanceof Operation.Relu;
        found.addAll(relu ? Set.of(n) : reached(graph, n));
      }
    }
    return found;
  }

  private static int distinct(TorchPass pass, int relu) {
    double[] active = pass.value(relu).orElseThrow().values();
    int units = active.length / BATCH;
    Set<BitSet> patterns = new HashSet<>();
    for (int u = 0; u < units; u++) {
      BitSet pattern = new BitSet();
      for (int s = 0; s < BATCH; s++) {
        pattern.set(s, active[s * units + u] > 0);
      }
      patterns.add(pattern);
    }
    return patterns.size();
  }
}
