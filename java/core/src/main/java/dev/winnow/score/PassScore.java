package dev.winnow.score;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Readings;
import dev.winnow.net.NetworkGraph;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A score that is made of what is read of one pass over the network, or of one pass for each batch
 * of its images. It names the pass; {@link Passes} runs it, once for all the scores that it can
 * serve.
 */
public interface PassScore extends NetworkScore {

  /** What the pass sees of a job. */
  default PassInput input() {
    return PassInput.AS_GIVEN;
  }

  /**
   * The pass and what the score reads of it.
   *
   * @throws IllegalArgumentException for a network that the score is not defined for
   */
  Pass pass(NetworkGraph graph);

  /** Takes what is read for one job, on the calling thread. */
  Reader reader(Plan plan, Job job);

  /**
   * Refuses what the score is not defined for, before any work; labels are checked already.
   *
   * @throws IllegalArgumentException naming it
   */
  default void check(Plan plan, List<Job> jobs) {}

  @Override
  default Optional<String> refusal(Engine engine, NetworkGraph graph) {
    return engine.refusal(graph, precision(), pass(graph));
  }

  @Override
  default void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    Passes.compute(
        plan, jobs, List.of(this), (job, one) -> results.accept(job, one.get(0).score()), monitor);
  }

  /** Makes the score of one job. */
  interface Reader {
    /** The next pass: there is one, or one for each batch. */
    void read(Readings readings);

    /** The score, when all passes were read. */
    LayeredScore score();

    /** Of a single pass. */
    static Reader once(Function<Readings, LayeredScore> score) {
      return new Reader() {
        private LayeredScore value;

        @Override
        public void read(Readings readings) {
          value = score.apply(readings);
        }

        @Override
        public LayeredScore score() {
          return value;
        }
      };
    }
  }
}
