package dev.winnow.engine;

import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/** What a native sink makes of some nodes' values, batch by batch, of a forward pass. */
abstract class ActivationOutput extends Output<Readings> {
  private final winnow_plan plan;
  private final int kind;
  private final long each; // numbers of one batch
  private final ActivationTaps taps;
  private DoublePointer values; // [jobs, batches of the largest input, each]
  private long capacity;
  private long batches;

  /** Samples that share statistics. */
  final int batch;

  /** Of the nodes' values. */
  final List<Shape> shapes;

  /**
   * @param kind of {@code winnow_activation_kind}
   * @throws IllegalArgumentException for nodes that the graph does not have, and for none
   */
  ActivationOutput(NetworkGraph graph, int batch, List<Integer> nodes, int kind, winnow_plan plan) {
    this.plan = plan;
    this.kind = kind;
    this.batch = batch;
    taps = new ActivationTaps(graph, nodes);
    shapes = nodes.stream().map(n -> graph.nodes().get(n).shape()).toList();
    each = shapes.stream().mapToLong(shape -> (long) rows(shape) * shape.channels()).sum();
  }

  /** Rows of the matrix {@code [rows][channels]} that is read of a value. */
  abstract int rows(Shape shape);

  /** The matrices of one batch of a job, one after the other. */
  final double[] numbers(long job, long index) {
    double[] own = new double[Math.toIntExact(each)];
    values.getPointer((job * batches + index) * each).get(own);
    return own;
  }

  @Override
  final long bytesPerSample() {
    return Double.BYTES * each / batch + Double.BYTES;
  }

  @Override
  final Pointer allocate(long jobs, CallTables tables) {
    batches = tables.largestInput() / batch;
    capacity = Math.multiplyExact(Math.multiplyExact(jobs, batches), each);
    values = new DoublePointer(capacity);
    return values;
  }

  @Override
  final int compute(winnow_call call, winnow_error error) {
    return taps.read(plan, call, kind, values, capacity, error);
  }

  @Override
  public final void close() {
    taps.close();
  }
}
