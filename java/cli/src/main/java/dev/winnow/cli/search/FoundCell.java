package dev.winnow.cli.search;

import dev.winnow.net.NetworkGraph;
import dev.winnow.space.CellSpace;
import java.util.List;

/**
 * What is known of an architecture without training it, and from a benchmark that did.
 *
 * @param architecture in the notation that the space's own programs read
 * @param parameters learned scalars of the network that the benchmark trained
 * @param macs multiply-accumulates of one image in that network
 * @param accuracies one per column of the table; empty without a table
 */
public record FoundCell(
    String architecture, long parameters, long macs, List<Accuracy> accuracies) {
  public FoundCell {
    accuracies = List.copyOf(accuracies);
  }

  /** The accuracies that papers report. */
  public List<Accuracy> mainAccuracies() {
    return accuracies.stream().filter(Accuracy::main).toList();
  }

  /**
   * Counts an architecture and looks it up.
   *
   * @param classes outputs of the network
   * @param side height and width of its images
   * @param lookup the benchmark
   */
  public static FoundCell of(
      CellSpace space, String architecture, int classes, int side, Lookup lookup) {
    NetworkGraph graph = space.network(architecture, space.standard(classes, side));
    return new FoundCell(
        space.published(architecture),
        graph.parameters(),
        graph.macs(),
        lookup.accuracies(architecture));
  }

  /** A benchmark table, or none. */
  @FunctionalInterface
  public interface Lookup {
    /** Knows nothing. */
    Lookup NONE = architecture -> List.of();

    /** The accuracies of an architecture in the order of the table's columns. */
    List<Accuracy> accuracies(String architecture);
  }
}
