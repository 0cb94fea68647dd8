package dev.winnow.verify;

import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.Supernet;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Rows from recorded alphas, and what of a supernet is there under a row. */
final class Rows {
  /** The published programs do not compute an operation of less weight. */
  private static final double THRESHOLD = 0.01;

  /** They give a pruned operation this alpha. */
  private static final double PRUNED = -1000;

  private Rows() {}

  /**
   * The mixing of TE-NAS: softmax over an edge's operations in the run's own precision; at most
   * 0.01 is absent, and so is an edge all of whose alphas stand for pruned operations.
   *
   * @param alpha row-major [edges · operations]
   */
  static Row softmax(Supernet supernet, double[] alpha, Precision precision) {
    double[] coefficients = new double[supernet.graph().choices()];
    Row.State[] states = new Row.State[coefficients.length];
    Arrays.fill(states, Row.State.SKIP);
    int first = 0;
    for (MixedEdge edge : supernet.edges()) {
      int operations = edge.operations().size();
      double largest = Arrays.stream(alpha, first, first + operations).max().orElseThrow();
      double sum = 0;
      for (int o = 0; o < operations; o++) {
        sum += Math.exp(alpha[first + o] - largest);
      }
      for (int o = 0; o < operations; o++) {
        double weight = Math.exp(alpha[first + o] - largest) / sum;
        if (largest > PRUNED && weight > THRESHOLD) {
          coefficients[edge.choices().get(o)] =
              precision == Precision.FLOAT32 ? (float) weight : weight;
          states[edge.choices().get(o)] = Row.State.RUN;
        }
      }
      first += operations;
    }
    return new Row(coefficients, states);
  }

  /** The live operations of an edge with equal shares, as equal alphas give them. */
  static Row equal(Supernet supernet, boolean[][] alive, Precision precision) {
    double[] alpha =
        Arrays.stream(alive)
            .flatMapToDouble(
                edge ->
                    IntStream.range(0, edge.length)
                        .mapToDouble(o -> edge[o] ? 0 : Double.NEGATIVE_INFINITY))
            .toArray();
    return softmax(supernet, alpha, precision);
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
