package dev.winnow.search;

/**
 * What is scored: in a pruning search the supernet without one operation of one edge, in a sampling
 * search an architecture.
 *
 * @param name {@code <edge>.<operation>}, for example {@code 2-0.nor_conv_3x3}, or an architecture
 * @param edge index among the space's edges; −1 for an architecture
 * @param operation index among the edge's operations; −1 for an architecture
 */
public record Candidate(String name, int edge, int operation) {
  /** An architecture. */
  public static Candidate of(String architecture) {
    return new Candidate(architecture, -1, -1);
  }
}
