package dev.winnow.space;

import dev.winnow.random.Philox;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A space of architectures made by choosing one operation on each of several edges. Searches that
 * prune a supernet know spaces through this interface. Unless a space says otherwise, every
 * combination is an architecture; one with {@linkplain #groups groups} overrides what follows from
 * that.
 */
public interface CellSpace extends SearchSpace {

  /** The edges and their operations, {@code none} included, in the published order. */
  List<MixedEdge> edges();

  /**
   * Groups of edges of which an architecture keeps a given number, none being in two groups; empty
   * where all edges stay.
   */
  default List<EdgeGroup> groups() {
    return List.of();
  }

  /** The network that holds every operation of every edge; one choice per (edge, operation). */
  Supernet supernet(NetworkOptions options);

  /** The architecture's notation from the index of the operation chosen on each edge. */
  String architecture(int[] chosen);

  /**
   * The inverse of {@link #architecture}.
   *
   * @throws IllegalArgumentException when the notation is malformed, naming the place
   */
  int[] parse(String architecture);

  @Override
  default String notation(String text) {
    return architecture(parse(text));
  }

  /** The product of the numbers of operations. */
  @Override
  default long size() {
    return edges().stream().mapToLong(e -> e.operations().size()).reduce(1, Math::multiplyExact);
  }

  /** In the order of the chosen indices read as a number; the first edge changes slowest. */
  @Override
  default Iterator<String> architectures() {
    return LongStream.range(0, size()).mapToObj(this::architecture).iterator();
  }

  private String architecture(long number) {
    List<MixedEdge> edges = edges();
    int[] chosen = new int[edges.size()];
    long rest = number;
    for (int e = chosen.length - 1; e >= 0; e--) {
      int operations = edges.get(e).operations().size();
      chosen[e] = (int) (rest % operations);
      rest /= operations;
    }
    return architecture(chosen);
  }

  /** The operation of each edge uniform, first edge first. */
  @Override
  default String sample(Philox random) {
    return architecture(
        edges().stream().mapToInt(e -> random.nextInt(e.operations().size())).toArray());
  }

  /** Another operation, uniform, on one edge, uniform among those that have a choice. */
  @Override
  default String mutate(String architecture, Philox random) {
    int[] chosen = parse(architecture);
    List<MixedEdge> edges = edges();
    int e = random.nextInt(edges.size());
    while (edges.get(e).operations().size() == 1) {
      e = random.nextInt(edges.size());
    }
    int other = random.nextInt(edges.get(e).operations().size() - 1);
    chosen[e] = other < chosen[e] ? other : other + 1;
    return architecture(chosen);
  }
}
