package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Reading;

/**
 * Preservation of gradient flow ("GraSP"): how much \(\lVert g\rVert^2\), the first-order decrease
 * of the loss in a step of gradient descent, changes when weights go.
 *
 * <p>With \(L\) the mean cross-entropy of a batch, g its gradient by the weights W of all
 * convolutions and linear layers together and H its Hessian by them, the score is \(\sum_l \langle
 * -W_l, (Hg)_l\rangle\). Removing a weight is the step \(\delta = -w\), to which \(\lVert
 * g\rVert^2\) answers with \(2\,\delta^\top Hg\). Hg is the exact derivative of the gradient along
 * g; ReLU and max pool have second derivative 0.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: that of the loss,
 * squared, over that of a weight, squared. <b>Better</b>: higher; the minus sign is the published
 * program's, whose authors found accuracy to fall with the other.
 *
 * <p><b>Variants</b>: zero-cost-nas's and NASLib's, on the logits as they are (temperature 1) and
 * one batch. Their programs can also divide the logits by a temperature, and take as many images of
 * each class; neither is what was recorded.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through twice. The loss does not feel
 * the scale of a layer before a norm, so \(\langle W_l, G_l\rangle = 0\) for all weights, and
 * differentiating this along g leaves \(\langle -W_l, (Hg)_l\rangle = \lVert G_l\rVert^2\): such a
 * layer's term is its squared gradient norm, but for the norm's ε (2.5e-4 in the recorded networks
 * of NAS-Bench-201). Only the classifier and layers without a norm say anything else.
 *
 * <p><b>Hazards</b>: a sum of large terms of both signs, the norms' layers against the classifier;
 * favours networks whose gradients explode; counts layers, so deeper networks gain. Two runs of one
 * program agree to a Spearman of .73 only: the batch decides.
 *
 * <p><b>Evidence</b>: Spearman .537 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); .27 on NAS-Bench-101, .34 on NAS-Bench-301, −.64 on the
 * object task of TransNAS-Bench-101's macro space (its paper).
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined, fails</b>: see {@link LayerSum}; an engine without second
 * derivatives refuses too. <b>Cost</b>: 12 forward passes, of which 3 are shared with the other
 * scores of the mean cross-entropy.
 *
 * @see <a href="https://arxiv.org/abs/2002.07376">Wang, Zhang and Grosse 2020</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class GradientSignalPreservation extends LayerSum {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public GradientSignalPreservation(int batch, Initialization initialization) {
    super(
        "grasp", Direction.HIGHER_IS_BETTER, new Reading.HessianProducts(), batch, initialization);
  }

  @Override
  double term(double product) {
    return 0 - product; // of nothing 0, not −0
  }
}
