package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.TrainingPass;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_activation_sink;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_tap;
import dev.winnow.net.NetworkGraph;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A node's values in a forward pass, and the means and variances that the pass leaves in a
 * parameter set of the job's own.
 */
final class TrainingOutput extends Output<TrainingPass> {
  private final winnow_plan plan;
  private final ParameterSets sets;
  private final int batch;
  private final int node;
  private final boolean output;
  private final int elements;
  private CallTables tables;
  private DoublePointer values; // [jobs, samples of the largest input, elements]
  private long capacity;
  private long stride;

  /**
   * @throws IllegalArgumentException for a node that the graph does not have
   */
  TrainingOutput(NetworkGraph graph, int batch, int node, winnow_plan plan, ParameterSets sets) {
    if (node < 0 || node >= graph.nodes().size()) {
      throw new IllegalArgumentException(
          "node must be in [0, " + (graph.nodes().size() - 1) + "] but was " + node);
    }
    this.plan = plan;
    this.sets = sets;
    this.batch = batch;
    this.node = node;
    output = node == graph.output();
    elements = Math.toIntExact(graph.nodes().get(node).shape().elements());
  }

  @Override
  long bytesPerSample() {
    return (long) Double.BYTES * elements + sets.bytesPerSet() / batch;
  }

  @Override
  Pointer allocate(long jobs, CallTables of) {
    tables = of;
    tables.updateStatistics(sets);
    stride = Math.multiplyExact((long) tables.largestInput(), elements);
    capacity = Math.multiplyExact(jobs, stride);
    values = new DoublePointer(capacity);
    return values;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    if (output) { // what every device has
      return Winnow.winnow_forward(plan, call, values, capacity, error);
    }
    try (winnow_tap tap = new winnow_tap();
        winnow_activation_sink sink = new winnow_activation_sink()) {
      tap.node(node).side(Winnow.WINNOW_TAP_AFTER).multiplicity(1);
      Pointer.memset(sink, 0, sink.sizeof());
      sink.kind(Winnow.WINNOW_ACTIVATION_COPY)
          .taps(tap)
          .tap_count(1)
          .values(values)
          ._capacity(capacity);
      return Winnow.winnow_activations(plan, call, sink, 1, error);
    }
  }

  @Override
  TrainingPass read(long job, Images images) {
    double[][] read = new double[images.samples()][elements];
    for (int sample = 0; sample < read.length; sample++) {
      values.getPointer(job * stride + (long) sample * elements).get(read[sample]);
    }
    return new TrainingPass(
        read, sets.values(tables.updated(job), tensor -> !tensor.role().learned()));
  }
}
