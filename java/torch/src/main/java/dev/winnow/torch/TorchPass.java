package dev.winnow.torch;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.TensorSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A recorded forward pass: its values, and as many backward passes as are asked for. Holds native
 * memory until closed; use by one thread at a time.
 */
public final class TorchPass implements AutoCloseable {
  private static final Set<Role> KERNEL_ROLES =
      Set.of(Role.CONVOLUTION_WEIGHT, Role.LINEAR_WEIGHT, Role.NORM_SCALE);

  private final NetworkGraph graph;
  private final Precision precision;
  private final Map<String, Tensor> leaves;
  private final List<Tensor> values;
  private boolean closed;

  /** Keeps the tensors beyond the scope that they were made in. */
  TorchPass(
      NetworkGraph graph, Precision precision, Map<String, Tensor> leaves, List<Tensor> values) {
    this.graph = graph;
    this.precision = precision;
    this.leaves = leaves;
    this.values = values;
    leaves.values().forEach(Tensor::retainReference);
    values.stream().filter(Objects::nonNull).forEach(Tensor::retainReference);
  }

  /** Logits {@code [batch][outputs]}. */
  public double[][] logits() {
    dev.winnow.tensor.Tensor flat = value(graph.output()).orElseThrow();
    int batch = flat.shape()[0];
    int outputs = flat.values().length / batch;
    double[][] logits = new double[batch][outputs];
    for (int i = 0; i < batch; i++) {
      System.arraycopy(flat.values(), i * outputs, logits[i], 0, outputs);
    }
    return logits;
  }

  /** A node's value {@code [batch, channels, height, width]}; empty where the row skips it. */
  public Optional<dev.winnow.tensor.Tensor> value(int node) {
    requireOpen();
    return TorchTensors.scoped(
        () -> Optional.ofNullable(values.get(node)).map(TorchTensors::toJava));
  }

  /**
   * Gradients of parameters and input. Cost: two forward passes.
   *
   * @throws IllegalArgumentException for a cotangent of every sample, or a loss without its labels
   */
  public Gradients gradients(Cotangent cotangent) {
    requireOpen();
    return TorchTensors.scoped(
        () -> {
          Map<String, Tensor> wanted = learned(role -> true);
          TensorVector by = new TensorVector(wanted.values().toArray(Tensor[]::new));
          by.push_back(values.get(0));
          Tensor[] found = backward(cotangent(cotangent), by);
          Map<String, dev.winnow.tensor.Tensor> parameters = new LinkedHashMap<>();
          int at = 0;
          for (String name : wanted.keySet()) {
            parameters.put(name, TorchTensors.toJava(found[at++]));
          }
          return new Gradients(parameters, Optional.of(TorchTensors.toJava(found[at])));
        });
  }

  /**
   * Neural tangent kernel of summed logits over all tensors named weight, {@code [batch][batch]}:
   * one backward pass for each sample, as the published programs compute it.
   */
  public double[][] tangentKernel() {
    requireOpen();
    return TorchTensors.scoped(
        () -> {
          Tensor logits = values.get(graph.output());
          Map<String, Tensor> weights = learned(KERNEL_ROLES::contains);
          int n = Math.toIntExact(logits.size(0));
          double[][] kernel = new double[n][n];
          if (weights.isEmpty()) {
            return kernel;
          }
          TensorVector by = new TensorVector(weights.values().toArray(Tensor[]::new));
          TensorVector rows = new TensorVector();
          for (int i = 0; i < n; i++) {
            Tensor cotangent = torch.zeros_like(logits);
            cotangent.narrow(0, i, 1).fill_(new Scalar(1.0));
            TensorVector parts = new TensorVector();
            for (Tensor gradient : backward(cotangent, by)) {
              parts.push_back(gradient.reshape(-1).to(ScalarType.Double));
            }
            rows.push_back(torch.cat(parts));
          }
          Tensor jacobian = torch.stack(rows);
          double[] flat = TorchTensors.toJava(jacobian.mm(jacobian.t())).values();
          for (int i = 0; i < n; i++) {
            System.arraycopy(flat, i * n, kernel[i], 0, n);
          }
          return kernel;
        });
  }

  /** Frees everything; harmless a second time. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      leaves.values().forEach(Tensor::releaseReference);
      values.stream().filter(Objects::nonNull).forEach(Tensor::releaseReference);
    }
  }

  private Map<String, Tensor> learned(Predicate<Role> roles) {
    Map<String, Tensor> wanted = new LinkedHashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      if (spec.role().learned() && roles.test(spec.role())) {
        wanted.put(spec.name(), leaves.get(spec.name()));
      }
    }
    return wanted;
  }

  /** Zeros where nothing leads from a tensor to the logits. */
  private Tensor[] backward(Tensor cotangent, TensorVector by) {
    Tensor logits = values.get(graph.output());
    Tensor[] found = new Tensor[Math.toIntExact(by.size())];
    if (!logits.requires_grad()) {
      for (int k = 0; k < found.length; k++) {
        found[k] = torch.zeros_like(by.get(k));
      }
      return found;
    }
    TensorVector gradients =
        torch.grad(
            new TensorVector(logits),
            by,
            new TensorVector(cotangent),
            new BoolOptional(true), // keeps what is recorded for the next pass
            false,
            true);
    for (int k = 0; k < found.length; k++) {
      Tensor gradient = gradients.get(k);
      found[k] = gradient.defined() ? gradient : torch.zeros_like(by.get(k));
    }
    return found;
  }

  private Tensor cotangent(Cotangent cotangent) {
    Tensor logits = values.get(graph.output());
    if (cotangent instanceof Cotangent.Given given) {
      double[] numbers = given.values().values();
      if (numbers.length != logits.numel()) {
        throw new IllegalArgumentException(
            "cotangent must have " + logits.numel() + " elements but has " + numbers.length);
      }
      return TorchTensors.of(numbers, precision, numbers.length).view_as(logits);
    }
    if (cotangent instanceof Cotangent.Ones) {
      return torch.ones_like(logits);
    }
    if (!(cotangent instanceof Cotangent.CrossEntropy loss) || loss.labels().isEmpty()) {
      throw new IllegalArgumentException(
          "cotangent must be given, ones, or of a loss with its labels, but was " + cotangent);
    }
    Tensor leaf = logits.detach().reshape(logits.size(0), -1).requires_grad_(true);
    long[] classes = loss.labels().stream().mapToLong(Integer::longValue).toArray();
    Tensor mean = torch.cross_entropy_loss(leaf, Tensor.create(classes));
    return torch.grad(new TensorVector(mean), new TensorVector(leaf)).get(0).view_as(logits);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("pass is closed");
    }
  }
}
