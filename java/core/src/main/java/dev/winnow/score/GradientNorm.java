package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Reading.GradientSum;

/**
 * Sum over the layers of the norm of the gradient by their weights.
 *
 * <p>With \(L\) the mean cross-entropy of a batch, the score is \(\sum_l \lVert \partial L/\partial
 * W_l\rVert_2\) over convolutions and linear layers. The norm of all gradients together, which the
 * name suggests, is another number that no published program prints.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: of the loss over
 * that of a weight. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: favours networks whose gradients explode; counts layers, so deeper networks
 * gain.
 *
 * <p><b>Evidence</b>: Spearman .600 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); two runs of one program agree to .985.
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined, fails</b>: see {@link LayerSum}. <b>Cost</b>: 3 forward passes,
 * shared with the other scores of the mean cross-entropy.
 *
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class GradientNorm extends LayerSum {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public GradientNorm(int batch, Initialization initialization) {
    super("grad_norm", Direction.HIGHER_IS_BETTER, GradientSum.NORM, batch, initialization);
  }
}
