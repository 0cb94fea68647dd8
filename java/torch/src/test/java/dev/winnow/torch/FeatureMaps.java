package dev.winnow.torch;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.tensor.Tensor;
import java.util.function.Function;
import java.util.function.IntFunction;

/** Values of a network's nodes by libtorch, in double, and a job to compare scores of them on. */
final class FeatureMaps {
  private FeatureMaps() {}

  /** Normal numbers and Kaiming weights, with a stream. */
  static Job job(Stream stream, int samples, Shape input) {
    Philox generator = stream.of("images").generator();
    float[] values = new float[Math.toIntExact(samples * input.elements())];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) generator.nextNormal();
    }
    return new Job(
            Row.NONE,
            new Parameters.Drawn(Initialization.KAIMING_FAN_IN, stream.of("weights")),
            new Images(values, samples, input.channels(), input.height(), input.width()))
        .noisy(stream.of("noise"));
  }

  /**
   * What is made of the values of a job's nodes.
   *
   * @param made receives every node's {@code [n][c][h·w]}
   */
  static <T> T of(
      NetworkGraph graph, Plan plan, Job job, Function<IntFunction<double[][][]>, T> made) {
    Images images = job.images();
    double[] pixels = new double[images.values().length];
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = images.values()[k];
    }
    int[] shape = {images.samples(), images.channels(), images.height(), images.width()};
    try (TorchPass pass =
        new TorchNetwork(graph, Precision.FLOAT64)
            .forward(
                Row.NONE,
                plan.values(job.parameters()),
                new Tensor(shape, pixels),
                NormMode.BATCH,
                Noise.NONE)) {
      return made.apply(
          node -> nested(pass.value(node).orElseThrow(), graph.nodes().get(node).shape()));
    }
  }

  private static double[][][] nested(Tensor value, Shape shape) {
    int pixels = shape.height() * shape.width();
    double[][][] nested = new double[value.shape()[0]][shape.channels()][pixels];
    for (int k = 0; k < value.values().length; k++) {
      nested[k / pixels / shape.channels()][k / pixels % shape.channels()][k % pixels] =
          value.values()[k];
    }
    return nested;
  }
}
