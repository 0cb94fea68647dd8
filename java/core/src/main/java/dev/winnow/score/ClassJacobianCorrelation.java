package dev.winnow.score;

import dev.winnow.compute.Initialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How little the gradients by the image are correlated within each class ("EPE-NAS").
 *
 * <p>With R_c the correlation matrix of those rows of J (see {@link JacobianScore}) whose samples
 * are of class c, \(e_c = \sum_{ij} \ln(|R_{c,ij}| + 10^{-5})\). For networks of up to 100 outputs
 * the score is \(\sum_c |e_c|\) over the classes in the batch. For more, e_c is divided by the
 * class's number of samples, and the score is the mean over c of \(\sum_{c'} |e_c - e_{c'}|\).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: none. <b>Better</b>:
 * higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: a correlation near 0 enters as ln 10⁻⁵, so rounding matters; batches with
 * other class counts are not comparable. A class of one sample has e_c = ln(1 + 10⁻⁵); whether
 * NASLib counts it with more than 100 outputs, where no recorded number is at hand, is uncertain:
 * here it counts.
 *
 * <p><b>Evidence</b>: Spearman .772 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); two runs of one program agree to .81.
 *
 * <p><b>Protocol</b>: NASLib's: 64 augmented images, the benchmark's network, PyTorch's default
 * weights. <b>Undefined</b> when a row is constant, as without a path from the image to the logits;
 * {@link Score#published} is NaN. <b>Undefined</b> too, and <b>fails</b>: see {@link
 * JacobianScore}. <b>Cost</b>: shared with {@link JacobianCovariance}.
 *
 * @see <a href="https://arxiv.org/abs/2102.08099">Lopes, Alirezazadeh and Alexandre 2021</a>
 */
public final class ClassJacobianCorrelation extends JacobianScore {
  private static final double K = 1e-5;
  private static final int FEW_CLASSES = 100;

  /**
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param initialization weights of {@link #protocol}
   */
  public ClassJacobianCorrelation(int batch, Initialization initialization) {
    super("epe_nas", batch, initialization);
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  Score of(double[][] jacobian, List<Integer> labels, int classes) {
    Map<Integer, List<double[]>> samples = new TreeMap<>();
    for (int i = 0; i < jacobian.length; i++) {
      samples.computeIfAbsent(labels.get(i), label -> new ArrayList<>()).add(jacobian[i]);
    }
    boolean few = classes <= FEW_CLASSES;
    double[] e =
        samples.values().stream()
            .map(rows -> rows.toArray(double[][]::new))
            .mapToDouble(rows -> logarithms(rows) / (few ? 1 : rows.length))
            .toArray();
    double sum = 0;
    for (double one : e) {
      if (few) {
        sum += Math.abs(one);
      } else {
        for (double other : e) {
          sum += Math.abs(one - other) / e.length;
        }
      }
    }
    return Double.isFinite(sum)
        ? Score.of(sum)
        : Score.undefined("the gradient by an image is constant", Double.NaN);
  }

  private static double logarithms(double[][] rows) {
    double sum = 0;
    for (double[] row : RowCorrelation.of(rows)) {
      for (double r : row) {
        sum += Math.log(Math.abs(r) + K);
      }
    }
    return sum;
  }
}
