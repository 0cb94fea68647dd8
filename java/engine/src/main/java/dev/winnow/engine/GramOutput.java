package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
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
  private final ActivationTaps taps;
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
    taps = new ActivationTaps(graph, nodes);
    channels = nodes.stream().mapToInt(n -> graph.nodes().get(n).shape().channels()).toArray();
    long sum = 0;
    for (int c : channels) {
      sum += (1L + c) * c;
    }
    each = sum;
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
    return taps.read(plan, call, Winnow.WINNOW_ACTIVATION_GRAM, values, capacity, error);
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
