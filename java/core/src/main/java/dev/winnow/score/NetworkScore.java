package dev.winnow.score;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import java.util.List;
import java.util.Optional;

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

  /**
   * What else its values depend on, to be stored beside them: {@code beta=1}; empty where there is
   * nothing.
   */
  default String options() {
    return "";
  }

  /** Whether the class of every image matters; images without classes are refused then. */
  default boolean needsLabels() {
    return false;
  }

  /**
   * Samples that share batch statistics where it is computed on a given number of images, rather
   * than on those of its protocol.
   *
   * @throws IllegalArgumentException for a number that it is not defined for
   */
  default int batchOf(int samples) {
    return samples;
  }

  /**
   * Why an engine's device cannot compute it on a network, naming the device and what it lacks;
   * empty where it can. Costs no work, so that it can be asked before any.
   *
   * @throws IllegalArgumentException for a network that the score is not defined for
   */
  default Optional<String> refusal(Engine engine, NetworkGraph graph) {
    return Optional.empty();
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

  /** The score of one job. */
  default Score compute(Plan plan, Job job) {
    Score[] score = new Score[1];
    compute(plan, List.of(job), (index, value) -> score[0] = value, Monitor.NONE);
    return score[0];
  }
}
