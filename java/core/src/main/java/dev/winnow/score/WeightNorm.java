package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.Map;
import java.util.Objects;

/**
 * Sum over the layers of the norm of their weights: a size of the network that the initialisation
 * scales.
 *
 * <p>\(\sum_l \lVert W_l\rVert_2\) over convolutions and linear layers.
 *
 * <p><b>Shapes</b>: no input. <b>Unit</b>: of a weight. <b>Better</b>: higher. No labels.
 *
 * <p><b>Normalisation</b>: plays no part.
 *
 * <p><b>Hazards</b>: under a fixed initialisation a norm is close to a constant per kind of layer,
 * so this counts layers, weighted by their width; nothing of how they are connected enters.
 *
 * <p><b>Evidence</b>: Spearman .746 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); parameters alone have .799.
 *
 * <p><b>Protocol</b>: the benchmark's network, PyTorch's default weights, the same as those of the
 * scores of the mean cross-entropy. <b>Undefined</b>: only when not finite. <b>Cost</b>: drawing
 * the weights.
 *
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class WeightNorm implements PassScore {
  private static final Reading<Map<String, Tensor>> WEIGHTS = new Reading.Weights();

  private final int batch;
  private final Initialization initialization;

  /**
   * @param batch of the pass it is computed beside
   * @param initialization weights of {@link #protocol}
   */
  public WeightNorm(int batch, Initialization initialization) {
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return "l2_norm";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.IMAGES, batch);
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.forward(NormMode.BATCH, WEIGHTS);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    return Reader.once(
        readings -> {
          Map<String, Tensor> weights = readings.get(WEIGHTS);
          return LayeredScore.sum(
              Layers.terms(
                  plan.graph(), job.row(), tensor -> norm(weights.get(tensor.name()).values())),
              true);
        });
  }

  private static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}
