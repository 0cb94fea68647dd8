package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading.GradientSum;
import dev.winnow.net.NetworkGraph;
import java.util.Map;

/**
 * Mean inner product of the samples' gradients ("KNAS").
 *
 * <p>With \(g_i\) the gradient of the cross-entropy of sample i by all learned tensors, the score
 * is \(\frac{1}{n^2}\sum_{ij}\langle g_i, g_j\rangle = \lVert\frac1n\sum_i g_i\rVert^2\).
 *
 * <p><b>Uncertain</b>: written from memory of the paper, of which neither text nor program was at
 * hand; which tensors its gradients are by, and whether the diagonal counts, may differ.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: of a squared
 * gradient. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: being the squared norm of the gradient of the mean loss, it ranks as the norm
 * of all gradients together does and favours networks whose gradients explode.
 *
 * <p><b>Evidence</b>: published Spearman .20, .35, .42 on the three data sets of NAS-Bench-201 (as
 * measured in the paper of ZiCo).
 *
 * <p><b>Protocol</b>: 64 augmented images, the benchmark's network, PyTorch's default weights.
 * <b>Undefined</b> where no path leads from the image to the logits ({@link Score#published} is the
 * mean, the classifier's bias's) and where it is not finite. <b>Fails</b>: {@link
 * IllegalArgumentException} for images without labels. <b>Cost</b>: 3 forward passes, shared with
 * {@link GradientNorm}.
 *
 * @see <a href="https://arxiv.org/abs/2111.13293">Xu, Zhao, Lin, Gao, Sun and Yang 2021</a>
 */
public final class MeanGradientProduct extends StandardScore {
  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public MeanGradientProduct(int batch, Initialization initialization) {
    super("knas", Sampling.Kind.IMAGES, batch, initialization);
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.backward(NormMode.BATCH, Cotangent.CrossEntropy.OF_IMAGES, GradientSum.NORM);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    boolean connected = Connectivity.reachesOutput(plan.graph(), job.row());
    return Reader.once(readings -> LayeredScore.of(of(readings.get(GradientSum.NORM), connected)));
  }

  /** The mean of the samples' gradients is the gradient of their mean loss. */
  private static Score of(Map<String, Double> norms, boolean connected) {
    double mean = 0;
    for (double norm : norms.values()) {
      mean += norm * norm;
    }
    if (!connected) {
      return Score.undefined("no path leads from the image to the logits", mean);
    }
    return Double.isFinite(mean)
        ? Score.of(mean)
        : Score.undefined("the gradients are not finite", mean);
  }
}
