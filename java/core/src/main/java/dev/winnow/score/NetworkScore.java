package dev.winnow.score;

import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.data.ImageSet;
import dev.winnow.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;

/**
 * A number about an untrained network: a definition, its direction and the protocol it is published
 * with. Implement it to rank by a score of your own; searches and the scorer know scores only
 * through this interface. Implementations hold no state and are thread-safe.
 */
public interface NetworkScore {

  /** Name on the command line and in tables: lower case, no spaces or commas. */
  String name();

  /** Which values are better. */
  Direction direction();

  /**
   * The network size, initialisation and input that the score is defined on unless the caller says
   * otherwise.
   */
  Protocol protocol(SearchSpace space, ImageSet images);

  /** Statistics that norms normalise with, as it is defined. */
  default NormMode norm() {
    return NormMode.BATCH;
  }

  /** Number type of the plan that it is defined on. */
  default Precision precision() {
    return Precision.FLOAT32;
  }

  /** Name of the draws of weights and images that it sees; scores of one name see the same. */
  default String draws() {
    return name();
  }

  /**
   * The score of every job, each reported as soon as it is final, in job order, on the calling
   * thread. A pure function of the plan's graph and options and the job's row, parameters and
   * images.
   *
   * @throws IllegalArgumentException for jobs that the score is not defined for, before any work
   * @throws dev.winnow.compute.CancelledException when the monitor asked to stop
   */
  void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor);

  /**
   * Several scores of one name of {@link #draws}, this among them. Those that read the same pass
   * share it; by default they do not, and every score computes its own.
   *
   * @param results receives the scores of every job in the order of the list
   */
  default void computeTogether(
      Plan plan,
      List<Job> jobs,
      List<? extends NetworkScore> scores,
      Plan.Results<List<Score>> results,
      Monitor monitor) {
    List<List<Score>> found = new ArrayList<>();
    jobs.forEach(job -> found.add(new ArrayList<>()));
    for (NetworkScore score : scores) {
      score.compute(plan, jobs, (job, value) -> found.get(job).add(value), monitor);
    }
    for (int job = 0; job < jobs.size(); job++) {
      results.accept(job, found.get(job));
    }
  }

  /** The score of one job. */
  default Score compute(Plan plan, Job job) {
    Score[] score = new Score[1];
    compute(plan, List.of(job), (index, value) -> score[0] = value, Monitor.NONE);
    return score[0];
  }
}
