package dev.winnow.score;

import dev.winnow.compute.Initialization;

/**
 * Synaptic flow: how much of the network's absolute weights lies on its paths.
 *
 * <p>With all parameters absolute and x one image of ones, \(R = \sum_c f_{|\theta|}(x)_c\), and
 * the score is \(\sum_l \sum_w |w\,\partial R/\partial w|\) over the weights of convolutions and
 * linear layers.
 *
 * <p><b>Shapes</b>: batch 1, whatever the job's images: no data, no labels. <b>Unit</b>: none;
 * NASLib prints the logarithm. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: {@code synflow} passes every norm over; then R is a sum over paths of
 * products of weights, and a layer that all paths cross has R itself as its term. {@code
 * synflow_bn} keeps the norms with the statistics of the one image and differentiates through them:
 * its terms may be of either sign before the modulus, and say little (a norm undoes the scale of
 * the layer before it). What zero-cost-nas runs on NAS-Bench-201 is in between: its reduction
 * blocks keep their norms. That variant is not here.
 *
 * <p><b>Hazards</b>: grows exponentially with depth (1e37 for the benchmark's networks of
 * NAS-Bench-201, beyond float32 for others), hence float64; prefers large networks.
 *
 * <p><b>Evidence</b>: Spearman .778 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); parameters alone have .799.
 *
 * <p><b>Protocol</b>: the benchmark's network, PyTorch's default weights. <b>Undefined, fails</b>:
 * see {@link LayerSum}. <b>Cost</b>: {@code synflow} 2 forward passes of one image in float64,
 * layer by layer and {@code synflow_bn} 3.
 *
 * @see <a href="https://arxiv.org/abs/2006.05467">Tanaka, Kunin, Yamins and Ganguli 2020</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class SynapticFlow extends LayerSum {
  /**
   * @param normalised whether norms stay: {@code synflow_bn}, else {@code synflow}
   * @param initialization weights of {@link #protocol}
   */
  public SynapticFlow(boolean normalised, Initialization initialization) {
    super(
        normalised ? "synflow_bn" : "synflow",
        Direction.HIGHER_IS_BETTER,
        normalised ? WeightPass.NORMALISED_FLOW : WeightPass.FLOW,
        1,
        initialization);
  }

  @Override
  double term(double[] weight, double[] gradient) {
    return ConnectionSensitivity.absoluteProducts(weight, gradient);
  }
}
