package dev.winnow.score;

import dev.winnow.compute.Job;
import java.util.List;

/** The streams that scores with random numbers of their own draw from. */
final class Streams {
  private Streams() {}

  /**
   * Refuses jobs without one.
   *
   * @param what the score draws
   * @throws IllegalArgumentException naming the score
   */
  static void require(NetworkScore score, String what, List<Job> jobs) {
    for (Job job : jobs) {
      if (job.noise().isEmpty()) {
        throw new IllegalArgumentException(
            score.name() + " draws " + what + ": a job needs a stream, but one has none");
      }
    }
  }
}
