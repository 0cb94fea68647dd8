package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import java.util.Arrays;
import java.util.List;
import org.hipparchus.exception.MathIllegalStateException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;

/**
 * Condition number of the empirical neural tangent kernel at initialisation.
 *
 * <p>With {@code g_i} the gradient of the summed logits of sample {@code i} with respect to all
 * tensors named weight (convolutions, linear layers, norm scales; no bias), \(\Theta_{ij} = \langle
 * g_i, g_j\rangle\) and the score is \(\kappa = \lambda_{\max}(\Theta)/\lambda_{\min}(\Theta)\).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]}, Θ {@code [n, n]} in float64. <b>Unit</b>: none.
 * <b>Better</b>: lower.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through as published, so one sample's
 * gradient also flows through the others.
 *
 * <p><b>Protocol</b>: the program's small network (C = 3, N = 1) and batch (72), the paper's
 * Kaiming weights over fan_out. The released program asks for those but runs on PyTorch's defaults;
 * {@code TeNas.Mode.RELEASED} follows the program.
 *
 * <p><b>Undefined</b> when Θ is not finite or λ_min ≤ n·ε·λ_max, ε of the gradient type: the ratio
 * would be rounding noise. {@link Score#published} is then what the released program prints: the
 * signed ratio of the float32 kernel's eigenvalues, NaN as 100000, ±∞ as the largest double.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for a batch below 2.
 *
 * <p><b>Cost</b>: 1 + 2n forward passes, and n³ for the eigenvalues; 8·n² + 4·n·p bytes.
 *
 * @see <a href="https://arxiv.org/abs/2102.11535">Chen, Gong and Wang 2021, section 3.1</a>
 */
public final class NtkConditionNumber implements PassScore {
  static final Reading<double[][]> KERNEL = new Reading.TangentKernel();

  /** What the released program puts for κ = NaN. */
  private static final double PUBLISHED_NAN = 100_000.0;

  private final int batch;
  private final Initialization initialization;

  /** With the published batch of 72 and Kaiming weights over fan_out. */
  public NtkConditionNumber() {
    this(72, Initialization.KAIMING_FAN_OUT);
  }

  /**
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param initialization weights of {@link #protocol}
   */
  public NtkConditionNumber(int batch, Initialization initialization) {
    PairBatch.check("NTK", batch);
    this.batch = batch;
    this.initialization = initialization;
  }

  @Override
  public String name() {
    return "ntk";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.reduced(Protocol.classes(images), images.shape()),
        initialization,
        new Sampling(Sampling.Kind.IMAGES, batch, 1));
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    PairBatch.checkComparable("NTK", plan.options().batch());
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.backward(Plan.NormMode.BATCH, new Cotangent.OnesOnRows(), KERNEL);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    Precision precision = plan.options().precision();
    return Reader.once(readings -> LayeredScore.of(of(readings.get(KERNEL), precision)));
  }

  /**
   * κ of a kernel.
   *
   * @param theta {@code [n][n]}, n ≥ 2; only the upper triangle is read, as in the released program
   * @param precision number type its gradients were computed in
   */
  public static Score of(double[][] theta, Precision precision) {
    int n = theta.length;
    PairBatch.checkComparable("NTK", n);
    double[] spectrum = spectrum(theta);
    if (spectrum.length == 0) {
      return Score.undefined("the tangent kernel is not finite", PUBLISHED_NAN);
    }
    double smallest = spectrum[0];
    double largest = spectrum[n - 1];
    double epsilon = precision == Precision.FLOAT32 ? Math.ulp(1f) : Math.ulp(1.0);
    if (smallest > n * epsilon * largest) {
      return Score.of(largest / smallest);
    }
    return Score.undefined(
        "the tangent kernel is singular to working precision: smallest eigenvalue "
            + smallest
            + ", largest "
            + largest,
        published(theta));
  }

  /**
   * Eigenvalues of a kernel, ascending; none when it is not finite.
   *
   * @param theta {@code [n][n]}; only the upper triangle is read
   */
  public static double[] spectrum(double[][] theta) {
    if (!finite(theta)) {
      return new double[0];
    }
    int n = theta.length;
    double[][] symmetric = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        symmetric[i][j] = theta[i][j];
        symmetric[j][i] = theta[i][j];
      }
    }
    double[] values = eigenvalues(symmetric);
    Arrays.sort(values);
    return values;
  }

  /**
   * The library's QL steps may circle around a cluster of eigenvalues that are 0 to working
   * precision, as it waits until they are exact among themselves. The same matrix with its trace
   * added to every eigenvalue has no such cluster, and rounds them by as little as the largest one
   * already does.
   */
  private static double[] eigenvalues(double[][] symmetric) {
    try {
      return new EigenDecompositionSymmetric(new Array2DRowRealMatrix(symmetric)).getEigenvalues();
    } catch (MathIllegalStateException circling) {
      double trace = 0;
      for (int i = 0; i < symmetric.length; i++) {
        trace += symmetric[i][i];
      }
      double[][] moved = new double[symmetric.length][];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = symmetric[i].clone();
        moved[i][i] += trace;
      }
      double shift = trace;
      return Arrays.stream(
              new EigenDecompositionSymmetric(new Array2DRowRealMatrix(moved)).getEigenvalues())
          .map(value -> value - shift)
          .toArray();
    }
  }

  private static double published(double[][] theta) {
    double[][] rounded = new double[theta.length][];
    for (int i = 0; i < theta.length; i++) {
      rounded[i] = Arrays.stream(theta[i]).map(value -> (float) value).toArray();
    }
    double[] spectrum = spectrum(rounded);
    if (spectrum.length == 0) {
      return PUBLISHED_NAN;
    }
    double ratio = spectrum[spectrum.length - 1] / spectrum[0];
    if (Double.isNaN(ratio)) {
      return PUBLISHED_NAN;
    }
    return Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, ratio));
  }

  private static boolean finite(double[][] theta) {
    for (int i = 0; i < theta.length; i++) {
      for (int j = i; j < theta.length; j++) {
        if (!Double.isFinite(theta[i][j])) {
          return false;
        }
      }
    }
    return true;
  }
}
