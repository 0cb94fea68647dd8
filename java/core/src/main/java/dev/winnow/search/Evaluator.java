package dev.winnow.search;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.Protocol;
import dev.winnow.score.Score;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Computes one score of one graph's candidates under one protocol, asking the journal first. Search
 * code is the same with and without a journal. The plan is made on first need and then kept.
 */
final class Evaluator implements AutoCloseable {
  private final NetworkScore score;
  private final NetworkGraph graph;
  private final Protocol protocol;
  private final ImageSet images;
  private final Engine engine;
  private final Journal journal;
  private Plan plan;

  Evaluator(
      NetworkScore score,
      NetworkGraph graph,
      Protocol protocol,
      ImageSet images,
      Engine engine,
      Journal journal) {
    this.score = score;
    this.graph = graph;
    this.protocol = protocol;
    this.images = images;
    this.engine = engine;
    this.journal = journal;
  }

  /** Hears of each evaluation once. */
  @FunctionalInterface
  interface Evaluated {
    /**
     * @param index in the list of evaluations
     * @param recalled whether the journal answered
     */
    void accept(int index, Score score, boolean recalled);
  }

  /** Recalled evaluations are reported first, then the computed ones in one call, in order. */
  void evaluate(List<Evaluation> evaluations, Evaluated listener, Monitor monitor) {
    List<Integer> missing = new ArrayList<>();
    for (int i = 0; i < evaluations.size(); i++) {
      Optional<Score> known = journal.recall(evaluations.get(i).job());
      if (known.isPresent()) {
        listener.accept(i, known.get(), true);
      } else {
        missing.add(i);
      }
    }
    if (monitor.cancelled()) {
      throw new CancelledException("the search was asked to stop");
    }
    if (missing.isEmpty()) {
      return;
    }
    Map<Evaluation.Draw, Images> drawn = new HashMap<>();
    List<Job> jobs = new ArrayList<>();
    for (int i : missing) {
      Evaluation evaluation = evaluations.get(i);
      jobs.add(
          new Job(
                  evaluation.row(),
                  evaluation.parameters(),
                  drawn.computeIfAbsent(evaluation.draw(), this::draw))
              .noisy(evaluation.draw().noise()));
    }
    score.compute(
        plan(),
        jobs,
        (job, value) -> {
          int index = missing.get(job);
          journal.record(evaluations.get(index).job(), value);
          listener.accept(index, value, false);
        },
        monitor);
  }

  /** The plan, for results that the journal does not keep. */
  Plan plan() {
    if (plan == null) {
      plan = engine.plan(graph, PlanOptions.batch(protocol.sampling().batch()));
    }
    return plan;
  }

  /** The images of a draw, as the protocol samples them. */
  Images draw(Evaluation.Draw draw) {
    return protocol.draw(images, draw.stream(), draw.number());
  }

  @Override
  public void close() {
    if (plan != null) {
      plan.close();
    }
  }
}
