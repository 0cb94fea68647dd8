package dev.winnow.space.darts;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.space.darts.DartsMacro.Stem;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the networks of the DARTS family: stem, cells, global average pool, classifier. A cell has
 * two inputs (nodes 0 and 1: the outputs of the two cells before it), four intermediate nodes, each
 * a sum over its incoming edges, and the concatenation of these as output. Names are the canonical
 * ones of the golden cases.
 *
 * <p>The factorised reduction shifts its input by one pixel and pads a row and a column of zeros at
 * the far sides, as TE-NAS does; on even sides, the only ones that DARTS has, nothing reads them.
 */
final class DartsNetwork {
  private static final int ALWAYS = NetworkGraph.ALWAYS;
  private static final Operation.BatchNorm PLAIN = new Operation.BatchNorm(false, 1e-5, 0.1);

  private final NetworkGraph.Builder graph;
  private final DartsMacro macro;
  private final Wiring wiring;
  private final Operation.BatchNorm norm;

  /** Which operations feed a node of a cell. */
  interface Wiring {
    /** Operations on the edges into a node, in the order in which they are added up. */
    List<Incoming> into(int node, boolean reduction);
  }

  /**
   * One operation on one edge.
   *
   * @param choice of a supernet's row, or {@link NetworkGraph#ALWAYS}
   */
  record Incoming(int source, DartsOperation operation, int choice) {}

  private DartsNetwork(DartsMacro macro, int choices, Wiring wiring) {
    this.graph = NetworkGraph.builder(macro.input(), choices);
    this.macro = macro;
    this.wiring = wiring;
    this.norm = macro.affine() ? Operation.BatchNorm.STANDARD : PLAIN;
  }

  /**
   * @param choices of a row; 0 for a stand-alone network
   */
  static NetworkGraph build(DartsMacro macro, int choices, Wiring wiring) {
    return new DartsNetwork(macro, choices, wiring).build();
  }

  private NetworkGraph build() {
    int[] last = stem();
    if (last[1] > 0) {
      graph.feature(last[1]);
    }
    boolean reduced = macro.stem() == Stem.IMAGENET;
    int channels = macro.channels();
    for (int k = 0; k < macro.cells().length(); k++) {
      boolean reduction = macro.cells().charAt(k) == 'r';
      channels *= reduction ? 2 : 1;
      String name = "cells." + k;
      int[] node = new int[DartsCell.NODES];
      node[0] = preprocess(name + ".preprocess0", channels, last[0], reduced);
      node[1] = preprocess(name + ".preprocess1", channels, last[1], false);
      last = new int[] {last[1], graph.feature(cell(name, node, reduction))};
      reduced = reduction;
    }
    int x = last[1];
    if (macro.lastNorm()) {
      x = always("last.bn", Operation.BatchNorm.STANDARD, x);
      x = always("last.relu", Operation.Relu.STANDARD, x);
    }
    x = always("pool", new Operation.GlobalAveragePool(), x);
    return graph.build(always("classifier", new Operation.Linear(macro.classes(), true), x));
  }

  /** Both inputs of the first cell. */
  private int[] stem() {
    int width = macro.stemChannels();
    if (macro.stem() == Stem.NONE) {
      return new int[] {0, 0};
    }
    if (macro.stem() == Stem.CIFAR) {
      int x = always("stem.conv", Operation.Convolution.of(width, 3, 1, 1), 0);
      x = always("stem.bn", Operation.BatchNorm.STANDARD, x);
      return new int[] {x, x};
    }
    int x = always("stem0.conv1", Operation.Convolution.of(width / 2, 3, 2, 1), 0);
    x = always("stem0.bn1", Operation.BatchNorm.STANDARD, x);
    x = always("stem0.relu1", Operation.Relu.STANDARD, x);
    x = always("stem0.conv2", Operation.Convolution.of(width, 3, 2, 1), x);
    int larger = always("stem0.bn2", Operation.BatchNorm.STANDARD, x);
    // Not called as the relu of a block stem1: this one is none that programs hook (Hooks).
    x = always("stem0.relu2", Operation.Relu.STANDARD, larger);
    x = always("stem1.conv", Operation.Convolution.of(width, 3, 2, 1), x);
    return new int[] {larger, always("stem1.bn", Operation.BatchNorm.STANDARD, x)};
  }

  private int preprocess(String name, int channels, int source, boolean larger) {
    return larger
        ? factorizedReduction(name, channels, ALWAYS, source)
        : reluConvolutionNorm(name, channels, source);
  }

  /**
   * @param node the inputs; filled with the others
   */
  private int cell(String name, int[] node, boolean reduction) {
    int[] outputs = new int[DartsCell.NODES - DartsCell.INPUTS];
    for (int to = DartsCell.INPUTS; to < node.length; to++) {
      List<Integer> summands = new ArrayList<>();
      List<Integer> choices = new ArrayList<>();
      for (Incoming in : wiring.into(to, reduction)) {
        if (in.operation() != DartsOperation.NONE) {
          int stride = reduction && in.source() < DartsCell.INPUTS ? 2 : 1;
          String edge = name + "." + to + "-" + in.source();
          summands.add(operation(edge, in, node[in.source()], stride));
          choices.add(in.choice());
        }
      }
      int[] inputs = summands.stream().mapToInt(Integer::intValue).toArray();
      node[to] = always(name + "." + to, new Operation.WeightedSum(choices), inputs);
      outputs[to - DartsCell.INPUTS] = node[to];
    }
    return always(name, new Operation.Concat(), outputs);
  }

  private int operation(String edge, Incoming in, int source, int stride) {
    DartsOperation operation = in.operation();
    String name = edge + "." + operation.label();
    int choice = in.choice();
    int channels = graph.shape(source).channels();
    return switch (operation) {
      case NONE -> throw new IllegalArgumentException("an absent edge has no node");
      case SKIP_CONNECT ->
          stride == 1 ? source : factorizedReduction(name, channels, choice, source);
      case SEP_CONV_3X3 -> separable(name, 3, stride, choice, source);
      case SEP_CONV_5X5 -> separable(name, 5, stride, choice, source);
      case DIL_CONV_3X3 -> depthwiseNorm(name, "", 3, stride, 2, choice, source);
      case DIL_CONV_5X5 -> depthwiseNorm(name, "", 5, stride, 2, choice, source);
      case AVG_POOL_3X3 ->
          pool(
              name,
              new Operation.AveragePool(Pair.of(3), Pair.of(stride), Pair.of(1), false),
              choice,
              source);
      case MAX_POOL_3X3 ->
          pool(
              name, new Operation.MaxPool(Pair.of(3), Pair.of(stride), Pair.of(1)), choice, source);
      case NOISE -> {
        int zeros = graph.add(name + ".zero", new Operation.Zero(Pair.of(stride)), choice, source);
        yield graph.add(name, new Operation.Noise(1), choice, zeros);
      }
    };
  }

  private int separable(String name, int kernel, int stride, int choice, int source) {
    int x = depthwiseNorm(name, "1", kernel, stride, 1, choice, source);
    return depthwiseNorm(name, "2", kernel, 1, 1, choice, x);
  }

  /** ReLU, depthwise convolution that keeps the size but for the stride, pointwise, norm. */
  private int depthwiseNorm(
      String name, String suffix, int kernel, int stride, int dilation, int choice, int source) {
    int channels = graph.shape(source).channels();
    Operation depthwise =
        new Operation.Convolution(
            channels,
            Pair.of(kernel),
            Pair.of(stride),
            Pair.of(dilation * (kernel / 2)),
            Pair.of(dilation),
            channels,
            false);
    Operation pointwise = Operation.Convolution.of(channels, 1, 1, 0);
    int x = graph.add(name + ".relu" + suffix, Operation.Relu.STANDARD, choice, source);
    x = graph.add(name + ".dw" + suffix, depthwise, choice, x);
    x = graph.add(name + ".pw" + suffix, pointwise, choice, x);
    return graph.add(name + ".bn" + suffix, norm, choice, x);
  }

  private int pool(String name, Operation pool, int choice, int source) {
    int x = graph.add(name + ".pool", pool, choice, source);
    return macro.poolNorm() ? graph.add(name + ".bn", PLAIN, choice, x) : x;
  }

  private int factorizedReduction(String name, int outputs, int choice, int source) {
    Operation half = Operation.Convolution.of(outputs / 2, 1, 2, 0);
    Operation rest = Operation.Convolution.of(outputs - outputs / 2, 1, 2, 0);
    int x = graph.add(name + ".relu", Operation.Relu.STANDARD, choice, source);
    int shifted = graph.add(name + ".shift", new Operation.PadCrop(-1, 1, -1, 1), choice, x);
    int a = graph.add(name + ".conv1", half, choice, x);
    int b = graph.add(name + ".conv2", rest, choice, shifted);
    x = graph.add(name + ".concat", new Operation.Concat(), choice, a, b);
    return graph.add(name + ".bn", norm, choice, x);
  }

  private int reluConvolutionNorm(String name, int outputs, int source) {
    int x = always(name + ".relu", Operation.Relu.STANDARD, source);
    x = always(name + ".conv", Operation.Convolution.of(outputs, 1, 1, 0), x);
    return always(name + ".bn", norm, x);
  }

  private int always(String name, Operation operation, int... inputs) {
    return graph.add(name, operation, ALWAYS, inputs);
  }
}
