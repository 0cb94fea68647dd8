package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/** What a network's blocks send back of random signs. */
final class BlockOutput extends Output<Readings> {
  private final winnow_plan plan;
  private final int batch;
  private final Reading.BlockProducts reading;
  private final LongPointer features;
  private final List<int[]> sides = new ArrayList<>(); // of each block's product
  private final long each;
  private DoublePointer values; // [jobs, each]
  private long capacity;

  /**
   * @throws IllegalArgumentException for a network with fewer than two features
   */
  BlockOutput(NetworkGraph graph, int batch, Reading.BlockProducts reading, winnow_plan plan) {
    this.plan = plan;
    this.batch = batch;
    this.reading = reading;
    List<Integer> nodes = graph.features();
    if (nodes.size() < 2) {
      throw new IllegalArgumentException(
          "blocks lie between features, but the network has " + nodes.size());
    }
    long sum = 0;
    for (int f = 1; f < nodes.size(); f++) {
      Shape from = graph.nodes().get(nodes.get(f - 1)).shape();
      Shape to = graph.nodes().get(nodes.get(f)).shape();
      long rows = from.elements() / ((long) to.height() * to.width());
      sides.add(new int[] {Math.toIntExact(rows), to.channels()});
      sum += 1 + rows * to.channels();
    }
    each = sum;
    features = new LongPointer(nodes.stream().mapToLong(Integer::longValue).toArray());
  }

  @Override
  long bytesPerSample() {
    return Double.BYTES * each / batch + Double.BYTES;
  }

  @Override
  Pointer allocate(long jobs, CallTables tables) {
    capacity = Math.multiplyExact(jobs, each);
    values = new DoublePointer(capacity);
    return values;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    return Winnow.winnow_block_products(
        plan, call, features, sides.size() + 1L, values, capacity, error);
  }

  @Override
  Readings read(long job, Images images) {
    double[] own = new double[Math.toIntExact(each)];
    values.getPointer(job * each).get(own);
    List<Reading.BlockProduct> products = new ArrayList<>();
    int at = 0;
    for (int[] side : sides) {
      double difference = own[at++];
      double[][] product = new double[side[0]][side[1]];
      for (double[] row : product) {
        System.arraycopy(own, at, row, 0, row.length);
        at += row.length;
      }
      products.add(new Reading.BlockProduct(difference, product));
    }
    return new Readings().put(reading, products);
  }

  @Override
  public void close() {
    features.close();
  }
}
