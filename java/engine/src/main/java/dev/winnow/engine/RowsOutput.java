package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import java.util.ArrayList;
import java.util.List;

/** Rows of some nodes' values, as many as channels where there are. */
final class RowsOutput extends ActivationOutput {
  private final Reading.ActivationRows reading;

  /**
   * @throws IllegalArgumentException for nodes that the graph does not have, and for none
   */
  RowsOutput(NetworkGraph graph, int batch, Reading.ActivationRows reading, winnow_plan plan) {
    super(graph, batch, reading.nodes(), Winnow.WINNOW_ACTIVATION_ROWS, plan);
    this.reading = reading;
  }

  @Override
  int rows(Shape shape) {
    return (int) Math.min((long) batch * shape.height() * shape.width(), shape.channels());
  }

  @Override
  Readings read(long job, Images images) {
    double[] own = numbers(job, 0);
    List<double[][]> matrices = new ArrayList<>();
    int at = 0;
    for (Shape shape : shapes) {
      double[][] matrix = new double[rows(shape)][shape.channels()];
      for (double[] row : matrix) {
        System.arraycopy(own, at, row, 0, row.length);
        at += row.length;
      }
      matrices.add(matrix);
    }
    return new Readings().put(reading, matrices);
  }
}
