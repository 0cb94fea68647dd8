package dev.winnow.search;

import java.util.List;

/**
 * One decided round.
 *
 * @param number from 1
 * @param repeats evaluations of each candidate
 * @param stability share of bootstrap resamples of the repeats that prune the same operations; NaN
 *     where the mode does not ask
 * @param origin scores of the supernet that the candidates were compared with; empty in a sampling
 *     search
 * @param candidates in the order of enumeration
 * @param alive names of the operations left on each edge after the round; empty in a sampling
 *     search
 */
public record Round(
    int number,
    int repeats,
    double stability,
    List<Measure> origin,
    List<RankedCandidate> candidates,
    List<List<String>> alive) {
  public Round {
    origin = List.copyOf(origin);
    candidates = List.copyOf(candidates);
    alive = alive.stream().map(List::copyOf).toList();
  }
}
