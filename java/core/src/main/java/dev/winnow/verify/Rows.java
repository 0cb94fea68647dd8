package dev.winnow.verify;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.Supernet;
import java.util.Arrays;

/** Rows from recorded alphas, and what of a supernet is there under a row. */
final class Rows {
  /** The published programs do not compute an operation of less weight. */
  private static final float THRESHOLD = 0.01f;

  private Rows() {}

  /**
   * The mixing of TE-NAS: softmax over an edge's operations in float32; at most 0.01 is absent.
   *
   * @param alpha row-major [edges · operations]
   */
  static Row softmax(Supernet supernet, double[] alpha) {
    float[] coefficients = new float[supernet.graph().choices()];
    Row.State[] states = new Row.State[coefficients.length];
    Arrays.fill(states, Row.State.SKIP);
    int first = 0;
    for (MixedEdge edge : supernet.edges()) {
      int operations = edge.operations().size();
      double largest = Arrays.stream(alpha, first, first + operations).max().orElseThrow();
      float sum = 0;
      for (int o = 0; o < operations; o++) {
        sum += (float) Math.exp(alpha[first + o] - largest);
      }
      for (int o = 0; o < operations; o++) {
        float weight = (float) Math.exp(alpha[first + o] - largest) / sum;
        if (weight > THRESHOLD) {
          coefficients[edge.choices().get(o)] = weight;
          states[edge.choices().get(o)] = Row.State.RUN;
        }
      }
      first += operations;
    }
    return new Row(coefficients, states);
  }

  /** Number of units whose sign makes up an activation pattern. */
  static long patternBits(NetworkGraph graph, Row row) {
    return graph.nodes().stream()
        .filter(node -> node.operation() instanceof Operation.Relu && runs(node, row))
        .mapToLong(node -> node.shape().elements())
        .sum();
  }

  /** Number of scalars of the tensors named weight. */
  static long weights(NetworkGraph graph, Row row) {
    return graph.tensors().stream()
        .filter(tensor -> tensor.name().endsWith(".weight"))
        .filter(tensor -> runs(graph.nodes().get(tensor.node()), row))
        .mapToLong(TensorSpec::elements)
        .sum();
  }

  private static boolean runs(Node node, Row row) {
    return node.choice() == NetworkGraph.ALWAYS || row.state(node.choice()) == Row.State.RUN;
  }
}
