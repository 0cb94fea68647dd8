package dev.winnow.cli.doctor;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Small NAS-Bench-201 networks whose kernels are known or must agree. */
public final class SelfCheck {
  /**
   * @param name what was checked
   * @param passed whether it held
   * @param detail the numbers
   */
  public record Outcome(String name, boolean passed, String detail) {}

  private static final String SKIP_ONLY = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
  private static final String MIXED =
      "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1"
          + "|nor_conv_1x1~2|";
  private static final int CLASSES = 3;
  private static final int SIDE = 8;
  private static final int SAMPLES = 8;
  private static final double NORM_EPSILON = 1e-5;

  private final CellSpace space;

  /**
   * @param space NAS-Bench-201
   */
  public SelfCheck(CellSpace space) {
    this.space = space;
  }

  /** The checks that need one engine. */
  public List<Outcome> run(Engine engine) {
    return List.of(closedForm(engine), precisions(engine));
  }

  /**
   * A cell that passes its input on leaves norm, ReLU, pooling and classifier: with constant images
   * a_i, x_i their standardised values, f_i = max(x_i, 0) and w the column sum of the classifier,
   * the kernel is (classes + w²) f_i f_j.
   */
  private Outcome closedForm(Engine engine) {
    double[] levels = {-1.5, -0.25, 0.5, 2.25};
    double[] weights = {0.5, -0.25, 1};
    NetworkGraph graph =
        space.network(
            SKIP_ONLY, new NetworkOptions(1, 1, 1, false, CLASSES, new Shape(1, SIDE, SIDE)));
    float[] pixels = new float[levels.length * SIDE * SIDE];
    for (int i = 0; i < levels.length; i++) {
      Arrays.fill(pixels, i * SIDE * SIDE, (i + 1) * SIDE * SIDE, (float) levels[i]);
    }
    Parameters parameters =
        new Parameters.Given(
            Map.of(
                "last.bn.weight", new Tensor(new int[] {1}, new double[] {1}),
                "last.bn.bias", new Tensor(new int[] {1}, new double[] {0}),
                "classifier.weight", new Tensor(new int[] {CLASSES, 1}, weights),
                "classifier.bias", new Tensor(new int[] {CLASSES}, new double[CLASSES])));
    Job job = new Job(Row.NONE, parameters, new Images(pixels, levels.length, 1, SIDE, SIDE));
    double[][] theta = ntk(engine, graph, job, Precision.FLOAT64);

    double mean = Arrays.stream(levels).average().orElseThrow();
    double variance =
        Arrays.stream(levels).map(a -> (a - mean) * (a - mean)).average().orElseThrow();
    double[] features =
        Arrays.stream(levels)
            .map(a -> Math.max(0, (a - mean) / Math.sqrt(variance + NORM_EPSILON)))
            .toArray();
    double sum = Arrays.stream(weights).sum();
    double largest = 0;
    for (int i = 0; i < levels.length; i++) {
      for (int j = 0; j < levels.length; j++) {
        double expected = (CLASSES + sum * sum) * features[i] * features[j];
        largest = Math.max(largest, Math.abs(theta[i][j] - expected));
      }
    }
    return new Outcome(
        "tangent kernel with a closed form",
        largest <= 1e-12,
        String.format(Locale.ROOT, "off by %.1e, allowed 1e-12", largest));
  }

  /** The same kernel in both number types. */
  private Outcome precisions(Engine engine) {
    double[][] single = mixed(engine, Precision.FLOAT32);
    double[][] exact = mixed(engine, Precision.FLOAT64);
    double scale = 0;
    double largest = 0;
    for (int i = 0; i < exact.length; i++) {
      for (int j = 0; j < exact.length; j++) {
        scale = Math.max(scale, Math.abs(exact[i][j]));
        largest = Math.max(largest, Math.abs(exact[i][j] - single[i][j]));
      }
    }
    double deviation = largest / scale;
    return new Outcome(
        "float32 against float64",
        deviation <= 1e-4,
        String.format(Locale.ROOT, "off by %.1e of the largest entry, allowed 1e-4", deviation));
  }

  /** The same bits from engines with one and two threads. */
  public Outcome sameForAnyThreads(Engine one, Engine two) {
    boolean same = Arrays.deepEquals(mixed(one, Precision.FLOAT32), mixed(two, Precision.FLOAT32));
    return new Outcome(
        "one thread against two", same, same ? "the same bits" : "different numbers");
  }

  private double[][] mixed(Engine engine, Precision precision) {
    NetworkGraph graph =
        space.network(MIXED, new NetworkOptions(4, 1, 3, true, CLASSES, new Shape(3, SIDE, SIDE)));
    Stream stream = Stream.root(1).of("doctor");
    Philox generator = stream.of("images").generator();
    float[] pixels = new float[SAMPLES * 3 * SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) (2 * generator.nextDouble() - 1);
    }
    Parameters parameters =
        new Parameters.Drawn(Initialization.KAIMING_FAN_OUT, stream.of("weights"));
    return ntk(
        engine,
        graph,
        new Job(Row.NONE, parameters, new Images(pixels, SAMPLES, 3, SIDE, SIDE)),
        precision);
  }

  private static double[][] ntk(Engine engine, NetworkGraph graph, Job job, Precision precision) {
    double[][][] theta = new double[1][][];
    try (Plan plan = engine.plan(graph, new PlanOptions(job.images().samples(), precision))) {
      plan.ntk(List.of(job), (index, value) -> theta[0] = value, Monitor.NONE);
    }
    return theta[0];
  }
}
