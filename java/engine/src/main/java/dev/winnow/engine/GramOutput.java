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

/** Sums and products of the channels of some nodes' values. */
final class GramOutput extends ActivationOutput {
  private final Reading.ActivationGrams reading;

  /**
   * @throws IllegalArgumentException for nodes that the graph does not have, and for none
   */
  GramOutput(NetworkGraph graph, int batch, Reading.ActivationGrams reading, winnow_plan plan) {
    super(graph, batch, reading.nodes(), Winnow.WINNOW_ACTIVATION_GRAM, plan);
    this.reading = reading;
  }

  @Override
  int rows(Shape shape) {
    return 1 + shape.channels();
  }

  @Override
  Readings read(long job, Images images) {
    List<double[][]> grams = new ArrayList<>();
    shapes.forEach(shape -> grams.add(new double[rows(shape)][shape.channels()]));
    for (int b = 0; b < images.samples() / batch; b++) {
      double[] own = numbers(job, b);
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
}
