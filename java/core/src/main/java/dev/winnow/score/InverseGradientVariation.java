package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import java.util.List;

/**
 * Inverse coefficient of variation of the gradients between batches ("ZiCo", "ZiCo-BC").
 *
 * <p>With \(g_b\) the gradient of the mean cross-entropy of batch b by a weight, μ the mean over
 * the batches of \(|g_b|\) and σ the population deviation of the signed \(g_b\), the score is
 * \(\sum_l \ln \sum_{w:\sigma_w\ne0} \mu_w/\sigma_w\).
 *
 * <p><b>Variants</b>: {@code zico} as the paper has it. {@code zico_released} as its program
 * computes: gradients are never set back between the batches, so that the second sample is \(g_1 +
 * g_2\), the third \(g_1 + g_2 + g_3\); on a CPU the program's copies alias the live gradient,
 * which makes σ = 0 and the score 0: that is not followed. {@code zico_bc} subtracts \(\beta \sum_l
 * \ln (H_l W_l/\sqrt{C_l})\), with H × W × C the layer's value, to undo the preference for deep and
 * thin networks. Whether its authors count the classifier is not known to us; here the layers are
 * ZiCo's, classifier included. β is tuned for each space; there is no published default known to
 * us.
 *
 * <p><b>Shapes</b>: two batches {@code [n, c, h, w]} with a label each. <b>Unit</b>: none.
 * <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: with two batches every ratio is at least 1, so that the score is at least
 * \(\sum_l \ln n_l\) for layers of n_l weights: it grows with depth and width. One weight whose
 * gradients nearly agree can outweigh its layer. The program's deviations are in float32, ours in
 * float64.
 *
 * <p><b>Evidence</b>: published Spearman .80, .81, .79 on the three data sets of NAS-Bench-201, .63
 * on NAS-Bench-101; others measure Kendall .54 to .59 where the paper has .61. Not recorded in
 * NAS-Bench-Suite-Zero.
 *
 * <p><b>Protocol</b>: two batches of 128 augmented images, the benchmark's network, Kaiming weights
 * over fan_in. <b>Undefined, fails</b>: see {@link GradientVariation}. <b>Cost</b>: 3 forward
 * passes of each batch; 8·p bytes for each.
 *
 * @see <a href="https://arxiv.org/abs/2301.11300">Li, Yang, Bhardwaj and Marculescu 2023</a>
 */
public final class InverseGradientVariation extends GradientVariation {
  private final Variant variant;
  private final double beta;

  /** Published versions. */
  public enum Variant {
    /** Each batch's gradient. */
    PAPER("zico"),
    /** Gradients that add up. */
    RELEASED("zico_released"),
    /** The paper's with a correction for the layers' shapes. */
    CORRECTED("zico_bc");

    private final String score;

    Variant(String score) {
      this.score = score;
    }
  }

  /**
   * @param beta of {@link Variant#CORRECTED}; of no use to the others
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public InverseGradientVariation(
      Variant variant, double beta, int batch, Initialization initialization) {
    super(variant.score, batch, initialization);
    if (!Double.isFinite(beta)) {
      throw new IllegalArgumentException("zico_bc.beta must be finite but was " + beta);
    }
    this.variant = variant;
    this.beta = beta;
  }

  @Override
  public String options() {
    return variant == Variant.CORRECTED ? "beta=" + beta : "";
  }

  @Override
  double inner(List<double[]> gradients) {
    int batches = gradients.size();
    double[] samples = new double[batches];
    double sum = 0;
    for (int w = 0; w < gradients.get(0).length; w++) {
      double moduli = 0;
      double total = 0;
      for (int b = 0; b < batches; b++) {
        double own = gradients.get(b)[w];
        samples[b] = variant == Variant.RELEASED && b > 0 ? samples[b - 1] + own : own;
        moduli += Math.abs(samples[b]);
        total += samples[b];
      }
      double squares = 0;
      for (double sample : samples) {
        squares += (sample - total / batches) * (sample - total / batches);
      }
      if (squares > 0) {
        sum += moduli / batches / Math.sqrt(squares / batches);
      }
    }
    return sum;
  }

  @Override
  double correction(NetworkGraph graph, TensorSpec weight) {
    if (variant != Variant.CORRECTED) {
      return 0;
    }
    Shape shape = graph.nodes().get(weight.node()).shape();
    return -beta * Math.log(shape.height() * shape.width() / Math.sqrt(shape.channels()));
  }
}
