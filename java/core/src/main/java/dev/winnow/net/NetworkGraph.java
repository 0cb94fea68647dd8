package dev.winnow.net;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An immutable directed acyclic graph of {@link Operation operations} with shapes and canonical
 * parameter names: what a space produces and an engine runs. Made by a {@link Builder}, which
 * infers every shape and refuses what the native core would refuse, with the same words.
 */
public final class NetworkGraph {
  /** Choice of a node or summand that belongs to no candidate operation: it is always there. */
  public static final int ALWAYS = -1;

  private static final int MAX_CHOICES = 65_536;
  private static final int MAX_NODES = 1 << 20;
  private static final int MAX_NAME = 1024;

  private final List<Node> nodes;
  private final List<TensorSpec> tensors;
  private final List<Integer> features;
  private final int choices;
  private final int output;
  private final long parameters;
  private final long macs;

  private NetworkGraph(Builder builder, int output) {
    this.nodes = List.copyOf(builder.nodes);
    this.tensors = List.copyOf(builder.tensors);
    this.features = List.copyOf(builder.features);
    this.choices = builder.choices;
    this.output = output;
    this.parameters = builder.parameters;
    this.macs = builder.macs;
  }

  /** A stand-alone network's builder, holding node 0, the input. */
  public static Builder builder(Shape input) {
    return builder(input, 0);
  }

  /**
   * A supernet's builder, holding node 0, the input.
   *
   * @param choices number of candidate operations that a row switches, 0 to 65,536
   */
  public static Builder builder(Shape input, int choices) {
    return new Builder(input, choices);
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

  /**
   * Nodes whose values are the network's features: what its stem puts out, then each of its cells,
   * reductions between cells counted as cells. Ascending; empty where the network has no such
   * parts.
   */
  public List<Integer> features() {
    return features;
  }

  /** Tensors in node order; within a node in the order of {@link Role}. Buffers included. */
  public List<TensorSpec> tensors() {
    return tensors;
  }

  /** Number of learned scalars, every choice included; buffers do not count. */
  public long parameters() {
    return parameters;
  }

  /**
   * Multiply-accumulates of all convolutions and linear layers for one sample, every choice
   * running.
   */
  public long macs() {
    return macs;
  }

  /** Adds nodes in topological order. Not thread-safe; of no use after {@link #build}. */
  public static final class Builder {
    private final List<Node> nodes = new ArrayList<>();
    private final List<TensorSpec> tensors = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final List<Integer> features = new ArrayList<>();
    private final int choices;
    private long parameters;
    private long macs;

    private Builder(Shape input, int choices) {
      if (choices < 0 || choices > MAX_CHOICES) {
        throw new IllegalArgumentException(
            "number of choices must be in [0, " + MAX_CHOICES + "] but was " + choices);
      }
      this.choices = choices;
      add("input", new Operation.Input(input), ALWAYS);
    }

    /**
     * Adds a node.
     *
     * @param name unique in the graph, 1 to 1,024 characters
     * @param choice the candidate operation that it belongs to, {@link #ALWAYS} for none
     * @param inputs indices of nodes that were added before
     * @return its index
     * @throws IllegalArgumentException naming the node and what is wrong with it
     */
    public int add(String name, Operation operation, int choice, int... inputs) {
      int index = nodes.size();
      Place where = new Place(index, name);
      if (index == MAX_NODES) {
        throw new IllegalArgumentException(where + ": a network has at most 1048576 nodes");
      }
      if (name.isEmpty() || name.length() > MAX_NAME) {
        throw new IllegalArgumentException(
            "node " + index + " name length must be in [1, 1024] but was " + name.length());
      }
      if (names.contains(name)) {
        throw new IllegalArgumentException(where + " has the name of an earlier node");
      }
      if ((index == 0) != (operation instanceof Operation.Input)) {
        throw new IllegalArgumentException(where + ": node 0 and only node 0 is the input");
      }
      if (!isChoice(choice)) {
        throw noChoice(choice, where + " choice");
      }
      if (operation instanceof Operation.WeightedSum sum) {
        for (int k = 0; k < sum.choices().size(); k++) {
          if (!isChoice(sum.choices().get(k))) {
            throw noChoice(sum.choices().get(k), where + " choice of input " + k);
          }
        }
      }
      List<Shape> shapes = new ArrayList<>(inputs.length);
      Integer[] boxed = new Integer[inputs.length];
      for (int k = 0; k < inputs.length; k++) {
        if (inputs[k] < 0 || inputs[k] >= index) {
          throw new IllegalArgumentException(
              where
                  + " input "
                  + k
                  + " must be an earlier node in [0, "
                  + (index - 1)
                  + "] but was "
                  + inputs[k]
                  + " (a cycle or a dangling input)");
        }
        shapes.add(nodes.get(inputs[k]).shape());
        boxed[k] = inputs[k];
      }
      Attributes.check(operation, where);
      Shape shape = ShapeInference.infer(operation, shapes, where);
      Node node = new Node(name, operation, List.of(boxed), choice, shape);
      try {
        count(node, NodeTensors.of(node, index, shapes), where);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(where + ": parameters or macs overflow", e);
      }
      names.add(name);
      nodes.add(node);
      return index;
    }

    /**
     * Says that a node's value is the next of the network's {@link #features}.
     *
     * @return the node
     * @throws IllegalArgumentException for a node that was not added or is no later one than the
     *     feature before it
     */
    public int feature(int node) {
      int last = features.isEmpty() ? -1 : features.get(features.size() - 1);
      if (node <= last || node >= nodes.size()) {
        throw new IllegalArgumentException(
            "feature "
                + features.size()
                + " must be a node in ["
                + (last + 1)
                + ", "
                + (nodes.size() - 1)
                + "] but was "
                + node);
      }
      features.add(node);
      return node;
    }

    /** Shape of the value of a node that was added. */
    public Shape shape(int node) {
      return nodes.get(node).shape();
    }

    /**
     * The finished network.
     *
     * @param output index of the node whose value is the logits
     */
    public NetworkGraph build(int output) {
      if (output < 0 || output >= nodes.size()) {
        throw new IllegalArgumentException(
            "output node must be in [0, " + (nodes.size() - 1) + "] but was " + output);
      }
      return new NetworkGraph(this, output);
    }

    private boolean isChoice(int choice) {
      return choice >= ALWAYS && choice < choices;
    }

    private IllegalArgumentException noChoice(int choice, String what) {
      return new IllegalArgumentException(
          what + " must be in [-1, " + (choices - 1) + "] but was " + choice);
    }

    private void count(Node node, List<TensorSpec> owned, Place where) {
      for (TensorSpec tensor : owned) {
        long elements = tensor.elements();
        if (elements > ShapeInference.MAX_ELEMENTS) {
          throw new IllegalArgumentException(
              where + ": tensor " + tensor.name() + " has more than 2^40 elements");
        }
        if (tensor.role() == Role.CONVOLUTION_WEIGHT) {
          long positions = (long) node.shape().height() * node.shape().width();
          macs = Math.addExact(macs, Math.multiplyExact(elements, positions));
        } else if (tensor.role() == Role.LINEAR_WEIGHT) {
          macs = Math.addExact(macs, elements);
        }
        if (tensor.role().learned()) {
          parameters = Math.addExact(parameters, elements);
        }
      }
      tensors.addAll(owned);
    }
  }
}
