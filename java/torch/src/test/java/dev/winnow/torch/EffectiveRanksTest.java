package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.EffectiveRank;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.nasbench101.NasBench101;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code near} from libtorch's feature maps and its singular values, in double. */
class EffectiveRanksTest {
  private static final Stream STREAM = Stream.root(89);
  private static final Shape INPUT = new Shape(3, 8, 8);

  @BeforeAll
  static void oneThread() {
    LibTorch.threads(1);
  }

  /** Of 2 images the last stage has fewer rows than channels; of 12 the classifier has as many. */
  @ParameterizedTest
  @ValueSource(ints = {2, 12})
  void cellsOfThreeSpaces(int samples) {
    NetworkOptions size = new NetworkOptions(6, 1, 3, true, 10, INPUT);
    compare(
        new NasBench201()
            .network(
                "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
                size),
        samples);
    compare(new Darts().network(new Darts().example(), size), samples);
    NasBench101 cells = new NasBench101();
    compare(cells.network(cells.example(), new NetworkOptions(16, 1, 3, true, 10, INPUT)), samples);
  }

  private static void compare(NetworkGraph graph, int samples) {
    Job job = FeatureMaps.job(STREAM, samples, INPUT);
    EffectiveRank score = new EffectiveRank(samples, Initialization.KAIMING_FAN_IN);
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
                  Node node = graph.nodes().get(n);
                  if (isLayer(node.operation())) {
                    long bits =
                        STREAM.of("noise").of("rows").of(node.name()).generator().nextLong();
                    sum += rank(values.apply(n), node.shape(), bits);
                  }
                }
                return sum;
              });
      // Singular values below 1e-8 of the largest are rounding on both sides.
      assertEquals(expected, score.compute(plan, job).value().orElseThrow(), 1e-7 * expected);
    }
  }

  private static boolean isLayer(Operation operation) {
    return operation instanceof Operation.Convolution
        || operation instanceof Operation.Linear
        || operation instanceof Operation.Relu
        || operation instanceof Operation.BatchNorm norm && norm.affine();
  }

  private static double rank(double[][][] value, Shape shape, long bits) {
    int channels = shape.channels();
    List<double[]> rows = new ArrayList<>();
    for (double[][] image : value) {
      for (int x = 0; x < shape.width(); x++) {
        for (int y = 0; y < shape.height(); y++) {
          double[] row = new double[channels];
          for (int c = 0; c < channels; c++) {
            row[c] = image[c][y * shape.width() + x];
          }
          rows.add(row);
        }
      }
    }
    int count = Math.min(rows.size(), channels);
    int starts = (rows.size() - count) / shape.width() + 1;
    int first = (int) Long.remainderUnsigned(bits, starts) * shape.width();
    double[] block = new double[count * channels];
    for (int r = 0; r < count; r++) {
      System.arraycopy(rows.get(first + r), 0, block, r * channels, channels);
    }
    double[] singular =
        TorchTensors.scoped(
            () ->
                TorchTensors.toJava(
                        torch.linalg_svdvals(
                            TorchTensors.of(block, Precision.FLOAT64, count, channels)))
                    .values());
    double total = 0;
    for (double s : singular) {
      total += s;
    }
    double entropy = 0;
    for (double s : singular) {
      entropy -= s == 0 ? 0 : s / total * Math.log(s / total);
    }
    return total == 0 ? 0 : Math.exp(entropy);
  }
}
