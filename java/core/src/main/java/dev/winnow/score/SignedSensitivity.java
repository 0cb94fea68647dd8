package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Reading.GradientSum;

/**
 * Sum of the weights times their gradients ("plain").
 *
 * <p>With \(L\) the mean cross-entropy of a batch, the score is \(\sum_l \langle W_l, \partial
 * L/\partial W_l\rangle\) over convolutions and linear layers: the first-order change of the loss
 * when all these weights grow by their own share.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: of the loss.
 * <b>Better</b>: lower. Published programs say nothing; Ning et al. negate it, and its recorded
 * correlations with accuracy are negative.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through. A layer before a norm can
 * change its scale without changing the loss, so its term is 0 but for the norm's ε and rounding:
 * what is left is the classifier's term and that of layers without a norm.
 *
 * <p><b>Hazards</b>: cancellation; float32 leaves two digits in deep networks. Two runs of one
 * program agree to a Spearman of .16 only: the batch decides.
 *
 * <p><b>Evidence</b>: Spearman −.352 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells).
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined, fails</b>: see {@link LayerSum}. <b>Cost</b>: 3 forward passes,
 * shared with the other scores of the mean cross-entropy.
 *
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class SignedSensitivity extends LayerSum {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public SignedSensitivity(int batch, Initialization initialization) {
    super("plain", Direction.LOWER_IS_BETTER, GradientSum.WEIGHTED, batch, initialization);
  }
}
