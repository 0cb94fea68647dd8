package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.SmallestCorrelationEigenvalue;
import dev.winnow.score.SmallestCorrelationEigenvalue.Channels;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.nasbench101.NasBench101;
import java.util.Arrays;
import java.util.Set;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code meco} from the singular values of libtorch's feature maps, centred and scaled to one. */
class SmallestCorrelationsTest {
  private static final Stream STREAM = Stream.root(71);
  private static final Shape INPUT = new Shape(3, 16, 16);
  private static final Set<Class<? extends Operation>> LAYERS =
      Set.of(
          Operation.Convolution.class,
          Operation.BatchNorm.class,
          Operation.Relu.class,
          Operation.AveragePool.class,
          Operation.MaxPool.class);

  @BeforeAll
  static void oneThread() {
    LibTorch.threads(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void cellsOfNasBench201(int samples) {
    NetworkOptions size = new NetworkOptions(6, 1, 3, true, 10, INPUT);
    compare(
        new NasBench201()
            .network(
                "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
                size),
        samples);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void cellsOfDartsAndNasBench101(int samples) {
    Darts darts = new Darts();
    compare(darts.network(darts.example(), new NetworkOptions(4, 1, 3, true, 10, INPUT)), samples);
    NasBench101 cells = new NasBench101();
    compare(cells.network(cells.example(), new NetworkOptions(8, 1, 3, true, 10, INPUT)), samples);
  }

  private static void compare(NetworkGraph graph, int samples) {
    Job job = FeatureMaps.job(STREAM, samples, INPUT);
    SmallestCorrelationEigenvalue score =
        new SmallestCorrelationEigenvalue(Channels.ALL, samples, Initialization.KAIMING_FAN_IN);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, new PlanOptions(samples, Precision.FLOAT64))) {
      double expected =
          FeatureMaps.of(
              graph,
              plan,
              job,
              values -> {
                double sum = 0;
                for (int n = 0; n < graph.nodes().size(); n++) {
                  if (LAYERS.contains(graph.nodes().get(n).operation().getClass())) {
                    sum += smallest(values.apply(n));
                  }
                }
                return sum;
              });
      assertTrue(expected > 0.1, () -> "sum " + expected);
      assertEquals(
          expected, score.compute(plan, job).value().orElseThrow(), 1e-10 * graph.nodes().size());
    }
  }

  /** Squared smallest singular value of the channels, each centred and of length 1. */
  private static double smallest(double[][][] value) {
    int channels = value[0].length;
    int pixels = value[0][0].length;
    double[][] rows = new double[channels][value.length * pixels];
    for (int c = 0; c < channels; c++) {
      for (int k = 0; k < rows[c].length; k++) {
        rows[c][k] = value[k / pixels][c][k % pixels];
      }
      double mean = Arrays.stream(rows[c]).average().orElseThrow();
      rows[c] = Arrays.stream(rows[c]).map(x -> x - mean).toArray();
      double length = Math.sqrt(Arrays.stream(rows[c]).map(x -> x * x).sum());
      if (length < 1e-12 * rows[c].length * Math.abs(mean) || length == 0) {
        return 0;
      }
      rows[c] = Arrays.stream(rows[c]).map(x -> x / length).toArray();
    }
    if (rows[0].length < channels) {
      return 0;
    }
    double[] singular =
        new SingularValueDecomposition(new Array2DRowRealMatrix(rows)).getSingularValues();
    double least = singular[singular.length - 1];
    return least * least;
  }
}
