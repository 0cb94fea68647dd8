package dev.winnow.score;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.net.NetworkGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Scores computed together: those that one pass can serve share it, a forward pass that of a
 * backward one. What is read of a pass does not depend on what else is, so a score has the bits
 * that it has alone.
 */
public final class Passes {
  private final Plan plan;
  private final List<Job> jobs;
  private final List<? extends PassScore> scores;
  private final List<Shared> shared = new ArrayList<>();
  private final Map<Integer, LayeredScore[]> values = new HashMap<>(); // by job, unfinished ones

  private Passes(Plan plan, List<Job> jobs, List<? extends PassScore> scores) {
    this.plan = plan;
    this.jobs = jobs;
    this.scores = scores;
    for (int s = 0; s < scores.size(); s++) {
      share(s, true);
    }
    for (int s = 0; s < scores.size(); s++) {
      share(s, false);
    }
  }

  /**
   * Refuses a score that the engine's device cannot compute. Costs no work: searches and the scorer
   * ask it of all their scores before they begin.
   *
   * @throws IllegalArgumentException naming the score, the device and what the device lacks
   */
  public static void require(Engine engine, NetworkGraph graph, NetworkScore score) {
    score
        .refusal(engine, graph)
        .ifPresent(
            why -> {
              throw new IllegalArgumentException(
                  "score " + score.name() + " is not on this device: " + why);
            });
  }

  /**
   * Several scores of every job, each job reported as soon as all its scores are final, in job
   * order, on the calling thread.
   *
   * @param results receives the scores in the order of the list
   * @throws IllegalArgumentException for jobs that one of the scores is not defined for, before any
   *     work
   * @throws dev.winnow.compute.CancelledException when the monitor asked to stop
   */
  public static void compute(
      Plan plan,
      List<Job> jobs,
      List<? extends PassScore> scores,
      Plan.Results<List<LayeredScore>> results,
      Monitor monitor) {
    for (PassScore score : scores) {
      jobs.forEach(job -> Labels.require(score, job.images()));
      score.check(plan, jobs);
    }
    new Passes(plan, jobs, scores).run(results, monitor);
  }

  /** The same of any scores; those that are not made of passes are computed one by one. */
  public static void computeAll(
      Plan plan,
      List<Job> jobs,
      List<? extends NetworkScore> scores,
      Plan.Results<List<Score>> results,
      Monitor monitor) {
    List<PassScore> together = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    Map<Integer, Map<Integer, Score>> found = new TreeMap<>(); // by job, by place
    for (int s = 0; s < scores.size(); s++) {
      int place = s;
      // A flow shares with nothing, and may know a shorter way to its sum.
      if (scores.get(s) instanceof PassScore score && !score.input().equals(PassInput.FLOW)) {
        together.add(score);
        places.add(s);
      } else {
        Plan.Results<Score> own =
            (job, value) -> found.computeIfAbsent(job, j -> new TreeMap<>()).put(place, value);
        scores.get(s).compute(plan, jobs, own, monitor);
      }
    }
    compute(
        plan,
        jobs,
        together,
        (job, all) -> {
          Map<Integer, Score> one = found.computeIfAbsent(job, j -> new TreeMap<>());
          for (int p = 0; p < all.size(); p++) {
            one.put(places.get(p), all.get(p).score());
          }
          results.accept(job, List.copyOf(one.values()));
        },
        monitor);
  }

  /** One pass, and the scores that read it. */
  private static final class Shared {
    private final PassInput input;
    private final List<Integer> readers = new ArrayList<>();
    private Pass pass;

    Shared(PassInput input, Pass pass) {
      this.input = input;
      this.pass = pass;
    }
  }

  /** Passes with a cotangent first: they can serve those without, not the other way round. */
  private void share(int s, boolean backward) {
    PassScore score = scores.get(s);
    Pass pass = score.pass(plan.graph());
    if (pass.cotangent().isPresent() != backward) {
      return;
    }
    for (Shared other : shared) {
      if (other.input.equals(score.input()) && other.pass.serves(pass)) {
        other.pass = other.pass.with(pass);
        other.readers.add(s);
        return;
      }
    }
    Shared own = new Shared(score.input(), pass);
    own.readers.add(s);
    shared.add(own);
  }

  private void run(Plan.Results<List<LayeredScore>> results, Monitor monitor) {
    if (shared.isEmpty()) {
      for (int j = 0; j < jobs.size(); j++) {
        results.accept(j, List.of());
      }
    }
    for (Shared one : shared) {
      boolean last = one == shared.get(shared.size() - 1);
      run(one, last ? results : (job, unfinished) -> {}, last, monitor);
    }
  }

  private void run(
      Shared one, Plan.Results<List<LayeredScore>> results, boolean last, Monitor monitor) {
    List<Job> passes = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (int j = 0; j < jobs.size(); j++) {
      List<Job> own = one.input.jobs(plan, jobs.get(j));
      passes.addAll(own);
      for (int k = 0; k < own.size(); k++) {
        owners.add(j);
      }
    }
    List<PassScore.Reader> readers = new ArrayList<>();
    plan.read(
        passes,
        one.pass,
        (p, readings) -> {
          int job = owners.get(p);
          if (p == 0 || owners.get(p - 1) != job) {
            readers.clear();
            one.readers.forEach(s -> readers.add(scores.get(s).reader(plan, jobs.get(job))));
          }
          readers.forEach(reader -> reader.read(readings));
          if (p + 1 < owners.size() && owners.get(p + 1) == job) {
            return;
          }
          LayeredScore[] found = values.computeIfAbsent(job, j -> new LayeredScore[scores.size()]);
          for (int r = 0; r < readers.size(); r++) {
            found[one.readers.get(r)] = readers.get(r).score();
          }
          if (last) {
            results.accept(job, List.of(values.remove(job)));
          }
        },
        monitor);
  }
}
