package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Reading.GradientSum;

/**
 * Connection sensitivity ("SNIP"): how much the loss feels the removal of each weight.
 *
 * <p>With \(L\) the mean cross-entropy of a batch, the score is \(\sum_l \sum_w |w\,\partial
 * L/\partial w|\) over the weights of convolutions and linear layers. A mask of ones on the weights
 * has the gradient \(w\,\partial L/\partial w\), so this is the published gradient by the mask.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: of the loss.
 * <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: ranks as {@link GradientNorm} does and with it favours networks whose
 * gradients explode, such as those without a skip connection.
 *
 * <p><b>Evidence</b>: Spearman .603 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); two runs of one program agree to .986.
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined, fails</b>: see {@link LayerSum}. <b>Cost</b>: 3 forward passes,
 * shared with the other scores of the mean cross-entropy.
 *
 * @see <a href="https://arxiv.org/abs/1810.02340">Lee, Ajanthan and Torr 2019</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class ConnectionSensitivity extends LayerSum {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public ConnectionSensitivity(int batch, Initialization initialization) {
    super("snip", Direction.HIGHER_IS_BETTER, GradientSum.WEIGHTED_ABS, batch, initialization);
  }
}
