package dev.winnow.score;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Role;
import dev.winnow.net.TensorSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The layers that published programs sum over: convolutions and linear layers. */
final class Layers {
  private Layers() {}

  /**
   * A term of every layer that a candidate has, by the layer's name in the network's order.
   *
   * @param term of the layer's weight
   */
  static Map<String, Double> terms(NetworkGraph graph, Row row, ToDoubleFunction<TensorSpec> term) {
    Map<String, Double> terms = new LinkedHashMap<>();
    for (TensorSpec tensor : graph.tensors()) {
      Node node = graph.nodes().get(tensor.node());
      boolean weight =
          tensor.role() == Role.CONVOLUTION_WEIGHT || tensor.role() == Role.LINEAR_WEIGHT;
      if (weight && has(node, row)) {
        terms.put(node.name(), term.applyAsDouble(tensor));
      }
    }
    return terms;
  }

  /** Whether a candidate has a node: it does not skip it. */
  static boolean has(Node node, Row row) {
    return node.choice() == NetworkGraph.ALWAYS || row.state(node.choice()) != Row.State.SKIP;
  }
}
