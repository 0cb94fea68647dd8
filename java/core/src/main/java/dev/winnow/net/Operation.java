package dev.winnow.net;

import java.util.List;

/**
 * What a node of a {@link NetworkGraph} computes. The set is closed: these operations cover every
 * published space, and the native core differentiates exactly these.
 */
public sealed interface Operation {

  /** The network's input; node 0 and only node 0. */
  record Input(Shape shape) implements Operation {}

  /**
   * Convolution. Parameters {@code weight [outputs, inputs / groups, kernel]} and, with bias,
   * {@code bias [outputs]}.
   */
  record Convolution(
      int outputs, Pair kernel, Pair stride, Pair padding, Pair dilation, int groups, boolean bias)
      implements Operation {
    /** A square, undilated, ungrouped convolution without bias. */
    public static Convolution of(int outputs, int kernel, int stride, int padding) {
      return new Convolution(
          outputs, Pair.of(kernel), Pair.of(stride), Pair.of(padding), Pair.of(1), 1, false);
    }
  }

  /**
   * Batch normalisation. Affine: parameters {@code weight}, {@code bias}; always buffers of running
   * statistics.
   */
  record BatchNorm(boolean affine, double epsilon, double momentum) implements Operation {
    /** Affine, epsilon 1e-5, momentum 0.1, as every published space has it. */
    public static final BatchNorm STANDARD = new BatchNorm(true, 1e-5, 0.1);
  }

  /** {@code max(x, 0)}, with a cap above 0 also {@code min(x, cap)} (ReLU6). */
  record Relu(double cap) implements Operation {
    /** Without a cap. */
    public static final Relu STANDARD = new Relu(0);
  }

  /**
   * Average pooling; without {@code countIncludePad} the divisor is the number of cells inside the
   * image.
   */
  record AveragePool(Pair kernel, Pair stride, Pair padding, boolean countIncludePad)
      implements Operation {}

  /** Maximum pooling; padding never wins. */
  record MaxPool(Pair kernel, Pair stride, Pair padding) implements Operation {}

  /**
   * Sum of the inputs, each times the row's coefficient of its choice; choice −1 stands for the
   * constant 1.
   *
   * @param choices one per input
   */
  record WeightedSum(List<Integer> choices) implements Operation {
    public WeightedSum {
      choices = List.copyOf(choices);
    }
  }

  /** Concatenation over channels. */
  record Concat() implements Operation {}

  /** Mean over height and width: {@code [c, h, w] -> [c, 1, 1]}. */
  record GlobalAveragePool() implements Operation {}

  /**
   * Linear layer on the flattened input. Parameters {@code weight [outputs, inputs]} and, with
   * bias, {@code bias}.
   */
  record Linear(int outputs, boolean bias) implements Operation {}

  /** Zeros of shape {@code [c, ceil(h / stride), ceil(w / stride)]}. */
  record Zero(Pair stride) implements Operation {}

  /** Pads with zeros where positive, crops where negative. */
  record PadCrop(int top, int bottom, int left, int right) implements Operation {}

  /** Channels {@code first .. first + count - 1}. */
  record ChannelSlice(int first, int count) implements Operation {}

  /** Adds normal noise of this standard deviation from the job's own stream. */
  record Noise(double deviation) implements Operation {}
}
