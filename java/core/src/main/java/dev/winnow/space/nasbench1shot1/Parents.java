package dev.winnow.space.nasbench1shot1;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * How many parents each vertex of a cell has, out of all vertices before it. Vertices are those of
 * a NAS-Bench-101 cell of seven: 0 is the input, 6 the output, 1 to {@code blocks} carry
 * operations; others are not there.
 *
 * @param counts of the vertices 1 to {@code blocks} and, last, of the output
 */
record Parents(List<Integer> counts) {
  static final int OUTPUT = 6;

  Parents {
    counts = List.copyOf(counts);
  }

  /** Number of vertices with an operation. */
  int blocks() {
    return counts.size() - 1;
  }

  /** Number of parents of a vertex; 0 for a vertex that is not there. */
  int of(int vertex) {
    if (vertex == OUTPUT) {
      return counts.get(blocks());
    }
    return vertex <= blocks() ? counts.get(vertex - 1) : 0;
  }

  /** The sets of parents that a vertex may have, as bits. */
  List<Integer> sets(int vertex) {
    List<Integer> sets = new ArrayList<>();
    int candidates = vertex == OUTPUT ? blocks() + 1 : vertex;
    for (int set = 0; set < 1 << candidates; set++) {
      if (Integer.bitCount(set) == of(vertex)) {
        sets.add(set);
      }
    }
    return sets;
  }

  /**
   * All edge sets without loose ends, in ascending order; parents of the target are bits {@code
   * target · 7} on. Vertices that do not lead to the output have no parents.
   */
  List<Long> edgeSets() {
    TreeSet<Long> found = new TreeSet<>();
    choose(1, 0, found);
    return List.copyOf(found);
  }

  private void choose(int vertex, long edges, TreeSet<Long> found) {
    if (vertex > blocks() && vertex != OUTPUT) {
      choose(OUTPUT, edges, found);
      return;
    }
    for (int set : sets(vertex)) {
      long more = edges | (long) set << 7 * vertex;
      if (vertex == OUTPUT) {
        long kept = pruned(more);
        if (onOnePath(kept)) {
          found.add(kept);
        }
      } else {
        choose(vertex + 1, more, found);
      }
    }
  }

  /** Without the parents of vertices that do not lead to the output. */
  static long pruned(long edges) {
    int needed = 1 << OUTPUT;
    long kept = 0;
    for (int v = OUTPUT; v > 0; v--) {
      if ((needed >>> v & 1) != 0) {
        int set = set(edges, v);
        needed |= set;
        kept |= (long) set << 7 * v;
      }
    }
    return kept;
  }

  /** What the benchmark calls no loose ends: each vertex is a parent of the next. */
  static boolean onOnePath(long edges) {
    int before = 0;
    for (int v = 1; v <= OUTPUT; v++) {
      int set = set(edges, v);
      if (set != 0) {
        if ((set >>> before & 1) == 0) {
          return false;
        }
        before = v;
      }
    }
    return true;
  }

  /** The parents of a vertex, as bits. */
  static int set(long edges, int vertex) {
    return (int) (edges >>> 7 * vertex) & 0x7f;
  }
}
