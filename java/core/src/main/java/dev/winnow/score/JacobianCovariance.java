package dev.winnow.score;

import dev.winnow.compute.Initialization;
import java.util.List;

/**
 * How little the gradients by the image are correlated between samples ("jacov", "jacob_cov").
 *
 * <p>With v the eigenvalues of the correlation matrix of the rows of J (see {@link JacobianScore})
 * and k = 10⁻⁵, the score is \(-\sum_i \left(\ln(v_i + k) + 1/(v_i + k)\right)\).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]}; correlations {@code [n, n]} in float64.
 * <b>Unit</b>: none. <b>Better</b>: higher; at most −n, where no two rows are correlated. No
 * labels.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: one small eigenvalue decides, 1/(v + k) is up to 10⁵. The published program's
 * general eigensolver may answer with complex numbers; the matrix is symmetric and is treated so.
 *
 * <p><b>Evidence</b>: Spearman .799 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); two runs of one program agree to .952.
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined</b> when a row is constant, as without a path from the image to the
 * logits; {@link Score#published} is NaN. <b>Undefined</b> too, and <b>fails</b>: see {@link
 * JacobianScore}. <b>Cost</b>: 3 forward passes, shared with {@link ClassJacobianCorrelation};
 * n²·c·h·w for the correlations.
 *
 * @see <a href="https://arxiv.org/abs/2006.04647v1">Mellor, Turner, Storkey and Crowley 2020</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class JacobianCovariance extends JacobianScore {
  private static final double K = 1e-5;

  /**
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param initialization weights of {@link #protocol}
   */
  public JacobianCovariance(int batch, Initialization initialization) {
    super("jacov", batch, initialization);
  }

  @Override
  Score of(double[][] jacobian, List<Integer> labels, int classes) {
    double[] spectrum = NtkConditionNumber.spectrum(RowCorrelation.of(jacobian));
    if (spectrum.length == 0) {
      return Score.undefined("the gradient by an image is constant", Double.NaN);
    }
    double sum = 0;
    for (double v : spectrum) {
      sum += Math.log(v + K) + 1 / (v + K);
    }
    return Score.of(-sum);
  }
}
