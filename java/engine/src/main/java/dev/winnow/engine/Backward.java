package dev.winnow.engine;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Images;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_cotangents;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_gradient_sink;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/** Gradients of every learned tensor, and of the input where asked, for one cotangent. */
final class Backward extends Output<Gradients> implements AutoCloseable {
  private static final int ROLES = roles();

  private final NetworkGraph graph;
  private final int batch;
  private final Cotangent cotangent;
  private final boolean input;
  private final winnow_plan plan;
  private final winnow_cotangents cotangents = new winnow_cotangents();
  private DoublePointer given;
  private DoublePointer values; // the parameters of all jobs, then the inputs of all jobs
  private long jobs;

  /**
   * @throws IllegalArgumentException for a cotangent that does not fit the logits
   */
  Backward(NetworkGraph graph, int batch, Cotangent cotangent, boolean input, winnow_plan plan) {
    this.graph = graph;
    this.batch = batch;
    this.cotangent = cotangent;
    this.input = input;
    this.plan = plan;
    Pointer.memset(cotangents, 0, cotangents.sizeof());
    cotangents
        .size(cotangents.sizeof())
        .node(-1)
        .stop(-1)
        .count(1)
        .want_input_gradient(input ? 1 : 0);
    if (cotangent instanceof Cotangent.CrossEntropy entropy) {
      checkLabels(entropy.labels());
      cotangents.kind(Winnow.WINNOW_COTANGENT_CROSS_ENTROPY);
    } else if (cotangent instanceof Cotangent.Given tensor) {
      double[] numbers = tensor.values().values();
      checkLength("cotangent", numbers.length, batch * outputs());
      given = new DoublePointer(numbers);
      cotangents.kind(Winnow.WINNOW_COTANGENT_GIVEN).dtype(Winnow.WINNOW_F64).values(given);
    }
  }

  @Override
  long bytesPerSample() {
    return Double.BYTES * (graph.parameters() + batch * inputs()) / batch;
  }

  @Override
  Pointer allocate(long count, CallTables tables) {
    jobs = count;
    if (cotangent instanceof Cotangent.CrossEntropy entropy) {
      tables.labels(entropy.labels());
    }
    long each = graph.parameters() + (input ? batch * inputs() : 0);
    values = new DoublePointer(Math.multiplyExact(count, each));
    return values;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    long parameters = jobs * graph.parameters();
    try (winnow_gradient_sink sinks = new winnow_gradient_sink(2)) {
      sinks
          .position(0)
          .kind(Winnow.WINNOW_SINK_COPY)
          .roles(ROLES)
          .values(values.position(0))
          ._capacity(parameters);
      sinks
          .position(1)
          .kind(Winnow.WINNOW_SINK_INPUT_COPY)
          .roles(0)
          .values(values.position(parameters))
          ._capacity(jobs * batch * inputs());
      values.position(0);
      return Winnow.winnow_backward(
          plan, call, cotangents, sinks.position(0), input ? 2 : 1, error);
    }
  }

  @Override
  Gradients read(long job, Images images) {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    long at = job * graph.parameters();
    for (TensorSpec tensor : graph.tensors()) {
      if (tensor.role().learned()) {
        int[] shape = tensor.shape().stream().mapToInt(Integer::intValue).toArray();
        parameters.put(tensor.name(), new Tensor(shape, read(at, tensor.elements())));
        at += tensor.elements();
      }
    }
    if (!input) {
      return new Gradients(parameters, Optional.empty());
    }
    Shape shape = graph.nodes().get(0).shape();
    int[] sides = {batch, shape.channels(), shape.height(), shape.width()};
    double[] numbers = read(jobs * graph.parameters() + job * batch * inputs(), batch * inputs());
    return new Gradients(parameters, Optional.of(new Tensor(sides, numbers)));
  }

  @Override
  public void close() {
    cotangents.close();
    if (given != null) {
      given.close();
    }
  }

  private double[] read(long from, long count) {
    double[] numbers = new double[Math.toIntExact(count)];
    values.position(from).get(numbers);
    values.position(0);
    return numbers;
  }

  private long inputs() {
    return graph.nodes().get(0).shape().elements();
  }

  private long outputs() {
    return graph.nodes().get(graph.output()).shape().elements();
  }

  private void checkLabels(List<Integer> labels) {
    checkLength("labels", labels.size(), batch);
    for (int i = 0; i < labels.size(); i++) {
      if (labels.get(i) < 0 || labels.get(i) >= outputs()) {
        throw new IllegalArgumentException(
            "label of sample "
                + i
                + " must be in [0, "
                + (outputs() - 1)
                + "] but was "
                + labels.get(i));
      }
    }
  }

  private static void checkLength(String what, long length, long expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          what + " must have " + expected + " elements but has " + length);
    }
  }

  private static int roles() {
    int roles = 0;
    for (Role role : Role.values()) {
      roles |= role.learned() ? 1 << role.ordinal() : 0;
    }
    return roles;
  }
}
