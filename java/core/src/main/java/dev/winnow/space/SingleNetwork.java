package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import java.util.Iterator;
import java.util.List;

/**
 * A space of one network of one's own, so that every score and the command line can be used on it.
 * It has its own size: options of {@link #network} are not looked at.
 */
public final class SingleNetwork implements SearchSpace {
  private final String label;
  private final NetworkGraph graph;

  /**
   * @param label what the network is called, for example its file
   * @param graph without choices: no supernet
   * @throws IllegalArgumentException for a supernet, or a label with a comma, space or line break
   */
  public SingleNetwork(String label, NetworkGraph graph) {
    if (graph.choices() > 0) {
      throw new IllegalArgumentException(
          label + ": must be one network but is a supernet with " + graph.choices() + " choices");
    }
    if (!label.matches("[^,\\s]+")) {
      throw new IllegalArgumentException(
          "the name of a network must be without commas and spaces but was '" + label + "'");
    }
    this.label = label;
    this.graph = graph;
  }

  @Override
  public String name() {
    return "network";
  }

  @Override
  public long size() {
    return 1;
  }

  /** The network's name. */
  @Override
  public String example() {
    return label;
  }

  @Override
  public String notation(String text) {
    if (!text.equals(label)) {
      throw new IllegalArgumentException(
          "not a network of this space: must be '" + label + "' but was '" + text + "'");
    }
    return label;
  }

  @Override
  public Iterator<String> architectures() {
    return List.of(label).iterator();
  }

  @Override
  public String sample(Philox random) {
    return label;
  }

  /**
   * @throws UnsupportedOperationException always: there is no other network
   */
  @Override
  public String mutate(String architecture, Philox random) {
    throw new UnsupportedOperationException(label + " is the only network of its space");
  }

  @Override
  public NetworkGraph network(String architecture, NetworkOptions options) {
    notation(architecture);
    return graph;
  }

  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return own();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException for images of another shape than the network's input
   */
  @Override
  public NetworkOptions reduced(int classes, Shape image) {
    if (!image.equals(own().input())) {
      throw new IllegalArgumentException(
          label + " takes " + own().input() + " but the images are " + image);
    }
    return own();
  }

  /**
   * {@inheritDoc} The patches are as large as the network's input.
   *
   * @throws IllegalArgumentException unless the network takes square images of one channel
   */
  @Override
  public NetworkOptions thin(int classes, Shape patch) {
    Shape input = own().input();
    if (input.channels() != patch.channels() || input.height() != input.width()) {
      throw new IllegalArgumentException(
          label
              + " takes "
              + input
              + " but regions are counted over square patches of one channel");
    }
    return own();
  }

  private NetworkOptions own() {
    int classes = graph.nodes().get(graph.output()).shape().channels();
    return new NetworkOptions(1, 1, 1, true, classes, graph.nodes().get(0).shape());
  }
}
