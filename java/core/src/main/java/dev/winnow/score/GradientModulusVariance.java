package dev.winnow.score;

import dev.winnow.compute.Initialization;
import java.util.List;

/**
 * How little the moduli of the gradients vary between batches: the part of "L-SWAG" that is made of
 * gradients.
 *
 * <p>With \(g_b\) the gradient of the mean cross-entropy of batch b by a weight, the score is
 * \(\sum_l \ln \sum_{w} 1/\sqrt{\mathrm{Var}_b |g_b|}\), the population variance over the batches,
 * weights without variance left out.
 *
 * <p><b>Uncertain</b>: over what the variance is taken is not known to us; batches follow ZiCo,
 * from which the formula comes. The whole of L-SWAG is {@link PatternWeightedVariance}; this part
 * by itself is no number that its paper prints.
 *
 * <p><b>Shapes</b>: two batches {@code [n, c, h, w]} with a label each. <b>Unit</b>: logarithm of
 * one over that of a gradient. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: unlike ZiCo's ratio it depends on the scale of the gradients: small gradients
 * score high. One weight whose moduli nearly agree can outweigh its layer.
 *
 * <p><b>Evidence</b>: of L-SWAG as a whole a mean Spearman of .72 over its authors' suite, .62 for
 * NWOT; of this part none. Here .79 (95% [.72, .85]) with CIFAR-10 test accuracy on 171 random
 * connected cells of NAS-Bench-201, one draw, .34 given parameters: no better than parameters
 * alone, .83 ([.77, .88]).
 *
 * <p><b>Protocol</b>: ZiCo's. <b>Undefined, fails</b>: see {@link GradientVariation}. <b>Cost</b>:
 * shared with {@link InverseGradientVariation}.
 *
 * @see <a href="https://arxiv.org/abs/2505.07300">Casarin, Escalera and Lanz 2025</a>
 */
public final class GradientModulusVariance extends GradientVariation {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public GradientModulusVariance(int batch, Initialization initialization) {
    this("lswag_gradients", batch, initialization);
  }

  /** For a score that is made of this one. */
  GradientModulusVariance(String name, int batch, Initialization initialization) {
    super(name, batch, initialization);
  }

  @Override
  double inner(List<double[]> gradients) {
    int batches = gradients.size();
    double sum = 0;
    for (int w = 0; w < gradients.get(0).length; w++) {
      double total = 0;
      for (double[] batch : gradients) {
        total += Math.abs(batch[w]);
      }
      double squares = 0;
      for (double[] batch : gradients) {
        double deviation = Math.abs(batch[w]) - total / batches;
        squares += deviation * deviation;
      }
      if (squares > 0) {
        sum += 1 / Math.sqrt(squares / batches);
      }
    }
    return sum;
  }
}
