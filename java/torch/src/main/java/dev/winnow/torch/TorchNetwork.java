package dev.winnow.torch;

import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A {@link NetworkGraph} run by libtorch, one operation after the other as the graph says, nothing
 * merged: what PyTorch would compute for the same network. Weights are shared with the native
 * engine by canonical name.
 *
 * <p>Thread-safe; libtorch uses threads of its own ({@link LibTorch#threads}).
 */
public final class TorchNetwork {
  private final NetworkGraph graph;
  private final Precision precision;

  /**
   * @param precision number type of weights, activations and gradients
   */
  public TorchNetwork(NetworkGraph graph, Precision precision) {
    LibTorch.load();
    this.graph = graph;
    this.precision = precision;
  }

  /** The network. */
  public NetworkGraph graph() {
    return graph;
  }

  /**
   * A forward pass of one batch that autograd records.
   *
   * @param row coefficients and states of the choices; {@link Row#NONE} where there are none. A
   *     muted operation runs and is added with weight 0; a blocked one runs on zeros, likewise
   * @param values every tensor of the graph by canonical name; running statistics only where {@code
   *     norm} needs them
   * @param input {@code [batch, channels, height, width]}
   * @return to be closed
   * @throws IllegalArgumentException naming the tensor that is missing or has another shape
   */
  public TorchPass forward(
      Row row,
      Map<String, dev.winnow.tensor.Tensor> values,
      dev.winnow.tensor.Tensor input,
      NormMode norm,
      Noise noise) {
    checkInput(input);
    if (row.size() != graph.choices()) {
      throw new IllegalArgumentException(
          "row must have " + graph.choices() + " choices but has " + row.size());
    }
    return TorchTensors.scoped(
        () -> {
          Map<String, Tensor> leaves = leaves(values, norm);
          Tensor images = TorchTensors.of(input, precision).requires_grad_(true);
          Operations operations = new Operations(precision, leaves, norm, noise);
          return new TorchPass(graph, precision, leaves, run(operations, row, images));
        });
  }

  /** Values by node; null where the row skips the node. */
  private List<Tensor> run(Operations operations, Row row, Tensor images) {
    List<Tensor> values = new ArrayList<>();
    values.add(images);
    for (Node node : graph.nodes().subList(1, graph.nodes().size())) {
      State state = state(row, node.choice());
      if (state == State.SKIP) {
        values.add(null);
      } else if (node.operation() instanceof Operation.WeightedSum sum) {
        values.add(sum(sum, node, row, values, images.size(0)));
      } else {
        List<Tensor> inputs = new ArrayList<>();
        for (int index : node.inputs()) {
          boolean outside = graph.nodes().get(index).choice() != node.choice();
          Tensor value = values.get(index);
          inputs.add(state == State.BLOCK && outside ? torch.zeros_like(value) : value);
        }
        values.add(operations.apply(node, inputs));
      }
    }
    return values;
  }

  private Tensor sum(
      Operation.WeightedSum sum, Node node, Row row, List<Tensor> values, long batch) {
    Shape s = node.shape();
    Tensor total = TorchTensors.zeros(precision, batch, s.channels(), s.height(), s.width());
    for (int k = 0; k < node.inputs().size(); k++) {
      int input = node.inputs().get(k);
      int choice = sum.choices().get(k);
      State state = state(row, choice);
      if (values.get(input) == null || state == State.SKIP) {
        continue;
      }
      double coefficient = choice == NetworkGraph.ALWAYS ? 1 : row.coefficient(choice);
      State source = state(row, graph.nodes().get(input).choice());
      if (state != State.RUN || source == State.BLOCK) {
        coefficient = 0;
      }
      total = total.add(values.get(input).mul(new Scalar(coefficient)));
    }
    return total;
  }

  private static State state(Row row, int choice) {
    return choice == NetworkGraph.ALWAYS ? State.RUN : row.state(choice);
  }

  private Map<String, Tensor> leaves(Map<String, dev.winnow.tensor.Tensor> values, NormMode norm) {
    Map<String, Tensor> leaves = new LinkedHashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      if (!spec.role().learned() && norm != NormMode.RUNNING) {
        continue;
      }
      dev.winnow.tensor.Tensor value = values.get(spec.name());
      int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
      if (value == null || !Arrays.equals(value.shape(), shape)) {
        throw new IllegalArgumentException(
            "tensor "
                + spec.name()
                + " must have shape "
                + spec.shape()
                + " but "
                + (value == null ? "is missing" : "has " + Arrays.toString(value.shape())));
      }
      Tensor leaf = TorchTensors.of(value, precision).requires_grad_(spec.role().learned());
      leaves.put(spec.name(), leaf);
    }
    return leaves;
  }

  private void checkInput(dev.winnow.tensor.Tensor input) {
    Shape expected = graph.nodes().get(0).shape();
    int[] s = input.shape();
    if (s.length != 4
        || s[0] < 1
        || s[1] != expected.channels()
        || s[2] != expected.height()
        || s[3] != expected.width()) {
      throw new IllegalArgumentException(
          "input must be a batch of " + expected + " images but has shape " + Arrays.toString(s));
    }
  }
}
