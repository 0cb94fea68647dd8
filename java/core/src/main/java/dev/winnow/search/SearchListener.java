package dev.winnow.search;

import java.util.function.Consumer;

/**
 * Follows a search. All methods are called on the thread that runs it, in a fixed order, and should
 * return quickly; an exception ends the search and reaches the caller. A resumed search reports
 * what it replays too.
 */
public interface SearchListener {
  /** Hears nothing. */
  SearchListener NONE = new SearchListener() {};

  /** Hears of progress only. */
  static SearchListener onProgress(Consumer<Progress> progress) {
    return new SearchListener() {
      @Override
      public void progressed(Progress now) {
        progress.accept(now);
      }
    };
  }

  /** After every evaluation. */
  default void progressed(Progress progress) {}

  /**
   * A candidate has all its evaluations so far; again, with smaller errors, whenever repeats are
   * added.
   *
   * @param round from 1
   */
  default void scored(int round, ScoredCandidate candidate) {}

  /** A round has been decided. */
  default void roundEnded(Round round) {}

  /** The search has ended. */
  default void ended(SearchResult result) {}
}
