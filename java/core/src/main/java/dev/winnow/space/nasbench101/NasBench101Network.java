package dev.winnow.space.nasbench101;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Builds the benchmark's networks: a 3x3 stem, stages of equal cells with a 2x2 maximum pool and
 * twice the channels between two stages, global average pool, classifier. Names: {@code
 * cells.<k>.<vertex>.<operation>} and, for the 1x1 projections of a cell's input, {@code
 * cells.<k>.<vertex>-0.projection}.
 */
final class NasBench101Network {
  /** TensorFlow's momentum 0.997 keeps that part of the old statistics. */
  private static final Operation NORM = new Operation.BatchNorm(true, 1e-5, 0.003);

  private static final Operation POOL = new Operation.MaxPool(Pair.of(3), Pair.of(1), Pair.of(1));
  private static final Operation HALVE = new Operation.MaxPool(Pair.of(2), Pair.of(2), Pair.of(0));

  private final NetworkGraph.Builder graph;
  private final NetworkOptions options;
  private final NasBench101Cell cell;

  NasBench101Network(NetworkOptions options, NasBench101Cell cell) {
    this.graph = NetworkGraph.builder(options.input());
    this.options = options;
    this.cell = cell.pruned();
  }

  NetworkGraph build() {
    int channels = options.channels();
    int x = options.stem() ? graph.feature(convolution("stem", channels, 3, 0)) : 0;
    int k = 0;
    for (int stage = 0; stage < options.stages(); stage++) {
      if (stage > 0) {
        x = halved("downsample." + stage, x);
        channels = Math.multiplyExact(2, channels);
      }
      for (int i = 0; i < options.cellsPerStage(); i++) {
        x = graph.feature(cell("cells." + k++, x, channels));
      }
    }
    x = add("pool", new Operation.GlobalAveragePool(), x);
    return graph.build(add("classifier", new Operation.Linear(options.classes(), true), x));
  }

  /** Pads an odd side at its end; what a ReLU left is not negative, so zeros never win. */
  private int halved(String name, int input) {
    Shape shape = graph.shape(input);
    int bottom = shape.height() % 2;
    int right = shape.width() % 2;
    int x = input;
    if (bottom + right > 0) {
      x = add(name + ".pad", new Operation.PadCrop(0, bottom, 0, right), x);
    }
    return add(name, HALVE, x);
  }

  private int cell(String name, int input, int outputs) {
    int last = cell.vertices() - 1;
    int[] channels = VertexChannels.of(cell, graph.shape(input).channels(), outputs);
    int[] value = new int[last];
    List<Integer> concatenated = new ArrayList<>();
    for (int v = 1; v < last; v++) {
      List<Integer> terms = new ArrayList<>();
      for (int source = 1; source < v; source++) {
        if (cell.hasEdge(source, v)) {
          terms.add(truncated(name + "." + v + "-" + source, value[source], channels[v]));
        }
      }
      if (cell.hasEdge(0, v)) {
        terms.add(projected(name + "." + v, input, channels[v]));
      }
      String vertex = name + "." + v;
      value[v] = operation(vertex, cell.operation(v), sum(vertex, terms), channels[v]);
      if (cell.hasEdge(v, last)) {
        concatenated.add(value[v]);
      }
    }
    List<Integer> terms = new ArrayList<>();
    if (concatenated.size() == 1) {
      terms.add(concatenated.get(0));
    } else if (concatenated.size() > 1) {
      terms.add(add(name + ".concat", new Operation.Concat(), indices(concatenated)));
    }
    if (cell.hasEdge(0, last)) {
      terms.add(projected(name + "." + last, input, outputs));
    }
    return sum(name, terms);
  }

  private int operation(
      String vertex, NasBench101Cell.Operation operation, int input, int channels) {
    String name = vertex + "." + operation.label();
    return switch (operation) {
      case CONV3X3 -> convolution(name, channels, 3, input);
      case CONV1X1 -> convolution(name, channels, 1, input);
      case MAXPOOL3X3 -> add(name, POOL, input);
    };
  }

  private int projected(String vertex, int input, int channels) {
    return convolution(vertex + "-0.projection", channels, 1, input);
  }

  private int truncated(String edge, int value, int channels) {
    return graph.shape(value).channels() == channels
        ? value
        : add(edge + ".slice", new Operation.ChannelSlice(0, channels), value);
  }

  private int sum(String name, List<Integer> terms) {
    if (terms.size() == 1) {
      return terms.get(0);
    }
    List<Integer> always = Collections.nCopies(terms.size(), NetworkGraph.ALWAYS);
    return add(name, new Operation.WeightedSum(always), indices(terms));
  }

  private int convolution(String name, int channels, int kernel, int input) {
    int x = add(name + ".conv", Operation.Convolution.of(channels, kernel, 1, kernel / 2), input);
    return add(name + ".relu", Operation.Relu.STANDARD, add(name + ".bn", NORM, x));
  }

  private int add(String name, Operation operation, int... inputs) {
    return graph.add(name, operation, NetworkGraph.ALWAYS, inputs);
  }

  private static int[] indices(List<Integer> nodes) {
    return nodes.stream().mapToInt(Integer::intValue).toArray();
  }
}
