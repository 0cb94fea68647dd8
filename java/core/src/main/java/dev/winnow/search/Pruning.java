package dev.winnow.search;

import dev.winnow.space.CellSpace;
import dev.winnow.space.EdgeGroup;
import dev.winnow.space.MixedEdge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which operations of a supernet are still alive, and how rounds shrink it: first to one operation
 * on each edge, then, where the space keeps only some edges of a group, group by group. The
 * operation {@code none} is dead from the start and never evaluated; it takes the place of what an
 * edge loses last.
 */
final class Pruning {
  private static final String NONE = "none";

  private final List<MixedEdge> edges;
  private final List<EdgeGroup> groups;
  private final int pruneNumber;
  private final boolean[][] alive;

  /**
   * @throws IllegalArgumentException for an edge with nothing but {@code none}
   */
  Pruning(CellSpace space, int pruneNumber) {
    this.edges = space.edges();
    this.groups = space.groups();
    this.pruneNumber = pruneNumber;
    this.alive = new boolean[edges.size()][];
    for (int e = 0; e < alive.length; e++) {
      List<String> operations = edges.get(e).operations();
      alive[e] = new boolean[operations.size()];
      for (int o = 0; o < alive[e].length; o++) {
        alive[e][o] = !operations.get(o).equals(NONE);
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
    remove(copy, candidate);
    return copy;
  }

  private void remove(boolean[][] from, Candidate candidate) {
    boolean[] edge = from[candidate.edge()];
    edge[candidate.operation()] = false;
    if (live(edge) == 0) {
      edge[edges.get(candidate.edge()).operations().indexOf(NONE)] = true;
    }
  }

  /** Whether every edge has one operation left, and every group its edges. */
  boolean done() {
    return candidates().isEmpty();
  }

  /** The group that loses edges next; none while an edge has several operations. */
  Optional<EdgeGroup> group() {
    return Arrays.stream(alive).anyMatch(edge -> live(edge) > 1)
        ? Optional.empty()
        : groups.stream().filter(group -> present(group).size() > group.keep()).findFirst();
  }

  /** Edges of a group that are still there. */
  private List<Integer> present(EdgeGroup group) {
    return group.edges().stream()
        .filter(e -> !edges.get(e).operations().get(first(e)).equals(NONE))
        .toList();
  }

  /**
   * Live operations of the edges with more than one, edge by edge; after that those of the edges of
   * the next group.
   */
  List<Candidate> candidates() {
    List<Integer> grouped = group().map(this::present).orElse(List.of());
    List<Candidate> candidates = new ArrayList<>();
    for (int e = 0; e < alive.length; e++) {
      for (int o = 0; o < alive[e].length; o++) {
        if (alive[e][o] && (live(e) > 1 || grouped.contains(e))) {
          MixedEdge edge = edges.get(e);
          candidates.add(new Candidate(edge.name() + "." + edge.operations().get(o), e, o));
        }
      }
    }
    return candidates;
  }

  /**
   * What a round may remove.
   *
   * @param part the part of the network that an edge belongs to, by edge index
   * @param most how many operations each part may lose
   */
  record Limits(int[] part, int[] most) {}

  /** Each edge keeps one operation, or the next group its edges. */
  Limits limits() {
    int[] part = new int[alive.length];
    Optional<EdgeGroup> group = group();
    if (group.isPresent()) {
      return new Limits(part, new int[] {present(group.get()).size() - group.get().keep()});
    }
    int[] most = new int[alive.length];
    for (int e = 0; e < alive.length; e++) {
      part[e] = e;
      most[e] = Math.min(pruneNumber, live(e) - 1);
    }
    return new Limits(part, most);
  }

  /** Removes the operation of a candidate. */
  void prune(Candidate candidate) {
    remove(alive, candidate);
  }

  /** Index of the first live operation of each edge. */
  int[] chosen() {
    int[] chosen = new int[alive.length];
    for (int e = 0; e < alive.length; e++) {
      chosen[e] = first(e);
    }
    return chosen;
  }

  private int first(int edge) {
    int first = 0;
    while (!alive[edge][first]) {
      first++;
    }
    return first;
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
    for (EdgeGroup group : groups) {
      if (present(group).size() > group.keep()) {
        counts.add(present(group).size());
      }
    }
    return counts.stream().mapToInt(Integer::intValue).toArray();
  }

  private int live(int edge) {
    return live(alive[edge]);
  }

  private static int live(boolean[] edge) {
    int live = 0;
    for (boolean operation : edge) {
      live += operation ? 1 : 0;
    }
    return live;
  }
}
