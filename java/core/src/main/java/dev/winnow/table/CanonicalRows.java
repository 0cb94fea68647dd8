package dev.winnow.table;

import dev.winnow.space.SearchSpace;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The rows of each canonical form, found by a hash of it; 12 bytes a row. */
final class CanonicalRows {
  private final SearchSpace space;
  private final KeyIndex index;
  private final long[] hashes; // ascending
  private final int[] rows;

  CanonicalRows(SearchSpace space, KeyIndex index) {
    this.space = space;
    this.index = index;
    long[] unsorted = new long[index.size()];
    for (int row = 0; row < unsorted.length; row++) {
      unsorted[row] = hash(space.canonical(index.get(row)));
    }
    this.rows =
        IntStream.range(0, unsorted.length)
            .boxed()
            .sorted((a, b) -> Long.compare(unsorted[a], unsorted[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    this.hashes = Arrays.stream(rows).mapToLong(row -> unsorted[row]).toArray();
  }

  /** The rows of the architecture's canonical form, in the order of the file. */
  int[] of(String architecture) {
    String form = space.canonical(architecture);
    long hash = hash(form);
    int at = Arrays.binarySearch(hashes, hash);
    if (at < 0) {
      return new int[0];
    }
    int from = at;
    while (from > 0 && hashes[from - 1] == hash) {
      from--;
    }
    int to = at;
    while (to < hashes.length && hashes[to] == hash) {
      to++;
    }
    return Arrays.stream(rows, from, to)
        .filter(row -> space.canonical(index.get(row)).equals(form))
        .sorted()
        .toArray();
  }

  /** FNV-1a over the characters. */
  private static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}
