package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Parameters;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import java.util.List;

/** Small networks and inputs of the tests. */
final class Networks {
  private Networks() {}

  /** {@code W x + b}: one linear layer called "linear". */
  static NetworkGraph linear(int features, int outputs) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(features, 1, 1));
    int linear = builder.add("linear", new Operation.Linear(outputs, true), NetworkGraph.ALWAYS, 0);
    return builder.build(linear);
  }

  /** One hidden layer of ReLUs on a single number: "hidden", then "output". */
  static NetworkGraph hiddenUnits(int units) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    int hidden = builder.add("hidden", new Operation.Linear(units, true), NetworkGraph.ALWAYS, 0);
    int relu = builder.add("relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, hidden);
    int output = builder.add("output", new Operation.Linear(1, true), NetworkGraph.ALWAYS, relu);
    return builder.build(output);
  }

  /** A NAS-Bench-201 supernet small enough for a test. */
  static Supernet supernet() {
    return new NasBench201().supernet(new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8)));
  }

  /** Every operation there is, each at least once, with attributes that differ from one another. */
  static NetworkGraph everyOperation() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(4, 9, 12), 3);
    int always = NetworkGraph.ALWAYS;
    int convolution =
        builder.add(
            "conv",
            new Operation.Convolution(
                6, new Pair(3, 5), new Pair(1, 2), new Pair(1, 4), new Pair(1, 2), 2, true),
            always,
            0);
    int norm = builder.add("norm", new Operation.BatchNorm(true, 1e-3, 0.25), 1, convolution);
    int plain = builder.add("plain", new Operation.BatchNorm(false, 1e-5, 0.1), always, norm);
    int relu = builder.add("relu6", new Operation.Relu(6), always, plain);
    int average =
        builder.add(
            "average",
            new Operation.AveragePool(Pair.of(3), Pair.of(1), Pair.of(1), false),
            2,
            relu);
    int max =
        builder.add(
            "max", new Operation.MaxPool(new Pair(3, 1), Pair.of(1), new Pair(1, 0)), 0, relu);
    int zero = builder.add("zero", new Operation.Zero(Pair.of(1)), always, relu);
    int sum =
        builder.add(
            "sum", new Operation.WeightedSum(List.of(2, 0, always)), always, average, max, zero);
    int padded = builder.add("pad", new Operation.PadCrop(1, -2, 0, 3), always, sum);
    int slice = builder.add("slice", new Operation.ChannelSlice(1, 4), always, padded);
    int noise = builder.add("noise", new Operation.Noise(0.5), always, slice);
    int concat = builder.add("concat", new Operation.Concat(), always, padded, noise);
    int pooled = builder.add("gap", new Operation.GlobalAveragePool(), always, concat);
    int linear = builder.add("größe", new Operation.Linear(7, false), always, pooled);
    return builder.build(linear);
  }

  /** Uniform in [−1, 1), by the stream. */
  static Images images(Stream stream, int samples, int channels, int height, int width) {
    Philox generator = stream.generator();
    float[] values = new float[samples * channels * height * width];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) (2 * generator.nextDouble() - 1);
    }
    return new Images(values, samples, channels, height, width);
  }

  static Parameters kaiming(Stream stream) {
    return new Parameters.Drawn(Initialization.KAIMING_FAN_OUT, stream);
  }
}
