package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.data.ImageSet;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A score of how the gradients by the image differ between samples.
 *
 * <p>Row i of the matrix J {@code [n, c·h·w]} is the gradient of the sum of all logits of the batch
 * by image i. With batch statistics, which are differentiated through, other samples' logits are
 * part of it. {@link #compute(Plan, List, List, Plan.Results, Monitor)} computes several scores
 * from one pass, to the same bits as each alone.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for a batch below 2, and for a score that needs
 * labels on images without them.
 */
public abstract class JacobianScore implements NetworkScore {
  private final String name;
  private final int batch;
  private final Initialization initialization;

  JacobianScore(String name, int batch, Initialization initialization) {
    if (batch < 2 || batch > 4096) {
      throw new IllegalArgumentException(name + " batch must be in [2, 4096] but was " + batch);
    }
    this.name = name;
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  /**
   * The score of a matrix.
   *
   * @param jacobian J, {@code [n][c·h·w]}
   * @param labels of the n samples; empty where the score needs none
   * @param classes outputs of the network
   */
  abstract Score of(double[][] jacobian, List<Integer> labels, int classes);

  /** Whether the classes of the images matter. */
  abstract boolean needsLabels();

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public final String draws() {
    return "INPUT_JACOBIAN";
  }

  @Override
  public final Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        initialization,
        new Sampling(Sampling.Kind.IMAGES, batch, 1));
  }

  @Override
  public final void compute(
      Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    compute(plan, jobs, List.of(this), (job, one) -> results.accept(job, one.get(0)), monitor);
  }

  @Override
  public final void computeTogether(
      Plan plan,
      List<Job> jobs,
      List<? extends NetworkScore> scores,
      Plan.Results<List<Score>> results,
      Monitor monitor) {
    compute(plan, jobs, scores.stream().map(JacobianScore.class::cast).toList(), results, monitor);
  }

  /**
   * Several scores of every job, from one pass a job.
   *
   * @param results receives the scores in the order of the list
   */
  public static void compute(
      Plan plan,
      List<Job> jobs,
      List<? extends JacobianScore> scores,
      Plan.Results<List<Score>> results,
      Monitor monitor) {
    check(plan, jobs, scores);
    int n = plan.options().batch();
    int classes = (int) plan.graph().nodes().get(plan.graph().output()).shape().elements();
    double[] ones = new double[n * classes];
    Arrays.fill(ones, 1);
    plan.gradients(
        jobs,
        new Cotangent.Given(new Tensor(new int[] {n, classes}, ones)),
        Plan.NormMode.BATCH,
        true,
        (j, gradients) -> {
          double[][] jacobian = rows(gradients, n);
          List<Integer> labels = jobs.get(j).images().labels();
          List<Score> values = new ArrayList<>();
          scores.forEach(score -> values.add(score.of(jacobian, labels, classes)));
          results.accept(j, values);
        },
        monitor);
  }

  private static double[][] rows(Gradients gradients, int n) {
    double[] all = gradients.input().orElseThrow().values();
    int length = all.length / n;
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = Arrays.copyOfRange(all, i * length, (i + 1) * length);
    }
    return rows;
  }

  private static void check(Plan plan, List<Job> jobs, List<? extends JacobianScore> scores) {
    for (JacobianScore score : scores) {
      if (plan.options().batch() < 2) {
        throw new IllegalArgumentException(
            score.name() + " batch must be in [2, 4096] but was " + plan.options().batch());
      }
      if (score.needsLabels()) {
        jobs.forEach(job -> Labels.require(score, job.images()));
      }
    }
  }
}
