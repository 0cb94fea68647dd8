package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
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
}
