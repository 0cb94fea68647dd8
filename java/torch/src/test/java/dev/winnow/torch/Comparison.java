package dev.winnow.torch;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * One random case on the native engine, in both number types, against libtorch in double: logits,
 * gradients of parameters and of the input, tangent kernel.
 *
 * <p>Bounds are relative to the largest entry. A sum of N terms in another order differs by at most
 * N ulp of its largest partial sum; networks here have at most some thousand terms a sum and a
 * dozen layers, and 1e-10 is 4e5 ulp of a double, 1e-5 some 80 ulp of a float. The derivative of a
 * norm is a difference of numbers as large as the gradients elsewhere in the network, divided by
 * the deviation (the derivative by a filter under a norm is even zero along the filter): hence a
 * part of those, times the steepness.
 */
final class Comparison {
  /** A ReLU's input this close to its kink, relative to the largest, may fall to either side. */
  private static final double MARGIN = 1e-11;

  /** A norm whose input, or 1, is more than this times its deviation magnifies rounding. */
  private static final double STEEPNESS = 60;

  private final Engine engine;
  private final RandomCase random;
  private final List<String> misfits = new ArrayList<>();
  private boolean gradientsCompared;
  private double steepness = 1;

  private Comparison(Engine engine, RandomCase random) {
    this.engine = engine;
    this.random = random;
  }

  /**
   * What came of a comparison.
   *
   * @param misfits what differs, by how much; empty where all fits
   * @param complete false where gradients are rounding noise, by the margin or the steepness of the
   *     case, and only logits were compared
   */
  record Outcome(List<String> misfits, boolean complete) {}

  static Outcome of(Engine engine, RandomCase random) {
    Comparison comparison = new Comparison(engine, random);
    comparison.compare();
    return new Outcome(comparison.misfits, comparison.gradientsCompared);
  }

  private void compare() {
    boolean kernel = random.norm() == NormMode.BATCH;
    try (TorchPass pass = forward()) {
      gradientsCompared = steady(pass);
      double[][] logits = pass.logits();
      Gradients gradients = pass.gradients(random.cotangent());
      double[][] theta = kernel ? pass.tangentKernel() : null;
      for (Precision precision : Precision.values()) {
        PlanOptions options = new PlanOptions(random.batch(), precision);
        try (Plan plan = engine.plan(random.graph(), options)) {
          logits(plan, logits);
          if (gradientsCompared) {
            gradients(plan, gradients);
          }
          if (gradientsCompared && kernel) {
            kernel(plan, theta);
          }
        }
      }
    }
  }

  private TorchPass forward() {
    return new TorchNetwork(random.graph(), Precision.FLOAT64)
        .forward(
            random.row(),
            random.values(),
            random.images(),
            random.norm(),
            Noise.of(random.noise()));
  }

  private Job job() {
    int[] s = random.images().shape();
    float[] pixels = new float[random.images().values().length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.images().values()[i];
    }
    Images images = new Images(pixels, s[0], s[1], s[2], s[3]);
    Parameters values = new Parameters.Given(random.values());
    return new Job(random.row(), values, images).noisy(random.noise());
  }

  private void logits(Plan plan, double[][] expected) {
    double[] flat = flat(expected);
    double bound = relative(plan) * steepness * Math.max(1, largest(flat));
    plan.logits(
        List.of(job()),
        random.norm(),
        (j, found) -> fit(plan, "logits", flat, flat(found), bound),
        Monitor.NONE);
  }

  private void gradients(Plan plan, Gradients expected) {
    double overall =
        expected.parameters().values().stream()
            .mapToDouble(t -> largest(t.values()))
            .max()
            .orElse(0);
    plan.gradients(
        List.of(job()),
        random.cotangent(),
        random.norm(),
        true,
        (j, found) -> {
          expected
              .parameters()
              .forEach(
                  (name, exact) ->
                      gradient(plan, name, exact, found.parameters().get(name), overall));
          Tensor exact = expected.input().orElseThrow();
          gradient(plan, "the input", exact, found.input().orElseThrow(), overall);
        },
        Monitor.NONE);
  }

  private void gradient(Plan plan, String of, Tensor exact, Tensor found, double overall) {
    double bound = relative(plan) * (largest(exact.values()) + 0.1 * steepness * (1 + overall));
    fit(plan, "gradient of " + of, exact.values(), found.values(), bound);
  }

  private void kernel(Plan plan, double[][] expected) {
    double[] flat = flat(expected);
    // Gradients that cancel exactly leave the squares of their roundings.
    double noise = relative(plan) * relative(plan) * random.graph().parameters();
    plan.ntk(
        List.of(job()),
        (j, found) ->
            fit(plan, "kernel", flat, flat(found), 4 * relative(plan) * largest(flat) + noise),
        Monitor.NONE);
  }

  private static double relative(Plan plan) {
    return plan.options().precision() == Precision.FLOAT64 ? 1e-10 : 1e-5;
  }

  private void fit(Plan plan, String what, double[] expected, double[] found, double bound) {
    double worst = off(expected, found);
    if (!(worst <= bound)) {
      misfits.add(
          "%s in %s is off by %.3g, allowed %.3g, largest %.3g"
              .formatted(what, plan.options().precision(), worst, bound, largest(expected)));
    }
  }

  /** The largest difference; NaN where there is one or the lengths differ. */
  private static double off(double[] expected, double[] found) {
    if (expected.length != found.length) {
      return Double.NaN;
    }
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double off = Math.abs(expected[i] - found[i]);
      worst = off <= worst ? worst : off; // keeps a NaN
    }
    return worst;
  }

  /** Whether no unit is at its kink and no norm is over (nearly) constant channels. */
  private boolean steady(TorchPass pass) {
    boolean clear = true;
    for (Node node : random.graph().nodes()) {
      int input = node.inputs().isEmpty() ? 0 : node.inputs().get(0);
      Tensor x = pass.value(input).orElse(null);
      if (x == null || blocked(node)) {
        continue; // the row skips it, or it runs on zeros and counts for nothing
      }
      if (node.operation() instanceof Operation.Relu relu) {
        clear &= clear(x.values(), relu.cap());
      } else if (node.operation() instanceof Operation.BatchNorm norm
          && random.norm() == NormMode.BATCH) {
        steepness = Math.max(steepness, steepness(x, norm));
      }
    }
    return clear && steepness <= STEEPNESS;
  }

  private boolean blocked(Node node) {
    return node.choice() != NetworkGraph.ALWAYS
        && random.row().state(node.choice()) == Row.State.BLOCK;
  }

  private static boolean clear(double[] x, double cap) {
    double close = MARGIN * largest(x);
    return DoubleStream.of(x)
        .noneMatch(v -> (v != 0 && Math.abs(v) < close) || (cap > 0 && Math.abs(v - cap) < close));
  }

  /** The most that a channel's largest value, or 1, is over its deviation. */
  private static double steepness(Tensor x, Operation.BatchNorm norm) {
    int channels = x.shape()[1];
    int area = x.shape()[2] * x.shape()[3];
    int count = x.shape()[0] * area;
    double steepest = 0;
    for (int c = 0; c < channels; c++) {
      double[] channel = new double[count];
      for (int k = 0; k < count; k++) {
        channel[k] = x.values()[(k / area * channels + c) * area + k % area];
      }
      double mean = DoubleStream.of(channel).average().orElse(0);
      double variance = DoubleStream.of(channel).map(v -> (v - mean) * (v - mean)).sum() / count;
      double deviation = Math.sqrt(variance + norm.epsilon());
      steepest = Math.max(steepest, Math.max(1, largest(channel)) / deviation);
    }
    return steepest;
  }

  private static double[] flat(double[][] matrix) {
    return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
  }

  private static double largest(double[] values) {
    return DoubleStream.of(values).map(Math::abs).max().orElse(0);
  }
}
