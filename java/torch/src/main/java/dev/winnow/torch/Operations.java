package dev.winnow.torch;

import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Every operation of a network as calls of libtorch, by the definitions of {@link Operation}.
 * Weighted sums are not here: what they add depends on the row.
 *
 * @param tensors leaves by canonical name
 */
record Operations(Precision precision, Map<String, Tensor> tensors, NormMode norm, Noise noise) {

  /** The node's value {@code [batch, c, h, w]} from those of its inputs. */
  Tensor apply(Node node, List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    Operation operation = node.operation();
    if (operation instanceof Operation.Convolution c) {
      return torch.conv2d(
          x,
          tensors.get(node.name() + ".weight"),
          optional(node, "bias"),
          sides(c.stride()),
          sides(c.padding()),
          sides(c.dilation()),
          c.groups());
    } else if (operation instanceof Operation.BatchNorm b) {
      return norm(b, node, x);
    } else if (operation instanceof Operation.Relu relu) {
      return relu.cap() > 0
          ? torch.hardtanh(x, new Scalar(0.0), new Scalar(relu.cap()))
          : torch.relu(x);
    } else if (operation instanceof Operation.AveragePool p) {
      long[] kernel = sides(p.kernel());
      return torch.avg_pool2d(
          x,
          kernel,
          sides(p.stride()),
          sides(p.padding()),
          false,
          p.countIncludePad(),
          new LongOptional());
    } else if (operation instanceof Operation.MaxPool p) {
      long[] kernel = sides(p.kernel());
      return torch.max_pool2d(
          x, kernel, sides(p.stride()), sides(p.padding()), new long[] {1, 1}, false);
    } else if (operation instanceof Operation.Concat) {
      return torch.cat(new TensorVector(inputs.toArray(Tensor[]::new)), 1);
    } else if (operation instanceof Operation.GlobalAveragePool) {
      return x.mean(new long[] {2, 3}, true, new ScalarTypeOptional());
    } else if (operation instanceof Operation.Linear linear) {
      Tensor weight = tensors.get(node.name() + ".weight");
      Tensor flat = x.reshape(x.size(0), -1);
      return torch
          .linear(flat, weight, optional(node, "bias"))
          .reshape(x.size(0), linear.outputs(), 1, 1);
    } else if (operation instanceof Operation.Zero) {
      Shape s = node.shape();
      return TorchTensors.zeros(precision, x.size(0), s.channels(), s.height(), s.width());
    } else if (operation instanceof Operation.PadCrop p) {
      return torch.constant_pad_nd(x, p.left(), p.right(), p.top(), p.bottom());
    } else if (operation instanceof Operation.ChannelSlice slice) {
      return x.narrow(1, slice.first(), slice.count());
    } else if (operation instanceof Operation.Noise added) {
      double[] drawn = noise.draw(node, Math.toIntExact(x.numel()));
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] *= added.deviation();
      }
      return x.add(TorchTensors.of(drawn, precision, x.numel()).view_as(x));
    }
    throw new AssertionError(operation); // input and sums are the caller's
  }

  private Tensor norm(Operation.BatchNorm b, Node node, Tensor x) {
    if (norm == NormMode.IDENTITY) {
      return x;
    }
    boolean batch = norm == NormMode.BATCH;
    return torch.batch_norm(
        x,
        optional(node, "weight"),
        optional(node, "bias"),
        batch ? new TensorOptional() : optional(node, "running_mean"),
        batch ? new TensorOptional() : optional(node, "running_var"),
        batch,
        b.momentum(),
        b.epsilon(),
        false);
  }

  private TensorOptional optional(Node node, String suffix) {
    Tensor tensor = tensors.get(node.name() + "." + suffix);
    return tensor == null ? new TensorOptional() : new TensorOptional(tensor);
  }

  private static long[] sides(Pair pair) {
    return new long[] {pair.height(), pair.width()};
  }
}
