package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
import java.util.List;

/**
 * A space of architectures made by choosing one operation on each edge of a cell. Searches, scores
 * and the command line know spaces through this interface; found by {@link
 * java.util.ServiceLoader}.
 */
public interface CellSpace {

  /** Name on the command line, for example {@code nas-bench-201}. */
  String name();

  /** Number of architectures. */
  long size();

  /** The edges and their operations, {@code none} included, in the published order. */
  List<MixedEdge> edges();

  /** The network that holds every operation of every edge; one choice per (edge, operation). */
  Supernet supernet(NetworkOptions options);

  /**
   * The network of one architecture.
   *
   * @throws IllegalArgumentException when the notation is malformed, naming the place
   */
  NetworkGraph network(String architecture, NetworkOptions options);

  /** The architecture's notation from the index of the operation chosen on each edge. */
  String architecture(int[] chosen);

  /**
   * The inverse of {@link #architecture}.
   *
   * @throws IllegalArgumentException when the notation is malformed, naming the place
   */
  int[] parse(String architecture);

  /**
   * A form that architectures share when they compute the same function of their weights, where the
   * space knows one; else the notation itself.
   *
   * @throws IllegalArgumentException when the notation is malformed, naming the place
   */
  default String canonical(String architecture) {
    return architecture(parse(architecture));
  }

  /**
   * Size of the full network that the space's benchmark trained on a data set with so many classes.
   */
  NetworkOptions standard(int classes, int imageSide);
}
