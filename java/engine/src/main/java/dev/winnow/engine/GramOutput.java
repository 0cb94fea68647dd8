package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_activation_sink;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_tap;
import dev.winnow.net.NetworkGraph;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/** Sums and products of the channels of some nodes' values, of a forward pass. */
final class GramOutput extends Output<Readings> {
  private final winnow_plan plan;
  private final int batch;
  private final Reading.ActivationGrams reading;
  private final int[] channels; // by node
  private final long each; // numbers of one batch
  private final winnow_tap taps;
  private DoublePointer values; // [jobs, batches of the largest input, each]
  private long capacity;
  private long batches;

  /**
   * @throws IllegalArgumentException for nodes that the graph does not have, and for none
   */
  GramOutput(NetworkGraph graph, int batch, Reading.ActivationGrams reading, winnow_plan plan) {
    this.plan = plan;
    this.batch = batch;
    this.reading = reading;
    List<Integer> nodes = reading.nodes();
    if (nodes.isEmpty()) {
      throw new IllegalArgumentException("activations of no node");
    }
    for (int node : nodes) {
      if (node < 0 || node >= graph.nodes().size()) {
        throw new IllegalArgumentException(
            "node must be in [0, " + (graph.nodes().size() - 1) + "] but was " + node);
      }
    }
    channels = nodes.stream().mapToInt(n -> graph.nodes().get(n).shape().channels()).toArray();
    long sum = 0;
    for (int c : channels) {
      sum += (1L + c) * c;
    }
    each = sum;
    taps = new winnow_tap(channels.length);
    for (int t = 0; t < channels.length; t++) {
      taps.getPointer(t).node(nodes.get(t)).side(Winnow.WINNOW_TAP_AFTER).multiplicity(1);
    }
  }

  @Override
  long bytesPerSample() {
    return Double.BYTES * each / batch + Double.BYTES;
  }

  @Override
  Pointer allocate(long jobs, CallTables tables) {
    batches = tables.largestInput() / batch;
    capacity = Math.multiplyExact(Math.multiplyExact(jobs, batches), each);
    values = new DoublePointer(capacity);
    return values;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    try (winnow_activation_sink sink = new winnow_activation_sink()) {
      Pointer.memset(sink, 0, sink.sizeof());
      sink.kind(Winnow.WINNOW_ACTIVATION_GRAM)
          .taps(taps)
          .tap_count(channels.length)
          .values(values)
          ._capacity(capacity);
      return Winnow.winnow_activations(plan, call, sink, 1, error);
    }
  }

  @Override
  Readings read(long job, Images images) {
    List<double[][]> grams = new ArrayList<>();
    for (int c : channels) {
      grams.add(new double[1 + c][c]);
    }
    for (int b = 0; b < images.samples() / batch; b++) {
      double[] own = new double[Math.toIntExact(each)];
      values.getPointer((job * batches + b) * each).get(own);
      int at = 0;
      for (double[][] gram : grams) {
        for (double[] row : gram) {
          for (int c = 0; c < row.length; c++) {
            row[c] += own[at++];
          }
        }
      }
    }
    return new Readings().put(reading, grams);
  }

  @Override
  public void close() {
    taps.close();
  }
}
