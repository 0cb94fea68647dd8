package dev.winnow.search;

import dev.winnow.score.Score;
import java.util.List;

/**
 * What was measured of a candidate operation: scores of the supernet with it (origin) and without
 * it (candidate), repeat by repeat on the same draws.
 *
 * @param candidate the operation
 * @param ntk condition numbers
 * @param regions region counts
 */
record Removal(Candidate candidate, Pairs ntk, Pairs regions) {

  /** Scores of origin and candidate, one of each per repeat. */
  record Pairs(List<Score> origin, List<Score> candidate) {
    int repeats() {
      return origin.size();
    }
  }
}
