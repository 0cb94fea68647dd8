package dev.winnow.search;

import dev.winnow.space.MixedEdge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which operations of a supernet are still alive, and how rounds shrink it. The operation {@code
 * none} is dead from the start: it is never evaluated and cannot be found.
 */
final class Pruning {
  private final List<MixedEdge> edges;
  private final int pruneNumber;
  private final boolean[][] alive;

  /**
   * @throws IllegalArgumentException for an edge with nothing but {@code none}
   */
  Pruning(List<MixedEdge> edges, int pruneNumber) {
    this.edges = edges;
    this.pruneNumber = pruneNumber;
    this.alive = new boolean[edges.size()][];
    for (int e = 0; e < alive.length; e++) {
      List<String> operations = edges.get(e).operations();
      alive[e] = new boolean[operations.size()];
      for (int o = 0; o < alive[e].length; o++) {
        alive[e][o] = !operations.get(o).equals("none");
      }
      if (live(e) == 0) {
        throw new IllegalArgumentException(
            "edge " + edges.get(e).name() + " has no operation to choose");
      }
    }
  }

  /** A copy of {@code [edge][operation]}. */
  boolean[][] alive() {
    return Arrays.stream(alive).map(boolean[]::clone).toArray(boolean[][]::new);
  }

  /** A copy without one candidate's operation. */
  boolean[][] without(Candidate candidate) {
    boolean[][] copy = alive();
    copy[candidate.edge()][candidate.operation()] = false;
    return copy;
  }

  /** Whether every edge has one operation left. */
  boolean done() {
    return candidates().isEmpty();
  }

  /** Live operations of the edges with more than one, edge by edge. */
  List<Candidate> candidates() {
    List<Candidate> candidates = new ArrayList<>();
    for (int e = 0; e < alive.length; e++) {
      for (int o = 0; o < alive[e].length; o++) {
        if (alive[e][o] && live(e) > 1) {
          MixedEdge edge = edges.get(e);
          candidates.add(new Candidate(edge.name() + "." + edge.operations().get(o), e, o));
        }
      }
    }
    return candidates;
  }

  /** How many operations each edge may lose in this round, so that one is left. */
  int[] limits() {
    int[] limits = new int[alive.length];
    for (int e = 0; e < alive.length; e++) {
      limits[e] = Math.min(pruneNumber, live(e) - 1);
    }
    return limits;
  }

  /** Removes the operation of a candidate. */
  void prune(Candidate candidate) {
    alive[candidate.edge()][candidate.operation()] = false;
  }

  /** Index of the first live operation of each edge. */
  int[] chosen() {
    int[] chosen = new int[alive.length];
    for (int e = 0; e < alive.length; e++) {
      while (!alive[e][chosen[e]]) {
        chosen[e]++;
      }
    }
    return chosen;
  }

  /** Names of the live operations of each edge. */
  List<List<String>> names() {
    List<List<String>> names = new ArrayList<>();
    for (int e = 0; e < alive.length; e++) {
      List<String> live = new ArrayList<>();
      for (int o = 0; o < alive[e].length; o++) {
        if (alive[e][o]) {
          live.add(edges.get(e).operations().get(o));
        }
      }
      names.add(live);
    }
    return names;
  }

  /** Number of candidates of each round from here to the end; it does not depend on decisions. */
  int[] candidatesPerRound() {
    int[] live = new int[alive.length];
    for (int e = 0; e < alive.length; e++) {
      live[e] = live(e);
    }
    List<Integer> counts = new ArrayList<>();
    while (Arrays.stream(live).anyMatch(k -> k > 1)) {
      counts.add(Arrays.stream(live).filter(k -> k > 1).sum());
      for (int e = 0; e < live.length; e++) {
        live[e] -= Math.min(pruneNumber, live[e] - 1);
      }
    }
    return counts.stream().mapToInt(Integer::intValue).toArray();
  }

  private int live(int edge) {
    int live = 0;
    for (boolean operation : alive[edge]) {
      live += operation ? 1 : 0;
    }
    return live;
  }
}
