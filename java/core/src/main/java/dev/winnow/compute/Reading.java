package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Something that is read of one pass over a network. Equal readings are one; those of a {@link
 * Pass} are taken together, to the same bits as each alone. "By name" means canonical names of
 * learned tensors in the network's order.
 *
 * @param <T> what is read for one job
 */
public sealed interface Reading<T> {

  /** Whether it is of the backward pass and needs a cotangent. */
  default boolean ofGradients() {
    return true;
  }

  /** Gradients by name, of one cotangent; zeros where the row does not have the operation. */
  record ParameterGradients() implements Reading<Map<String, Tensor>> {}

  /** Gradient {@code [batch, channels, height, width]} by the input, of one cotangent. */
  record InputGradient() implements Reading<Tensor> {}

  /** A number by name, of one cotangent: a sum in float64 over a tensor w and its gradient g. */
  enum GradientSum implements Reading<Map<String, Double>> {
    /** \(\lVert g\rVert_2\). */
    NORM,
    /** \(\sum w g\). */
    WEIGHTED,
    /** \(\sum |w g|\). */
    WEIGHTED_ABS
  }

  /**
   * By name of a layer's weight, {@code [out]}, of one cotangent: for each channel of a convolution
   * or linear layer \(\frac{1}{2n}\sum_n(\sum_{hw} a\,\delta)^2\), with a what the layer puts out
   * and δ its gradient; zeros where the row does not have it.
   */
  record ChannelSaliencies() implements Reading<Map<String, Tensor>> {}

  /**
   * By name of a layer's weight w, of one cotangent: \(\langle w, Hg\rangle\), with g the gradient
   * by the weights of all convolutions and linear layers together and H the Hessian by them, exact;
   * second derivatives of ReLU and max pool are 0. NaN where g is not finite, 0 where the row does
   * not have the layer. Cost: 9 more forward passes.
   */
  record HessianProducts() implements Reading<Map<String, Double>> {}

  /**
   * By name, of each element the sum over the cotangents of the sign of its gradient: a whole
   * number in [−L, L]. Memory does not grow with the cotangents.
   */
  record SignSums() implements Reading<Map<String, Tensor>> {}

  /** Tangent kernel of the summed logits: {@link Plan#ntk}. Alone. */
  record TangentKernel() implements Reading<double[][]> {}

  /**
   * Activation kernel: {@link Plan#activationKernel}.
   *
   * @param multiplicities of the graph's ReLUs in node order
   */
  record ActivationKernel(List<Integer> multiplicities) implements Reading<long[][]> {
    public ActivationKernel {
      multiplicities = List.copyOf(multiplicities);
    }

    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * Of the value of each of some nodes, over all samples and pixels of a job, {@code [1 +
   * channels][ channels]} in float64: the sums of each channel, then those of the products of every
   * two. Zeros where the row does not have the node. Cost: a forward pass of its own, and
   * n·h·w·c²/2 for each.
   *
   * @param nodes indices in the graph
   */
  record ActivationGrams(List<Integer> nodes) implements Reading<List<double[][]>> {
    public ActivationGrams {
      nodes = List.copyOf(nodes);
    }

    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * Of the value of each of some nodes, as a matrix of batch·w·h rows (element [n, :, y, x] is row
   * (n·w + x)·h + y) and c channels, r consecutive rows, {@code [r][c]}, r = c where there are as
   * many, else all. They begin at row w·(b mod (1 + ⌊(batch·w·h − r)/w⌋)), with b the first random
   * number of the sub-stream "rows" of the job's stream and there of that of the node's name. Zeros
   * where the row does not have the node. Jobs have one batch and a stream. Cost: a forward pass of
   * its own.
   *
   * @param nodes indices in the graph
   */
  record ActivationRows(List<Integer> nodes) implements Reading<List<double[][]>> {
    public ActivationRows {
      nodes = List.copyOf(nodes);
    }

    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * What each block between two {@link dev.winnow.net.NetworkGraph#features}, alone, sends back of
   * random signs, drawn from the job's stream in the sub-stream "rademacher" and there in that of
   * the feature's name. Jobs have one batch and a stream. Cost: 2 forward passes of its own.
   */
  record BlockProducts() implements Reading<List<BlockProduct>> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * Of a block that leads to c channels of h x w: r the signs {@code [batch, c, h, w]}, g what it
   * sends back, and \(P = \sum_{n,y,x} u(g)_{n:yx}\, r_{n:yx}^T\), where u makes channels of the
   * pixels of the squares that the block shrinks to one.
   *
   * @param difference largest |g − r|, infinite where the shapes differ; NaN where nothing leads
   *     from the block to the logits
   * @param product P {@code [channels of u(g)][c]}
   */
  record BlockProduct(double difference, double[][] product) {}

  /** Number of linear regions: {@link Plan#linearRegions}. */
  record LinearRegions() implements Reading<Long> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * Number of distinct answers of the ReLUs' units to the job's images: a unit's answer is on which
   * of the s images it is active. In [1, 2^s]; 0 without a ReLU.
   */
  record UnitPatterns() implements Reading<Long> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * The same of the units of each ReLU by itself, in node order: in [1, min(2^s, units)]; 0 of one
   * that the job's row skips, 1 of one that it blocks.
   */
  record ReluPatterns() implements Reading<List<Long>> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /** What is counted of the patterns behind {@link LinearRegions}. */
  record PatternCounts() implements Reading<PatternCount> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }

  /**
   * Of the ReLUs' units and a job's images; units of a blocked operation are constant, those of a
   * skipped one are not there.
   *
   * @param largestRegion images that share the commonest pattern
   * @param constantUnits units that are active on all images, or on none
   * @param activeUnits active units of all images together
   */
  record PatternCount(long largestRegion, long constantUnits, long activeUnits) {}

  /** The weights themselves: {@link Plan#values}. Where nothing else is read no pass is run. */
  record Weights() implements Reading<Map<String, Tensor>> {
    @Override
    public boolean ofGradients() {
      return false;
    }
  }
}
