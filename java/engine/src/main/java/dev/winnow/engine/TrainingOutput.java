package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.TrainingPass;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import java.util.List;
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
  private final ActivationTaps taps;
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
    this.plan = plan;
    this.sets = sets;
    this.batch = batch;
    taps = new ActivationTaps(graph, List.of(node));
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
    return taps.read(plan, call, Winnow.WINNOW_ACTIVATION_COPY, values, capacity, error);
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

  @Override
  public void close() {
    taps.close();
  }
}
