package dev.winnow.space.layer;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds a chain of layers: stem, layers, a last 1x1 convolution, global average pool, classifier.
 * Every convolution is followed by batch norm. Names are the canonical ones of the golden cases.
 */
final class LayerNetwork {
  private final NetworkGraph.Builder graph;
  private final NetworkOptions options;
  private final Operation.Relu activation;
  private int end;

  LayerNetwork(NetworkOptions options, int choices, Operation.Relu activation) {
    this.graph = NetworkGraph.builder(options.input(), choices);
    this.options = options;
    this.activation = activation;
  }

  LayerNetwork stem(int stride) {
    if (options.stem()) {
      int always = NetworkGraph.ALWAYS;
      Operation convolution = Operation.Convolution.of(options.channels(), 3, stride, 1);
      end = graph.feature(activated("stem", convolution, always, end));
    }
    return this;
  }

  /** The layer is this operation; an identity that changes nothing has no node. */
  void layer(String name, Layer layer, LayerOperation operation) {
    int next = operation(name, layer, operation, NetworkGraph.ALWAYS);
    end = next == end ? end : graph.feature(next);
  }

  /** The layer is the weighted sum of all operations. */
  void mixed(String name, Layer layer, List<LayerOperation> operations, List<Integer> choices) {
    List<Integer> summands = new ArrayList<>();
    for (int o = 0; o < operations.size(); o++) {
      summands.add(operation(name, layer, operations.get(o), choices.get(o)));
    }
    int[] inputs = summands.stream().mapToInt(Integer::intValue).toArray();
    Operation sum = new Operation.WeightedSum(choices);
    end = graph.feature(graph.add(name, sum, NetworkGraph.ALWAYS, inputs));
  }

  NetworkGraph head(int channels) {
    int always = NetworkGraph.ALWAYS;
    int x = activated("last", Operation.Convolution.of(channels, 1, 1, 0), always, end);
    x = graph.add("pool", new Operation.GlobalAveragePool(), always, x);
    Operation linear = new Operation.Linear(options.classes(), true);
    return graph.build(graph.add("classifier", linear, always, x));
  }

  private int operation(String layerName, Layer layer, LayerOperation operation, int choice) {
    String name = layerName + "." + operation.name();
    int inputs = graph.shape(end).channels();
    boolean keepsShape = layer.stride() == 1 && layer.outputs() == inputs;
    if (operation.isIdentity()) {
      Operation convolution = Operation.Convolution.of(layer.outputs(), 1, layer.stride(), 0);
      return keepsShape ? end : normed(name + ".downsample", convolution, choice, end);
    }
    int x = end;
    int width = inputs * operation.ratio();
    if (operation.ratio() > 1) {
      x = activated(name + ".expand", Operation.Convolution.of(width, 1, 1, 0), choice, x);
    }
    Pair kernel = Pair.of(operation.kernel());
    Pair padding = Pair.of(operation.kernel() / 2);
    Operation depthwise =
        new Operation.Convolution(
            width, kernel, Pair.of(layer.stride()), padding, Pair.of(1), width, false);
    x = activated(name + ".dw", depthwise, choice, x);
    x = normed(name + ".project", Operation.Convolution.of(layer.outputs(), 1, 1, 0), choice, x);
    if (!keepsShape) {
      return x;
    }
    int always = NetworkGraph.ALWAYS;
    return graph.add(name, new Operation.WeightedSum(List.of(always, always)), choice, end, x);
  }

  private int activated(String name, Operation convolution, int choice, int input) {
    return graph.add(name + ".relu", activation, choice, normed(name, convolution, choice, input));
  }

  private int normed(String name, Operation convolution, int choice, int input) {
    int x = graph.add(name + ".conv", convolution, choice, input);
    return graph.add(name + ".bn", Operation.BatchNorm.STANDARD, choice, x);
  }
}
