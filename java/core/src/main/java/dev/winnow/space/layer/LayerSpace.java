package dev.winnow.space.layer;

import dev.winnow.net.NetworkGraph;
import dev.winnow.space.CellSpace;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A space that chooses one operation for each layer. An architecture is written as one character a
 * layer; the list of numbers that programs print, {@code [0, 2, -1]}, is read too, −1 being the
 * identity.
 */
abstract class LayerSpace implements CellSpace {
  /** Longest part of a malformed notation that a message repeats. */
  private static final int QUOTED = 20;

  private final List<List<LayerOperation>> operations;
  private final List<MixedEdge> edges;

  /**
   * @param operations of each layer, in the published order
   */
  LayerSpace(List<List<LayerOperation>> operations) {
    this.operations = List.copyOf(operations);
    this.edges = new ArrayList<>();
    int choice = 0;
    for (int i = 0; i < operations.size(); i++) {
      List<String> names = operations.get(i).stream().map(LayerOperation::name).toList();
      List<Integer> choices = IntStream.range(choice, choice + names.size()).boxed().toList();
      edges.add(new MixedEdge(0, "layer" + i, names, choices));
      choice += names.size();
    }
  }

  /** What kind of architecture, for messages. */
  abstract String kind();

  /** Stem and whatever comes before the first layer of choice. */
  abstract LayerNetwork begin(NetworkOptions options, int choices);

  /** The layers of choice in a network of this size. */
  abstract List<Layer> layers(NetworkOptions options);

  /** The number in {@code layers.<number>} of the first layer of choice. */
  abstract int firstNumber();

  /** Whether identities count in the numbering of stand-alone networks. */
  abstract boolean numbersIdentities();

  /** Channels of the last convolution. */
  abstract int lastChannels();

  @Override
  public final List<MixedEdge> edges() {
    return List.copyOf(edges);
  }

  @Override
  public final Supernet supernet(NetworkOptions options) {
    requireDepth(options);
    int choices = edges.stream().mapToInt(e -> e.choices().size()).sum();
    LayerNetwork network = begin(options, choices);
    List<Layer> layers = layers(options);
    for (int i = 0; i < edges.size(); i++) {
      String name = "layers." + (firstNumber() + i);
      network.mixed(name, layers.get(i), operations.get(i), edges.get(i).choices());
    }
    return new Supernet(network.head(lastChannels()), edges);
  }

  @Override
  public final NetworkGraph network(String architecture, NetworkOptions options) {
    int[] chosen = parse(architecture);
    requireDepth(options);
    LayerNetwork network = begin(options, 0);
    List<Layer> layers = layers(options);
    int number = firstNumber();
    for (int i = 0; i < chosen.length; i++) {
      LayerOperation operation = operations.get(i).get(chosen[i]);
      network.layer("layers." + number, layers.get(i), operation);
      number += numbersIdentities() || !operation.isIdentity() ? 1 : 0;
    }
    return network.head(lastChannels());
  }

  private void requireDepth(NetworkOptions options) {
    int stages = standard(1, 32).stages();
    if (options.cellsPerStage() != 1 || options.stages() != stages) {
      throw new IllegalArgumentException(
          "a "
              + kind()
              + " has a fixed depth: cellsPerStage must be 1 and stages "
              + stages
              + " but they were "
              + options.cellsPerStage()
              + " and "
              + options.stages());
    }
  }

  @Override
  public final String architecture(int[] chosen) {
    if (chosen.length != operations.size()) {
      throw new IllegalArgumentException(
          "a " + kind() + " has " + operations.size() + " layers but got " + chosen.length);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < chosen.length; i++) {
      List<LayerOperation> known = operations.get(i);
      if (chosen[i] < 0 || chosen[i] >= known.size()) {
        throw new IllegalArgumentException(
            "operation index of layer "
                + i
                + " must be in [0, "
                + (known.size() - 1)
                + "] but was "
                + chosen[i]);
      }
      text.append(known.get(chosen[i]).symbol());
    }
    return text.toString();
  }

  @Override
  public final int[] parse(String architecture) {
    List<String> words = words(architecture.strip());
    int[] chosen = new int[operations.size()];
    for (int i = 0; i < chosen.length; i++) {
      if (i == words.size()) {
        throw malformed(i, "there must be " + chosen.length + " layers", architecture);
      }
      chosen[i] = index(i, words.get(i), architecture);
    }
    if (words.size() > chosen.length) {
      throw malformed(chosen.length, "there must be " + chosen.length + " layers", architecture);
    }
    return chosen;
  }

  /**
   * Layers of one shape with their identities at the end: they have no weights, so it is the same.
   */
  static String identitiesLast(String layers, String identity) {
    String kept = layers.replace(identity, "");
    return kept + identity.repeat(layers.length() - kept.length());
  }

  private static List<String> words(String text) {
    if (text.startsWith("[") && text.endsWith("]")) {
      String inside = text.substring(1, text.length() - 1);
      return List.of(inside.strip().split("\\s*,\\s*", -1)).stream()
          .map(word -> word.equals("-1") ? "-" : word)
          .toList();
    }
    return text.codePoints().mapToObj(Character::toString).toList();
  }

  private int index(int layer, String word, String architecture) {
    List<LayerOperation> known = operations.get(layer);
    for (int o = 0; o < known.size(); o++) {
      if (word.equals(Character.toString(known.get(o).symbol()))) {
        return o;
      }
    }
    String all =
        String.join(", ", known.stream().map(o -> o.symbol() + " (" + o.name() + ")").toList());
    throw malformed(layer, "'" + shortened(word) + "' must be one of " + all, architecture);
  }

  private IllegalArgumentException malformed(int layer, String what, String architecture) {
    return new IllegalArgumentException(
        "not a "
            + kind()
            + ": layer "
            + layer
            + ": "
            + what
            + " in '"
            + shortened(architecture)
            + "'");
  }

  private static String shortened(String text) {
    return text.length() <= 6 * QUOTED ? text : text.substring(0, QUOTED) + "…";
  }
}
