package dev.winnow.net;

import java.util.List;

/**
 * An immutable directed acyclic graph of {@link Operation operations} with shapes and canonical
 * parameter names: what a space produces and an engine runs.
 */
public final class NetworkGraph {
  private final List<Node> nodes;
  private final int choices;
  private final int output;

  NetworkGraph(List<Node> nodes, int choices, int output) {
    this.nodes = List.copyOf(nodes);
    this.choices = choices;
    this.output = output;
  }

  /** Nodes in topological order; node 0 is the input. */
  public List<Node> nodes() {
    return nodes;
  }

  /** Number of choices a row has; 0 for a stand-alone network. */
  public int choices() {
    return choices;
  }

  /** Index of the node whose value is the logits. */
  public int output() {
    return output;
  }
}
