package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Reading;
import dev.winnow.net.NetworkGraph;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A score of how the gradients by the image differ between samples.
 *
 * <p>Row i of the matrix J {@code [n, c·h·w]} is the gradient of the sum of all logits of the batch
 * by image i. With batch statistics, which are differentiated through, other samples' logits are
 * part of it. All such scores read one pass.
 *
 * <p><b>Undefined</b> where norms are the last that is not linear, as in cells of DARTS without
 * pools: the sum of all logits is then a constant and J rounding. {@link Score#published} is what
 * that gives.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for a batch below 2, and for a score that needs
 * labels on images without them.
 */
public abstract class JacobianScore extends StandardScore {
  private static final Reading<Tensor> BY_IMAGE = new Reading.InputGradient();

  JacobianScore(String name, int batch, Initialization initialization) {
    super(name, Sampling.Kind.IMAGES, batch, initialization);
    PairBatch.check(name, batch);
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
  public final void check(Plan plan, List<Job> jobs) {
    PairBatch.checkComparable(name(), plan.options().batch());
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
        readings -> {
          double[][] jacobian = rows(readings.get(BY_IMAGE), plan.options().batch());
          return LayeredScore.of(of(jacobian, job.images().labels(), classes))
              .whereSumVaries(graph, job.row());
        });
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
