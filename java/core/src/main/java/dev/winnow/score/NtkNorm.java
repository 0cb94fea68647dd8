package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import java.util.List;
import java.util.Objects;

/**
 * A norm of the empirical neural tangent kernel at initialisation: how fast gradient descent moves
 * the outputs at all, where {@link NtkConditionNumber} says how evenly.
 *
 * <p>With Θ as there, {@code ntk_trace} is \(\sum_i \Theta_{ii} = \sum_i \lambda_i\), the nuclear
 * norm of a kernel; {@code ntk_frobenius} is \(\sqrt{\sum_{ij} \Theta_{ij}^2} = \sqrt{\sum_i
 * \lambda_i^2}\).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]}, Θ {@code [n, n]} in float64. <b>Unit</b>: of a
 * squared gradient. <b>Better</b>: higher; NASI maximises the trace up to a bound beyond which
 * training diverges. Its estimate, the squared norm of the mean gradient, is another number. For
 * the Frobenius norm our sources name no direction; it is taken to be the trace's. No labels.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: grow with the number of weights and of samples, and with the scale of the
 * initialisation; favour networks whose gradients explode.
 *
 * <p><b>Evidence</b>: none recorded in our tables.
 *
 * <p><b>Protocol</b>: that of {@link NtkConditionNumber}, with which they share the kernel.
 * <b>Undefined</b> where no path leads from the image to the logits and where Θ is not finite;
 * {@link Score#published} is the number. <b>Fails</b>: {@link IllegalArgumentException} for a batch
 * below 2. <b>Cost</b>: 1 + 2n forward passes, shared.
 *
 * @see <a href="https://arxiv.org/abs/2109.00817">Shu, Cai, Dai, Ooi and Low 2022</a>
 */
public final class NtkNorm implements PassScore {
  private final Kind kind;
  private final NtkConditionNumber kernel;

  /** Which norm. */
  public enum Kind {
    /** Sum of the eigenvalues: {@code ntk_trace}. */
    TRACE("ntk_trace"),
    /** Root of the sum of their squares: {@code ntk_frobenius}. */
    FROBENIUS("ntk_frobenius");

    private final String score;

    Kind(String score) {
      this.score = score;
    }
  }

  /**
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param initialization weights of {@link #protocol}
   */
  public NtkNorm(Kind kind, int batch, Initialization initialization) {
    this.kind = Objects.requireNonNull(kind, "kind");
    this.kernel = new NtkConditionNumber(batch, initialization);
  }

  @Override
  public String name() {
    return kind.score;
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return kernel.protocol(space, images);
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    kernel.check(plan, jobs);
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.backward(NormMode.BATCH, new Cotangent.OnesOnRows(), NtkConditionNumber.KERNEL);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    boolean connected = Connectivity.reachesOutput(plan.graph(), job.row());
    return Reader.once(
        readings -> LayeredScore.of(of(readings.get(NtkConditionNumber.KERNEL), connected)));
  }

  private Score of(double[][] theta, boolean connected) {
    double sum = 0;
    for (int i = 0; i < theta.length; i++) {
      if (kind == Kind.TRACE) {
        sum += theta[i][i];
      } else {
        for (double entry : theta[i]) {
          sum += entry * entry;
        }
      }
    }
    double norm = kind == Kind.TRACE ? sum : Math.sqrt(sum);
    if (!connected) {
      return Score.undefined("no path leads from the image to the logits", norm);
    }
    return Double.isFinite(norm)
        ? Score.of(norm)
        : Score.undefined("the tangent kernel is not finite", norm);
  }
}
