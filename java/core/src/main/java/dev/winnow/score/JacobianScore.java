package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A score of how the gradients by the image differ between samples.
 *
 * <p>Row i of the matrix J {@code [n, c·h·w]} is the gradient of the sum of all logits of the batch
 * by image i. With batch statistics, which are differentiated through, other samples' logits are
 * part of it. All such scores read one pass.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for a batch below 2, and for a score that needs
 * labels on images without them.
 */
public abstract class JacobianScore implements PassScore {
  private static final Reading<Tensor> BY_IMAGE = new Reading.InputGradient();

  private final String name;
  private final int batch;
  private final Initialization initialization;

  JacobianScore(String name, int batch, Initialization initialization) {
    PairBatch.check(name, batch);
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

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public final Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.IMAGES, batch);
  }

  @Override
  public final void check(Plan plan, List<Job> jobs) {
    PairBatch.checkComparable(name, plan.options().batch());
  }

  @Override
  public final Pass pass(NetworkGraph graph) {
    return Pass.backward(Plan.NormMode.BATCH, new Cotangent.Ones(), BY_IMAGE);
  }

  @Override
  public final Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    int classes = (int) graph.nodes().get(graph.output()).shape().elements();
    return Reader.once(
        readings ->
            LayeredScore.of(
                of(
                    rows(readings.get(BY_IMAGE), plan.options().batch()),
                    job.images().labels(),
                    classes)));
  }

  private static double[][] rows(Tensor gradient, int n) {
    double[] all = gradient.values();
    int length = all.length / n;
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = Arrays.copyOfRange(all, i * length, (i + 1) * length);
    }
    return rows;
  }
}
