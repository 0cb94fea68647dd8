package dev.winnow.cli.score;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.CellSpace;
import dev.winnow.space.MixedEdge;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** Architectures of a space. */
public final class Population {
  private Population() {}

  /** Every architecture, once; the first edge's operation changes slowest. */
  public static Iterator<String> all(CellSpace space) {
    return LongStream.range(0, space.size()).mapToObj(n -> architecture(space, n)).iterator();
  }

  private static String architecture(CellSpace space, long number) {
    List<MixedEdge> edges = space.edges();
    int[] chosen = new int[edges.size()];
    for (int e = chosen.length - 1; e >= 0; e--) {
      int operations = edges.get(e).operations().size();
      chosen[e] = (int) (number % operations);
      number /= operations;
    }
    return space.architecture(chosen);
  }

  /**
   * Different random architectures: each edge's operation uniform, repetitions drawn again.
   *
   * @throws IllegalArgumentException for a count not in [1, the space's size]
   */
  public static List<String> sample(CellSpace space, long seed, int count) {
    if (count < 1 || count > space.size()) {
      throw new IllegalArgumentException(
          "--sample must be in [1, " + space.size() + "] but was " + count);
    }
    Philox random = Stream.root(seed).of("score").of("sample").generator();
    Set<String> drawn = new LinkedHashSet<>();
    while (drawn.size() < count) {
      int[] chosen =
          space.edges().stream().mapToInt(e -> random.nextInt(e.operations().size())).toArray();
      drawn.add(space.architecture(chosen));
    }
    return new ArrayList<>(drawn);
  }
}
