package dev.winnow.space;

import java.util.List;

/**
 * Edges of which an architecture keeps only some: those into one node of a DARTS cell, for example.
 * An edge that is not kept has the operation {@code none}.
 *
 * @param name cell and node, for example {@code normal.4}
 * @param edges indices among the space's edges
 * @param keep how many of them stay, at least 1
 */
public record EdgeGroup(String name, List<Integer> edges, int keep) {
  public EdgeGroup {
    edges = List.copyOf(edges);
    if (keep < 1 || keep > edges.size()) {
      throw new IllegalArgumentException(
          "group " + name + " of " + edges.size() + " edges cannot keep " + keep);
    }
  }
}
