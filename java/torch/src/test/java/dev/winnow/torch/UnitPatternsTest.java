package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.UnitPatternCount;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@code swap} counted from libtorch's activations, in double. */
class UnitPatternsTest {
  private static final Stream STREAM = Stream.root(67);
  private static final int SAMPLES = 12;

  @Test
  void patternsAreThoseOfLibtorch() {
    NetworkGraph graph =
        new NasBench201()
            .network(
                "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
                new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8)));
    float[] pixels = new float[SAMPLES * 3 * 8 * 8];
    double[] values = new double[pixels.length];
    Philox generator = STREAM.of("images").generator();
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = (float) generator.nextNormal();
      values[k] = pixels[k];
    }
    Parameters weights = new Parameters.Drawn(Initialization.STANDARD_NORMAL, STREAM.of("weights"));
    Job job = new Job(Row.NONE, weights, new Images(pixels, SAMPLES, 3, 8, 8));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, new PlanOptions(SAMPLES, Precision.FLOAT64));
        TorchPass pass =
            new TorchNetwork(graph, Precision.FLOAT64)
                .forward(
                    Row.NONE,
                    plan.values(weights),
                    new Tensor(new int[] {SAMPLES, 3, 8, 8}, values),
                    NormMode.BATCH,
                    Noise.NONE)) {
      long expected = distinct(graph, pass);
      assertTrue(expected > 100 && expected < 1 << SAMPLES, () -> "patterns " + expected);
      UnitPatternCount score =
          new UnitPatternCount(Optional.empty(), SAMPLES, 1, Initialization.STANDARD_NORMAL);
      assertEquals(expected, score.compute(plan, job).value().orElseThrow());
    }
  }

  private static long distinct(NetworkGraph graph, TorchPass pass) {
    Set<BitSet> patterns = new HashSet<>();
    for (int n = 0; n < graph.nodes().size(); n++) {
      if (graph.nodes().get(n).operation() instanceof Operation.Relu) {
        double[] active = pass.value(n).orElseThrow().values();
        int units = active.length / SAMPLES;
        for (int u = 0; u < units; u++) {
          BitSet pattern = new BitSet();
          for (int s = 0; s < SAMPLES; s++) {
            pattern.set(s, active[s * units + u] > 0);
          }
          patterns.add(pattern);
        }
      }
    }
    return patterns.size();
  }
}
