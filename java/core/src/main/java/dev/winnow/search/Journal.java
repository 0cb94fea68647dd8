package dev.winnow.search;

import dev.winnow.score.Score;
import java.util.Optional;

/**
 * Remembers the evaluations of a search by job key, so that an interrupted search continues where
 * it was: the search asks before it computes and tells after. Used by one thread.
 */
public interface Journal {
  /** Remembers nothing. */
  Journal NONE =
      new Journal() {
        @Override
        public Optional<Score> recall(String job) {
          return Optional.empty();
        }

        @Override
        public void record(String job, Score score) {}
      };

  /** What was recorded for a job. */
  Optional<Score> recall(String job);

  /** Records a job that {@link #recall} did not know. */
  void record(String job, Score score);

  /** Records a decided round; again for a replayed one. */
  default void roundEnded(Round round) {}
}
