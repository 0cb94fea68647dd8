package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Reading.BlockProduct;
import dev.winnow.compute.Row;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.BlockTrainability;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.nasbench101.NasBench101;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What blocks send back of random signs, against autograd on each block as a network of its own.
 */
class BlockProductsTest {
  private static final Stream STREAM = Stream.root(43);
  private static final Reading<List<BlockProduct>> PRODUCTS = new Reading.BlockProducts();
  private static final BlockTrainability TRAINABILITY =
      new BlockTrainability(4, Initialization.KAIMING_FAN_IN);
  private static final Shape INPUT = new Shape(3, 8, 8);
  private static final String MIXED =
      "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";

  @BeforeAll
  static void oneThread() {
    LibTorch.threads(1);
  }

  private static NetworkGraph nasBench201(String cell) {
    return new NasBench201().network(cell, new NetworkOptions(4, 2, 3, true, 10, INPUT));
  }

  /** 5 samples fill a third of a vector, 18 one and an eighth. */
  @ParameterizedTest
  @ValueSource(ints = {5, 18})
  void cellsAndReductionsOfNasBench201(int batch) {
    compare(nasBench201(MIXED), batch);
  }

  @Test
  void cellsAndPoolsOfNasBench101() {
    SearchSpace space = new NasBench101();
    NetworkOptions size = new NetworkOptions(8, 2, 3, true, 10, INPUT);
    for (int k = 0; k < 4; k++) {
      String cell = space.sample(STREAM.of("cell").of(k).generator());
      compare(space.network(cell, size), 4);
    }
  }

  private static void compare(NetworkGraph graph, int batch) {
    Job job = job(batch);
    try (NativeEngine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, new PlanOptions(batch, Precision.FLOAT64))) {
      List<BlockProduct> found = new ArrayList<>();
      Pass pass = Pass.forward(NormMode.BATCH, PRODUCTS);
      plan.read(List.of(job), pass, (j, read) -> found.addAll(read.get(PRODUCTS)), Monitor.NONE);
      Map<String, Tensor> weights = plan.values(job.parameters());
      double mean = 0;
      Tensor value = images(job.images());
      try (TorchPass whole =
          new TorchNetwork(graph, Precision.FLOAT64)
              .forward(Row.NONE, weights, value, NormMode.BATCH, Noise.NONE)) {
        for (int b = 0; b < found.size(); b++) {
          int from = graph.features().get(b);
          int to = graph.features().get(b + 1);
          double[][] expected = product(graph, from, to, whole.value(from).orElseThrow(), weights);
          double[][] product = found.get(b).product();
          double sigma =
              new SingularValueDecomposition(new Array2DRowRealMatrix(expected))
                  .getSingularValues()[0];
          assertEquals(expected.length, product.length);
          for (int i = 0; i < product.length; i++) {
            for (int k = 0; k < product[i].length; k++) {
              assertEquals(
                  expected[i][k], product[i][k], 1e-9 * sigma, "block " + b + " " + i + "," + k);
            }
          }
          Shape shape = graph.nodes().get(to).shape();
          sigma /= (double) batch * shape.height() * shape.width();
          mean += (-sigma - 1 / (sigma + 1e-6) + 2) / found.size();
        }
      }
      Score score = TRAINABILITY.compute(plan, job);
      assertEquals(mean, score.value().orElseThrow(), 1e-8 * Math.abs(mean));
    }
  }

  /** Of the block alone, by autograd: unshuffled gradients times signs. */
  private static double[][] product(
      NetworkGraph graph, int from, int to, Tensor value, Map<String, Tensor> weights) {
    Shape in = graph.nodes().get(from).shape();
    Shape out = graph.nodes().get(to).shape();
    int batch = value.shape()[0];
    int pixels = out.height() * out.width();
    double[] signs = new double[Math.toIntExact(batch * out.elements())];
    Philox generator =
        STREAM.of("signs").of("rademacher").of(graph.nodes().get(to).name()).generator();
    long bits = 0;
    for (int e = 0; e < signs.length; e++) {
      bits = e % 64 == 0 ? generator.nextLong() : bits >>> 1;
      signs[e] = (bits & 1) == 1 ? 1 : -1;
    }
    double[] gradient;
    try (TorchPass pass =
        new TorchNetwork(block(graph, from, to), Precision.FLOAT64)
            .forward(Row.NONE, weights, value, NormMode.BATCH, Noise.NONE)) {
      Tensor entering = new Tensor(new int[] {batch, signs.length / batch}, signs);
      gradient = pass.gradients(new Cotangent.Given(entering)).input().orElseThrow().values();
    }
    int high = in.height() / out.height();
    int wide = in.width() / out.width();
    double[][] product = new double[in.channels() * high * wide][out.channels()];
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < in.channels(); c++) {
        for (int y = 0; y < in.height(); y++) {
          for (int x = 0; x < in.width(); x++) {
            double g = gradient[((n * in.channels() + c) * in.height() + y) * in.width() + x];
            int row = (c * high + y % high) * wide + x % wide;
            for (int o = 0; o < out.channels(); o++) {
              int pixel = y / high * out.width() + x / wide;
              product[row][o] += g * signs[(n * out.channels() + o) * pixels + pixel];
            }
          }
        }
      }
    }
    return product;
  }

  /** Nodes between two features as a network whose input is the first. */
  private static NetworkGraph block(NetworkGraph graph, int from, int to) {
    NetworkGraph.Builder builder = NetworkGraph.builder(graph.nodes().get(from).shape());
    for (int n = from + 1; n <= to; n++) {
      Node node = graph.nodes().get(n);
      int[] inputs = node.inputs().stream().mapToInt(input -> input - from).toArray();
      builder.add(node.name(), node.operation(), node.choice(), inputs);
    }
    return builder.build(to - from);
  }

  private static Job job(int batch) {
    Philox generator = STREAM.of("images").generator();
    float[] values = new float[Math.toIntExact(batch * INPUT.elements())];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) generator.nextNormal();
    }
    return new Job(
            Row.NONE,
            new Parameters.Drawn(Initialization.KAIMING_FAN_IN, STREAM.of("weights")),
            new Images(values, batch, INPUT.channels(), INPUT.height(), INPUT.width()))
        .noisy(STREAM.of("signs"));
  }

  private static Tensor images(Images images) {
    double[] values = new double[images.values().length];
    for (int k = 0; k < values.length; k++) {
      values[k] = images.values()[k];
    }
    int[] shape = {images.samples(), images.channels(), images.height(), images.width()};
    return new Tensor(shape, values);
  }

  /** A cell that only skips from its input to its end sends back what enters. */
  @Test
  void identitiesAndDisconnectedCellsHaveNone() {
    String identity = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
    assertEquals(
        Score.undefined(
            "the block that ends in cells.0.3 is the identity", Double.NEGATIVE_INFINITY),
        score(nasBench201(identity), job(4)));
    String none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    assertEquals(
        Score.undefined("no path leads from the image to the logits", Double.NEGATIVE_INFINITY),
        score(nasBench201(none), job(4)));
  }

  private static Score score(NetworkGraph graph, Job job) {
    try (NativeEngine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(4))) {
      return TRAINABILITY.compute(plan, job);
    }
  }

  @Test
  void jobsWithoutStreamsAndOverlappingBlocksAreRefused() {
    Job job = job(4);
    Job silent = new Job(Row.NONE, job.parameters(), job.images());
    assertEquals(
        "az_trainability draws random signs: a job needs a stream, but one has none",
        assertThrows(IllegalArgumentException.class, () -> score(nasBench201(MIXED), silent))
            .getMessage());
    Darts darts = new Darts();
    NetworkGraph overlapping = darts.network(darts.example(), darts.reduced(10, INPUT));
    String message =
        assertThrows(IllegalArgumentException.class, () -> score(overlapping, job)).getMessage();
    assertTrue(message.contains("the blocks must follow one another"), message);
  }
}
