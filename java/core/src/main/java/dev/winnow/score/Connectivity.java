package dev.winnow.score;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
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

  /**
   * Whether the sum of the logits over a batch can depend on its images. It does not where norms
   * with batch statistics are the last that is not linear, as in cells of DARTS without pools: a
   * channel of a norm has the same sum over samples and pixels whatever it sees. What is left of
   * derivatives is rounding then.
   */
  static boolean sumVaries(NetworkGraph graph, Row row) {
    List<Node> nodes = graph.nodes();
    boolean[] varies = new boolean[nodes.size()];
    for (int n = 0; n < varies.length; n++) {
      Node node = nodes.get(n);
      varies[n] =
          runs(node.choice(), row)
              && !(node.operation() instanceof Operation.BatchNorm)
              && (!addsUp(nodes, node) || reached(node, row, varies));
    }
    return varies[graph.output()];
  }

  /** Whether a node's sum over samples and pixels follows from those of its inputs. */
  private static boolean addsUp(List<Node> nodes, Node node) {
    Operation operation = node.operation();
    Shape first = node.inputs().isEmpty() ? node.shape() : nodes.get(node.inputs().get(0)).shape();
    return operation instanceof Operation.WeightedSum
        || operation instanceof Operation.Concat
        || operation instanceof Operation.ChannelSlice
        || operation instanceof Operation.GlobalAveragePool
        || operation instanceof Operation.Zero
        || operation instanceof Operation.Noise
        || operation instanceof Operation.Linear && first.height() * first.width() == 1;
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
