package dev.winnow.cli.score;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Architectures of a space. */
public final class Population {
  private Population() {}

  /**
   * Different random architectures: the space's own draws, repetitions drawn again.
   *
   * @throws IllegalArgumentException for a count not in [1, the space's size]
   */
  public static List<String> sample(SearchSpace space, long seed, int count) {
    if (count < 1 || count > space.size()) {
      throw new IllegalArgumentException(
          "--sample must be in [1, " + space.size() + "] but was " + count);
    }
    Philox random = Stream.root(seed).of("score").of("sample").generator();
    Set<String> drawn = new LinkedHashSet<>();
    while (drawn.size() < count) {
      drawn.add(space.sample(random));
    }
    return new ArrayList<>(drawn);
  }
}
