package dev.winnow.search;

import java.util.List;

/**
 * A candidate with its scores.
 *
 * @param candidate what was scored
 * @param measures one per score of the search, in its order; TE-NAS has {@code ntk} and {@code
 *     regions}
 */
public record ScoredCandidate(Candidate candidate, List<Measure> measures) {
  public ScoredCandidate {
    measures = List.copyOf(measures);
  }

  /**
   * The measure of a score.
   *
   * @throws IllegalArgumentException for a score that the search does not use
   */
  public Measure measure(String score) {
    return measures.stream()
        .filter(measure -> measure.score().equals(score))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "score must be one of "
                        + measures.stream().map(Measure::score).toList()
                        + " but was '"
                        + score
                        + "'"));
  }
}
