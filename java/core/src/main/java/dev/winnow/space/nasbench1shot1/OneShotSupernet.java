package dev.winnow.space.nasbench1shot1;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Builds the published one-shot network. Each of a cell's blocks is the mixture of its operations
 * on the mixture of its parents, the cell's input projected to its width among them; the output is
 * the concatenation of the weighted blocks plus the weighted, projected input. Two stages are
 * joined by a 2x2 maximum pool that pads by one.
 */
final class OneShotSupernet {
  /** In the order of the published supernet. */
  static final List<String> OPERATIONS =
      List.of("maxpool3x3", "conv3x3-bn-relu", "conv1x1-bn-relu");

  private static final Operation NORM = new Operation.BatchNorm(true, 1e-5, 0.997);
  private static final Operation BARE_NORM = new Operation.BatchNorm(false, 1e-5, 0.1);
  private static final Operation POOL = new Operation.MaxPool(Pair.of(3), Pair.of(1), Pair.of(1));
  private static final Operation HALVE = new Operation.MaxPool(Pair.of(2), Pair.of(2), Pair.of(1));
  private static final int ALWAYS = NetworkGraph.ALWAYS;

  private final NetworkOptions options;
  private final Parents parents;
  private final List<MixedEdge> edges;
  private final NetworkGraph.Builder graph;

  OneShotSupernet(NetworkOptions options, Parents parents) {
    this.options = options;
    this.parents = parents;
    this.edges = edges(parents);
    int choices = edges.stream().mapToInt(e -> e.choices().size()).sum();
    this.graph = NetworkGraph.builder(options.input(), choices);
  }

  /**
   * The operations of each block, then the parents of those that have a choice, the output last.
   */
  private static List<MixedEdge> edges(Parents parents) {
    List<MixedEdge> edges = new ArrayList<>();
    int choice = 0;
    for (int block = 1; block <= parents.blocks(); block++) {
      choice = add(edges, "" + block, OPERATIONS, choice);
    }
    for (int vertex = 1; vertex <= Parents.OUTPUT; vertex++) {
      if (parents.sets(vertex).size() > 1 && parents.of(vertex) > 0) {
        int candidates = vertex == Parents.OUTPUT ? parents.blocks() + 1 : vertex;
        List<String> names = IntStream.range(0, candidates).mapToObj(Integer::toString).toList();
        choice = add(edges, "parents of " + vertex, names, choice);
      }
    }
    return List.copyOf(edges);
  }

  private static int add(List<MixedEdge> edges, String name, List<String> names, int choice) {
    int end = choice + names.size();
    edges.add(new MixedEdge(0, name, names, IntStream.range(choice, end).boxed().toList()));
    return end;
  }

  Supernet build() {
    int channels = options.channels();
    int x = options.stem() ? graph.feature(convolution("stem", channels, 3, ALWAYS, 0)) : 0;
    int k = 0;
    for (int stage = 0; stage < options.stages(); stage++) {
      if (stage > 0) {
        x = add("downsample." + stage, HALVE, ALWAYS, x);
        channels = Math.multiplyExact(2, channels);
      }
      for (int i = 0; i < options.cellsPerStage(); i++) {
        x = graph.feature(cell("cells." + k++, x, channels));
      }
    }
    x = add("last.relu", Operation.Relu.STANDARD, ALWAYS, x);
    x = add("last.conv", Operation.Convolution.of(channels, 1, 1, 0), ALWAYS, x);
    x = add("last.bn", BARE_NORM, ALWAYS, x);
    x = add("pool", new Operation.GlobalAveragePool(), ALWAYS, x);
    x = add("classifier", new Operation.Linear(options.classes(), true), ALWAYS, x);
    return new Supernet(graph.build(x), edges);
  }

  private int cell(String name, int input, int channels) {
    int blocks = parents.blocks();
    int[] value = new int[blocks + 1];
    for (int block = 1; block <= blocks; block++) {
      String vertex = name + "." + block;
      value[0] = convolution(vertex + "-0.projection", channels, 1, ALWAYS, input);
      int mixed = sum(vertex + ".input", value, block, parentChoices(block));
      value[block] = block(vertex, mixed, channels, edges.get(block - 1).choices());
    }
    List<Integer> choices = parentChoices(Parents.OUTPUT);
    int[] weighted = new int[blocks];
    for (int block = 1; block <= blocks; block++) {
      Operation weight = new Operation.WeightedSum(List.of(choices.get(block)));
      weighted[block - 1] = add(name + ".6-" + block, weight, ALWAYS, value[block]);
    }
    int concatenated = add(name + ".concat", new Operation.Concat(), ALWAYS, weighted);
    int projected = convolution(name + ".6-0.projection", blocks * channels, 1, ALWAYS, input);
    Operation output = new Operation.WeightedSum(List.of(choices.get(0), ALWAYS));
    return add(name, output, ALWAYS, projected, concatenated);
  }

  /** The choices that weigh a vertex's candidates; always, where it takes all of them. */
  private List<Integer> parentChoices(int vertex) {
    return edges.stream()
        .filter(edge -> edge.name().equals("parents of " + vertex))
        .findFirst()
        .map(MixedEdge::choices)
        .orElseGet(() -> Collections.nCopies(vertex, ALWAYS));
  }

  private int sum(String name, int[] values, int count, List<Integer> choices) {
    int[] inputs = Arrays.copyOf(values, count);
    boolean same = count == 1 && choices.get(0) == ALWAYS;
    return same ? inputs[0] : add(name, new Operation.WeightedSum(choices), ALWAYS, inputs);
  }

  private int block(String vertex, int input, int channels, List<Integer> choices) {
    String pool = vertex + "." + OPERATIONS.get(0);
    int pooled = add(pool, POOL, choices.get(0), input);
    int normed = add(pool + ".bn", BARE_NORM, choices.get(0), pooled);
    int three = convolution(vertex + "." + OPERATIONS.get(1), channels, 3, choices.get(1), input);
    int one = convolution(vertex + "." + OPERATIONS.get(2), channels, 1, choices.get(2), input);
    return add(vertex, new Operation.WeightedSum(choices), ALWAYS, normed, three, one);
  }

  private int convolution(String name, int channels, int kernel, int choice, int input) {
    Operation convolution = Operation.Convolution.of(channels, kernel, 1, kernel / 2);
    int x = add(name + ".conv", convolution, choice, input);
    x = add(name + ".bn", NORM, choice, x);
    return add(name + ".relu", Operation.Relu.STANDARD, choice, x);
  }

  private int add(String name, Operation operation, int choice, int... inputs) {
    return graph.add(name, operation, choice, inputs);
  }
}
