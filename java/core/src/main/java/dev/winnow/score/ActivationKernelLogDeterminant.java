package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.space.SearchSpace;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.hipparchus.exception.MathIllegalArgumentException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.RealMatrix;

/**
 * Logarithm of the determinant of the activation kernel: how differently a network's units see the
 * samples of a batch ("NWOT", neural architecture search without training).
 *
 * <p>With \(x_i\) the pattern of active units of sample i, \(K_{ij} = \sum_m (x_i x_j^T + (1 - x_i)
 * (1 - x_j)^T)\) over the hooked ReLUs m is the number of units on which i and j agree, and the
 * score is \(\ln\det K\).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]}, K {@code [n, n]} of integers. <b>Unit</b>: none.
 * <b>Better</b>: higher. No labels.
 *
 * <p><b>Variants</b>: published programs differ in what they hook ({@link Hooks}) and in the
 * statistics: of the batch (nas-without-training, NASLib; the default here) or running ones
 * (Zero-Cost-PT).
 *
 * <p><b>Protocol</b>: nas-without-training's: 128 images as they are, the benchmark's network,
 * PyTorch's default weights. With {@link Hooks#RELUS} NASLib's, which sees the augmented batch of
 * its other scores and shares a pass with them where it is as large.
 *
 * <p><b>Undefined</b> when K is singular to working precision, a pivot of its Cholesky factor at or
 * below n·ε·K_ii: two samples share a pattern, or more samples than patterns can tell apart. {@link
 * Score#published} is then what the program prints, the LU factors' log-determinant: −∞, or a
 * rounding error's logarithm.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for a batch below 2.
 *
 * <p><b>Cost</b>: one forward pass, n²/128 popcounts per unit and n³/3 for the factor; n/8 bytes
 * per unit.
 *
 * @see <a href="https://arxiv.org/abs/2006.04647">Mellor, Turner, Storkey and Crowley 2021</a>
 */
public final class ActivationKernelLogDeterminant implements PassScore {
  private final int batch;
  private final Hooks hooks;
  private final NormMode norm;
  private final Initialization initialization;

  /** nas-without-training's: 128 samples, wrappers hooked too, batch statistics. */
  public ActivationKernelLogDeterminant() {
    this(128, Hooks.RELUS_AND_WRAPPERS, NormMode.BATCH, Initialization.PYTORCH_DEFAULT);
  }

  /**
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param hooks what counts
   * @param norm statistics
   * @param initialization weights of {@link #protocol}
   */
  public ActivationKernelLogDeterminant(
      int batch, Hooks hooks, NormMode norm, Initialization initialization) {
    PairBatch.check("nwot", batch);
    this.batch = batch;
    this.hooks = Objects.requireNonNull(hooks, "hooks");
    this.norm = Objects.requireNonNull(norm, "norm");
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return "nwot";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public NormMode norm() {
    return norm;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        initialization,
        new Sampling(
            hooks == Hooks.RELUS ? Sampling.Kind.IMAGES : Sampling.Kind.PLAIN_IMAGES, batch, 1));
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    PairBatch.checkComparable("nwot", plan.options().batch());
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.forward(norm, kernel(graph));
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    Reading<long[][]> kernel = kernel(plan.graph());
    return Reader.once(readings -> LayeredScore.of(of(readings.get(kernel))));
  }

  private Reading<long[][]> kernel(NetworkGraph graph) {
    return new Reading.ActivationKernel(
        Arrays.stream(hooks.multiplicities(graph)).boxed().toList());
  }

  /**
   * Log-determinant of a kernel.
   *
   * @param kernel {@code [n][n]}, symmetric, n ≥ 2
   */
  public static Score of(long[][] kernel) {
    int n = kernel.length;
    PairBatch.checkComparable("nwot", n);
    RealMatrix matrix = new Array2DRowRealMatrix(n, n);
    double largest = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        matrix.setEntry(i, j, kernel[i][j]);
      }
      largest = Math.max(largest, kernel[i][i]);
    }
    double smallestPivot = n * Math.ulp(1.0) * largest;
    try {
      RealMatrix factor = new CholeskyDecomposition(matrix, 0, smallestPivot).getL();
      return Score.of(2 * logOfDiagonal(factor));
    } catch (MathIllegalArgumentException e) {
      return Score.undefined(
          "the activation kernel is singular" + twins(kernel), published(matrix));
    }
  }

  private static double published(RealMatrix matrix) {
    LUDecomposition factors = new LUDecomposition(matrix, Double.MIN_VALUE);
    return factors.getSolver().isNonSingular()
        ? logOfDiagonal(factors.getU())
        : Double.NEGATIVE_INFINITY;
  }

  private static double logOfDiagonal(RealMatrix factor) {
    double sum = 0;
    for (int i = 0; i < factor.getRowDimension(); i++) {
      sum += Math.log(Math.abs(factor.getEntry(i, i)));
    }
    return sum;
  }

  /** The commonest reason, where it is the reason. */
  private static String twins(long[][] kernel) {
    for (int i = 0; i < kernel.length; i++) {
      for (int j = 0; j < i; j++) {
        if (kernel[i][j] == kernel[i][i]) {
          return ": samples " + j + " and " + i + " have the same activation pattern";
        }
      }
    }
    return " to working precision";
  }

  /** Which modules of the published networks a program watches. */
  public enum Hooks {
    /** Every ReLU once: NASLib. */
    RELUS,
    /**
     * Every module whose class name contains "ReLU": nas-without-training and Zero-Cost-PT. The
     * blocks of ReLU, convolution and norm are called so and see the same input as the ReLU that
     * they begin with, which therefore counts twice.
     */
    RELUS_AND_WRAPPERS;

    /** How often each ReLU of a network counts, in node order. */
    public int[] multiplicities(NetworkGraph graph) {
      List<Node> nodes = graph.nodes();
      return IntStream.range(0, nodes.size())
          .filter(n -> nodes.get(n).operation() instanceof Operation.Relu)
          .map(n -> this == RELUS_AND_WRAPPERS && beginsWrapper(nodes, n) ? 2 : 1)
          .toArray();
    }

    /** Block X is X.relu, X.conv on it, X.bn on that. */
    private static boolean beginsWrapper(List<Node> nodes, int relu) {
      String name = nodes.get(relu).name();
      if (!name.endsWith(".relu")) {
        return false;
      }
      String block = name.substring(0, name.length() - "relu".length());
      int convolution = reader(nodes, relu, block + "conv");
      return convolution >= 0 && reader(nodes, convolution, block + "bn") >= 0;
    }

    private static int reader(List<Node> nodes, int input, String name) {
      return IntStream.range(input + 1, nodes.size())
          .filter(n -> nodes.get(n).name().equals(name) && nodes.get(n).inputs().contains(input))
          .findFirst()
          .orElse(-1);
    }
  }
}
