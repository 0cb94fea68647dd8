package dev.winnow.score;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import java.util.List;

/** Whether what a network answers can depend on what it is shown. */
final class Connectivity {
  private Connectivity() {}

  /** Whether a path leads from the input to the logits in the candidate that a row describes. */
  static boolean reachesOutput(NetworkGraph graph, Row row) {
    List<Node> nodes = graph.nodes();
    boolean[] reached = new boolean[nodes.size()];
    for (int n = 0; n < reached.length; n++) {
      reached[n] = runs(nodes.get(n).choice(), row) && reached(nodes.get(n), row, reached);
    }
    return reached[graph.output()];
  }

  private static boolean reached(Node node, Row row, boolean[] reached) {
    Operation operation = node.operation();
    if (operation instanceof Operation.Input) {
      return true;
    }
    if (operation instanceof Operation.Zero) {
      return false;
    }
    for (int k = 0; k < node.inputs().size(); k++) {
      if (passes(node, k, row) && reached[node.inputs().get(k)]) {
        return true;
      }
    }
    return false;
  }

  /** Whether an input of a node is in its value. */
  static boolean passes(Node node, int input, Row row) {
    return !(node.operation() instanceof Operation.WeightedSum sum)
        || adds(sum.choices().get(input), row);
  }

  private static boolean runs(int choice, Row row) {
    return choice == NetworkGraph.ALWAYS
        || row.state(choice) == Row.State.RUN
        || row.state(choice) == Row.State.MUTE;
  }

  private static boolean adds(int choice, Row row) {
    return choice == NetworkGraph.ALWAYS
        || row.state(choice) == Row.State.RUN && row.coefficient(choice) != 0;
  }
}
