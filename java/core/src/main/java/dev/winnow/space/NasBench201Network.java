package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the networks of NAS-Bench-201: stem, stages of N cells with a residual reduction block
 * between two stages, last batch norm and ReLU, global average pool, classifier. Names are the
 * canonical ones of the golden cases: {@code cells.<k>} counts cells and residual blocks together.
 *
 * <p>Every operation of every edge has nodes of its own, also where several would compute the same
 * ReLU or pool: the graph says what the network is, the engine merges what is equal.
 */
final class NasBench201Network {
  private static final Operation AVERAGE_3X3 =
      new Operation.AveragePool(Pair.of(3), Pair.of(1), Pair.of(1), false);
  private static final Operation AVERAGE_2X2 =
      new Operation.AveragePool(Pair.of(2), Pair.of(2), Pair.of(0), false);

  private final NetworkGraph.Builder graph;
  private final NetworkOptions options;
  private final Edge edge;

  /** What an edge puts between its source and its target. */
  private interface Edge {
    /** Adds the candidate operations' nodes and gives the target its summands. */
    void addTo(Summands target, int source, String cell, int from, int to);
  }

  private NasBench201Network(NetworkOptions options, int choices, Edge edge) {
    if (!options.stem() && options.input().channels() != options.channels()) {
      throw new IllegalArgumentException(
          "without a stem the input must have the cell's "
              + options.channels()
              + " channels but was "
              + options.input());
    }
    this.graph = NetworkGraph.builder(options.input(), choices);
    this.options = options;
    this.edge = edge;
  }

  static NetworkGraph supernet(NetworkOptions options, List<MixedEdge> edges) {
    int choices = edges.stream().mapToInt(e -> e.choices().size()).sum();
    return new NasBench201Network(
            options,
            choices,
            (target, source, cell, from, to) -> {
              MixedEdge mixed = edges.get(NasBench201Cell.edge(to, from));
              for (NasBench201Cell.Operation o : NasBench201Cell.Operation.all()) {
                int choice = mixed.choices().get(o.ordinal());
                target.add(o, choice, source, cell + "." + mixed.name());
              }
            })
        .build();
  }

  static NetworkGraph standAlone(NetworkOptions options, NasBench201Cell architecture) {
    return new NasBench201Network(
            options,
            0,
            (target, source, cell, from, to) ->
                target.add(
                    architecture.operation(to, from),
                    NetworkGraph.ALWAYS,
                    source,
                    cell + "." + to + "-" + from))
        .build();
  }

  private NetworkGraph build() {
    int x = 0;
    if (options.stem()) {
      x = always("stem.conv", Operation.Convolution.of(options.channels(), 3, 1, 1), x);
      x = graph.feature(always("stem.bn", Operation.BatchNorm.STANDARD, x));
    }
    int k = 0;
    for (int stage = 0; stage < options.stages(); stage++) {
      if (stage > 0) {
        x = graph.feature(reduction("cells." + k++, x));
      }
      for (int i = 0; i < options.cellsPerStage(); i++) {
        x = graph.feature(cell("cells." + k++, x));
      }
    }
    x = always("last.bn", Operation.BatchNorm.STANDARD, x);
    x = always("last.relu", Operation.Relu.STANDARD, x);
    x = always("pool", new Operation.GlobalAveragePool(), x);
    return graph.build(always("classifier", new Operation.Linear(options.classes(), true), x));
  }

  private int cell(String name, int input) {
    int[] node = new int[NasBench201Cell.NODES];
    node[0] = input;
    for (int to = 1; to < node.length; to++) {
      Summands summands = new Summands();
      for (int from = 0; from < to; from++) {
        edge.addTo(summands, node[from], name, from, to);
      }
      node[to] = summands.sum(name + "." + to, input);
    }
    return node[node.length - 1];
  }

  /** Halves the resolution and doubles the channels; the shortcut has neither norm nor ReLU. */
  private int reduction(String name, int input) {
    int outputs = 2 * graph.shape(input).channels();
    int always = NetworkGraph.ALWAYS;
    int a =
        reluConvNorm(name + ".conv_a", Operation.Convolution.of(outputs, 3, 2, 1), always, input);
    int b = reluConvNorm(name + ".conv_b", Operation.Convolution.of(outputs, 3, 1, 1), always, a);
    int pooled = always(name + ".shortcut.pool", AVERAGE_2X2, input);
    int shortcut =
        always(name + ".shortcut.conv", Operation.Convolution.of(outputs, 1, 1, 0), pooled);
    return always(name, new Operation.WeightedSum(List.of(always, always)), shortcut, b);
  }

  private int reluConvNorm(String name, Operation.Convolution convolution, int choice, int input) {
    int x = graph.add(name + ".relu", Operation.Relu.STANDARD, choice, input);
    x = graph.add(name + ".conv", convolution, choice, x);
    return graph.add(name + ".bn", Operation.BatchNorm.STANDARD, choice, x);
  }

  private int always(String name, Operation operation, int... inputs) {
    return graph.add(name, operation, NetworkGraph.ALWAYS, inputs);
  }

  /** The terms of one node of a cell, in the order in which they are added up. */
  private final class Summands {
    private final List<Integer> nodes = new ArrayList<>();
    private final List<Integer> choices = new ArrayList<>();

    void add(NasBench201Cell.Operation operation, int choice, int source, String edge) {
      int channels = graph.shape(source).channels();
      String name = edge + "." + operation.label();
      switch (operation) {
        case NONE -> {}
        case SKIP_CONNECT -> add(choice, source);
        case NOR_CONV_1X1 ->
            add(
                choice,
                reluConvNorm(name, Operation.Convolution.of(channels, 1, 1, 0), choice, source));
        case NOR_CONV_3X3 ->
            add(
                choice,
                reluConvNorm(name, Operation.Convolution.of(channels, 3, 1, 1), choice, source));
        case AVG_POOL_3X3 -> add(choice, graph.add(name, AVERAGE_3X3, choice, source));
      }
    }

    private void add(int choice, int node) {
      nodes.add(node);
      choices.add(choice);
    }

    /** A node nothing leads to is zero, in the shape of the cell's input. */
    int sum(String name, int cellInput) {
      if (nodes.isEmpty()) {
        return always(name, new Operation.Zero(Pair.of(1)), cellInput);
      }
      int[] inputs = new int[nodes.size()];
      for (int k = 0; k < inputs.length; k++) {
        inputs[k] = nodes.get(k);
      }
      return always(name, new Operation.WeightedSum(choices), inputs);
    }
  }
}
