package dev.winnow.net;

import java.util.ArrayList;
import java.util.List;

/** The tensors that a node owns, in the order of {@link Role}. */
final class NodeTensors {
  private NodeTensors() {}

  static List<TensorSpec> of(Node node, int index, List<Shape> inputs) {
    List<TensorSpec> tensors = new ArrayList<>(4);
    if (node.operation() instanceof Operation.Convolution c) {
      int fan = inputs.get(0).channels() / c.groups();
      List<Integer> weight = List.of(c.outputs(), fan, c.kernel().height(), c.kernel().width());
      tensors.add(spec(node, index, "weight", Role.CONVOLUTION_WEIGHT, weight));
      if (c.bias()) {
        tensors.add(spec(node, index, "bias", Role.CONVOLUTION_BIAS, List.of(c.outputs())));
      }
    } else if (node.operation() instanceof Operation.Linear linear) {
      long features = inputs.get(0).elements();
      if (features > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "node "
                + index
                + " ("
                + node.name()
                + "): a linear layer has at most 2^31 - 1 input features but got "
                + features);
      }
      List<Integer> weight = List.of(linear.outputs(), (int) features);
      tensors.add(spec(node, index, "weight", Role.LINEAR_WEIGHT, weight));
      if (linear.bias()) {
        tensors.add(spec(node, index, "bias", Role.LINEAR_BIAS, List.of(linear.outputs())));
      }
    } else if (node.operation() instanceof Operation.BatchNorm norm) {
      List<Integer> channels = List.of(node.shape().channels());
      if (norm.affine()) {
        tensors.add(spec(node, index, "weight", Role.NORM_SCALE, channels));
        tensors.add(spec(node, index, "bias", Role.NORM_SHIFT, channels));
      }
      tensors.add(spec(node, index, "running_mean", Role.RUNNING_MEAN, channels));
      tensors.add(spec(node, index, "running_var", Role.RUNNING_VARIANCE, channels));
    }
    return tensors;
  }

  private static TensorSpec spec(
      Node node, int index, String suffix, Role role, List<Integer> shape) {
    return new TensorSpec(node.name() + "." + suffix, role, shape, index);
  }
}
