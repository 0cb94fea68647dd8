package dev.winnow.cli.score;

import dev.winnow.random.Philox;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Architectures of a space, handed out one by one. */
public final class Population implements Iterator<String>, AutoCloseable {
  /** What {@link #total} says where nobody knows. */
  public static final long UNKNOWN = -1;

  private final Iterator<String> architectures;
  private final long total;
  private final Source source;
  private String seen; // looked at but not taken, null for none

  private interface Source {
    void close() throws IOException;
  }

  private Population(Iterator<String> architectures, long total, Source source) {
    this.architectures = architectures;
    this.total = total;
    this.source = source;
  }

  /** These. */
  public static Population of(List<String> architectures) {
    return new Population(architectures.iterator(), architectures.size(), () -> {});
  }

  /** Every architecture of the space, in its order. */
  public static Population all(SearchSpace space) {
    return new Population(space.architectures(), space.size(), () -> {});
  }

  /**
   * Different random architectures: the space's own draws, repetitions drawn again.
   *
   * @throws IllegalArgumentException for a count not in [1, the space's size]
   */
  public static Population sample(SearchSpace space, long seed, int count) {
    if (count < 1 || count > space.size()) {
      throw new IllegalArgumentException(
          "--sample must be in [1, " + space.size() + "] but was " + count);
    }
    Philox random = dev.winnow.random.Stream.root(seed).of("score").of("sample").generator();
    Set<String> drawn = new LinkedHashSet<>();
    while (drawn.size() < count) {
      drawn.add(space.sample(random));
    }
    return new Population(drawn.iterator(), count, () -> {});
  }

  /**
   * Those of a file, one a line.
   *
   * @param problems takes a message with file and line for every line that is skipped
   */
  public static Population file(Path file, SearchSpace space, Consumer<String> problems)
      throws IOException {
    ArchitectureFile lines = new ArchitectureFile(file, space, problems);
    return new Population(lines, UNKNOWN, lines::close);
  }

  /**
   * Those of a file that was written from a population, where every line is one.
   *
   * @param total number of lines
   */
  static Population listed(Path file, long total) throws IOException {
    Stream<String> lines = Files.lines(file);
    return new Population(lines.iterator(), total, lines::close);
  }

  /** A part of these; closing it closes these. */
  public Population shard(Shard shard) {
    long size = total == UNKNOWN ? UNKNOWN : shard.size(total);
    return new Population(new Part(this, shard), size, source);
  }

  private static final class Part implements Iterator<String> {
    private final Iterator<String> all;
    private final Shard shard;
    private long number;

    Part(Iterator<String> all, Shard shard) {
      this.all = all;
      this.shard = shard;
    }

    @Override
    public boolean hasNext() {
      while (!shard.holds(number) && all.hasNext()) {
        all.next();
        number++;
      }
      return all.hasNext();
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      number++;
      return all.next();
    }
  }

  /** Number of architectures, or {@link #UNKNOWN}. */
  public long total() {
    return total;
  }

  /** The next architecture, which {@link #next} will still give; empty where there is none. */
  public Optional<String> peek() {
    if (seen == null && architectures.hasNext()) {
      seen = architectures.next();
    }
    return Optional.ofNullable(seen);
  }

  @Override
  public boolean hasNext() {
    return seen != null || architectures.hasNext();
  }

  @Override
  public String next() {
    String next = seen == null ? architectures.next() : seen;
    seen = null;
    return next;
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
