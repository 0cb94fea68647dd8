package dev.winnow.space;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import java.util.Arrays;
import java.util.List;

/**
 * A network that holds every candidate of a space at once: its mixed edges and the choices (row
 * indices) of their operations.
 *
 * @param graph the network; one choice per (edge, operation), shared by all cells of a type
 * @param edges in the space's own order
 */
public record Supernet(NetworkGraph graph, List<MixedEdge> edges) {
  public Supernet {
    edges = List.copyOf(edges);
  }

  /**
   * The row of a partly pruned supernet as TE-NAS mixes it: the k live operations of an edge run
   * with coefficient float32 1/k, the softmax of equal alphas; the others are absent. A live {@code
   * none} counts in k and adds nothing.
   *
   * @param alive {@code [edge][operation]}
   * @throws IllegalArgumentException for another number of edges or operations, or an edge without
   *     a live operation (let its {@code none} live instead)
   */
  public Row row(boolean[][] alive) {
    if (alive.length != edges.size()) {
      throw new IllegalArgumentException(
          "a row needs " + edges.size() + " edges but got " + alive.length);
    }
    double[] coefficients = new double[graph.choices()];
    Row.State[] states = new Row.State[graph.choices()];
    Arrays.fill(states, Row.State.SKIP);
    for (int e = 0; e < alive.length; e++) {
      MixedEdge edge = edges.get(e);
      if (alive[e].length != edge.operations().size()) {
        throw new IllegalArgumentException(
            "edge "
                + edge.name()
                + " needs "
                + edge.operations().size()
                + " operations but got "
                + alive[e].length);
      }
      int live = 0;
      for (boolean operation : alive[e]) {
        live += operation ? 1 : 0;
      }
      if (live == 0) {
        throw new IllegalArgumentException("edge " + edge.name() + " has no live operation");
      }
      for (int o = 0; o < alive[e].length; o++) {
        if (alive[e][o]) {
          coefficients[edge.choices().get(o)] = 1f / live;
          states[edge.choices().get(o)] = Row.State.RUN;
        }
      }
    }
    return new Row(coefficients, states);
  }
}
