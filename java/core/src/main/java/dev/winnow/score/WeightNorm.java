package dev.winnow.score;

import dev.winnow.compute.Initialization;

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
 * <p><b>Protocol</b>: the benchmark's network, PyTorch's default weights, the same as those of
 * {@link WeightPass#CROSS_ENTROPY}. <b>Undefined</b>: only when not finite. <b>Cost</b>: drawing
 * the weights.
 *
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class WeightNorm extends LayerSum {
  /**
   * @param batch of the pass it is computed beside
   * @param initialization weights of {@link #protocol}
   */
  public WeightNorm(int batch, Initialization initialization) {
    super("l2_norm", Direction.HIGHER_IS_BETTER, WeightPass.CROSS_ENTROPY, batch, initialization);
  }

  @Override
  double term(double[] weight, double[] gradient) {
    return norm(weight);
  }

  @Override
  boolean readsGradients() {
    return false;
  }

  static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}
