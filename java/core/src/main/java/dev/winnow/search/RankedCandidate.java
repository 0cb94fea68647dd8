package dev.winnow.search;

import java.util.List;

/**
 * A candidate's place in the decision of its round.
 *
 * @param scored the candidate and its scores
 * @param ranks one per score, 0 first; halves where ranks are averaged over ties
 * @param position place in the final order, 0 first: pruned first, or in a sampling search best
 * @param pruned whether the round removed it
 */
public record RankedCandidate(
    ScoredCandidate scored, List<Double> ranks, int position, boolean pruned) {
  public RankedCandidate {
    ranks = List.copyOf(ranks);
  }
}
