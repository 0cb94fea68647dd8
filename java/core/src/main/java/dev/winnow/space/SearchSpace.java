package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import java.util.Iterator;

/**
 * A set of architectures: how they are written, which of them are the same, and the network that
 * each stands for. Scores, tables and the command line know spaces through this interface; found by
 * {@link java.util.ServiceLoader}. Implementations are immutable and thread-safe.
 *
 * <p>Every method that takes a notation accepts all of the space's notations and throws {@link
 * IllegalArgumentException} naming the place when one is malformed.
 */
public interface SearchSpace {

  /** Name on the command line, for example {@code nas-bench-201}. */
  String name();

  /** Number of architectures, each counted once: those of {@link #architectures}. */
  long size();

  /** A well-known architecture, in the space's own notation. */
  String example();

  /** The space's own notation of an architecture, without commas or line breaks. */
  String notation(String text);

  /** The notation that the space's own programs read; the same as {@link #notation} in most. */
  default String published(String architecture) {
    return notation(architecture);
  }

  /**
   * A form that architectures share when they compute the same function of their weights, where the
   * space knows one; else the notation itself.
   */
  default String canonical(String architecture) {
    return notation(architecture);
  }

  /** Every architecture, once, in a fixed order; of a large space only the first are of use. */
  Iterator<String> architectures();

  /** An architecture drawn uniformly from {@link #architectures}. */
  String sample(Philox random);

  /** Another architecture of the space that differs by one published mutation. */
  String mutate(String architecture, Philox random);

  /**
   * The network of one architecture.
   *
   * @throws IllegalArgumentException also for options that the space does not have
   */
  NetworkGraph network(String architecture, NetworkOptions options);

  /**
   * Size of the full network that the space's benchmark trained on a data set with so many classes.
   */
  NetworkOptions standard(int classes, int imageSide);

  /** Size of the small network on which slow scores are computed unless the caller says more. */
  default NetworkOptions reduced(int classes, Shape image) {
    return new NetworkOptions(3, 1, 3, true, classes, image);
  }

  /** Size of the network without a stem whose linear regions are counted over patches. */
  default NetworkOptions thin(int classes, Shape patch) {
    return new NetworkOptions(patch.channels(), 1, 1, false, classes, patch);
  }
}
