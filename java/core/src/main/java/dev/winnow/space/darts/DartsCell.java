package dev.winnow.space.darts;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One cell of a DARTS architecture. Nodes 0 and 1 are its inputs, each of the nodes 2 to 5 is the
 * sum of two operations on different earlier nodes, and the output is their concatenation.
 *
 * @param inputs two for node 2, two for node 3 and so on; within a node in the order of the sources
 */
public record DartsCell(List<Input> inputs) {
  /** Number of nodes, the cell's inputs included. */
  public static final int NODES = 6;

  /** Nodes that are inputs of the cell. */
  static final int INPUTS = 2;

  /** Operations that enter a node. */
  static final int PER_NODE = 2;

  /** Number of inputs of a cell: two of each intermediate node. */
  public static final int SIZE = (NODES - INPUTS) * PER_NODE;

  /**
   * One operation on one edge.
   *
   * @param operation not {@link DartsOperation#NONE}
   * @param source an earlier node
   */
  public record Input(DartsOperation operation, int source) {
    @Override
    public String toString() {
      return operation.label() + "~" + source;
    }
  }

  /** Sorts the two inputs of each node by their sources. */
  public DartsCell {
    if (inputs.size() != SIZE) {
      throw new IllegalArgumentException(
          "a DARTS cell has " + SIZE + " inputs but got " + inputs.size());
    }
    List<Input> sorted = new ArrayList<>(inputs);
    for (int node = INPUTS; node < NODES; node++) {
      List<Input> own = sorted.subList(PER_NODE * (node - INPUTS), PER_NODE * (node - INPUTS + 1));
      own.sort(Comparator.comparingInt(Input::source));
      check(node, own);
    }
    inputs = List.copyOf(sorted);
  }

  private static void check(int node, List<Input> own) {
    for (Input input : own) {
      if (input.source() < 0 || input.source() >= node) {
        throw new IllegalArgumentException(
            "an input of node "
                + node
                + " must come from a node in [0, "
                + (node - 1)
                + "] but was "
                + input.source());
      }
      if (input.operation() == DartsOperation.NONE) {
        throw new IllegalArgumentException("an input of node " + node + " must not be none");
      }
    }
    if (own.get(0).source() == own.get(1).source()) {
      throw new IllegalArgumentException(
          "the two inputs of node "
              + node
              + " must come from different nodes but both come from "
              + own.get(0).source());
    }
  }

  /** The two inputs of an intermediate node, 2 to 5. */
  public List<Input> into(int node) {
    return inputs.subList(PER_NODE * (node - INPUTS), PER_NODE * (node - INPUTS + 1));
  }

  /**
   * The smallest text, in dictionary order, among the cells that differ from this one only in the
   * numbers of the intermediate nodes. They compute the same function; the channels of the output,
   * and with them the weights that read it, are permuted.
   */
  String canonical() {
    List<String> best = new ArrayList<>();
    relabel(new ArrayList<>(List.of(0, 1)), best);
    return best.get(0);
  }

  /**
   * Extends an order of nodes in every way that keeps sources before targets.
   *
   * @param order old numbers at their new places
   * @param best the smallest text so far
   */
  private void relabel(List<Integer> order, List<String> best) {
    if (order.size() == NODES) {
      List<Input> renamed = new ArrayList<>();
      for (int old : order.subList(INPUTS, NODES)) {
        for (Input input : into(old)) {
          renamed.add(new Input(input.operation(), order.indexOf(input.source())));
        }
      }
      String text = new DartsCell(renamed).toString();
      if (best.isEmpty() || text.compareTo(best.get(0)) < 0) {
        best.clear();
        best.add(text);
      }
      return;
    }
    for (int node = INPUTS; node < NODES; node++) {
      boolean ready = into(node).stream().allMatch(input -> order.contains(input.source()));
      if (ready && !order.contains(node)) {
        order.add(node);
        relabel(order, best);
        order.remove(order.size() - 1);
      }
    }
  }

  /** {@code sep_conv_3x3~0;sep_conv_3x3~1;…}, two inputs for each of the nodes 2 to 5. */
  @Override
  public String toString() {
    return inputs.stream().map(Input::toString).collect(Collectors.joining(";"));
  }
}
