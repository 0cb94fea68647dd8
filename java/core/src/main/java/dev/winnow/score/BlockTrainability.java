package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Reading.BlockProduct;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How near to 1 the blocks of a network stretch gradients: AZ-NAS's trainability.
 *
 * <p>Block l leads from one of the {@link NetworkGraph#features} to the next: a cell or a
 * reduction. With r random signs {@code [n, c, h, w]} in the shape of what it puts out and \(g =
 * J_l^T r\) what it sends back of them, \(A_l = \frac{1}{nhw}\sum u(g)\,r^T\), over samples and
 * pixels, is an estimate of its Jacobian from channels to channels, u moving pixels into channels
 * where a reduction shrinks sides. With \(\sigma_l\) the largest singular value of it, the term of
 * the block is \(-\sigma_l - 1/(\sigma_l + 10^{-6}) + 2\), 0 at most, and the score the mean of the
 * terms.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} of standard normal numbers; a matrix in float64 for
 * each block. <b>Unit</b>: none. <b>Better</b>: higher. No labels, no data.
 *
 * <p><b>Normalisation</b>: statistics of the batch, differentiated through.
 *
 * <p><b>Hazards</b>: one draw of signs is a noisy estimate, of standard deviation about |g| over
 * √(nhw) an element, which the last stage with its few pixels feels most: the largest singular
 * value grows with the noise. Small σ count as 1/σ: one bottleneck decides.
 *
 * <p><b>Evidence</b>: Spearman .426 (95% [.33, .51]) with CIFAR-10 test accuracy on 300 random
 * connected cells of NAS-Bench-201, one draw of 64 images, 7 undefined ones last; what it adds to
 * its kin {@link FeatureEntropy} says.
 *
 * <p><b>Protocol</b>: AZ-NAS's: normal numbers, the benchmark's network, Kaiming weights over
 * fan_in; signs from the job's stream. <b>Undefined</b> where a block passes its gradient on
 * unchanged (a cell that is the identity) and where nothing leads through one; {@link
 * Score#published} is −∞. <b>Fails</b>: {@link IllegalArgumentException} for a network of fewer
 * than two features or whose blocks do not follow one another, as in DARTS, where a cell reads the
 * last two; and for a job without a stream. <b>Cost</b>: 2 forward passes and the blocks' matrices.
 *
 * @see <a href="https://arxiv.org/abs/2403.19232">Lee and Ham 2024</a>
 */
public final class BlockTrainability extends StandardScore {
  private static final Reading<List<BlockProduct>> PRODUCTS = new Reading.BlockProducts();
  private static final double BESIDE_SIGMA = 1e-6;

  /**
   * @param batch n of {@link #protocol}, in [1, 65536]
   * @param initialization weights of {@link #protocol}
   */
  public BlockTrainability(int batch, Initialization initialization) {
    super("az_trainability", Sampling.Kind.NORMAL, batch, initialization);
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    Streams.require(this, "random signs", jobs);
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    FeatureEntropy.requireFeatures(name(), graph, 2);
    return Pass.forward(NormMode.BATCH, PRODUCTS);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    boolean connected = Connectivity.reachesOutput(graph, job.row());
    return Reader.once(
        readings -> of(graph, readings.get(PRODUCTS), job.images().samples(), connected));
  }

  private static LayeredScore of(
      NetworkGraph graph, List<BlockProduct> products, int samples, boolean connected) {
    if (!connected) {
      return undefined("no path leads from the image to the logits");
    }
    Map<String, Double> terms = new LinkedHashMap<>();
    double sum = 0;
    for (int b = 0; b < products.size(); b++) {
      var node = graph.nodes().get(graph.features().get(b + 1));
      Shape shape = node.shape();
      if (products.get(b).difference() == 0) {
        return undefined("the block that ends in " + node.name() + " is the identity");
      }
      double rows = (double) samples * shape.height() * shape.width();
      double sigma = largestSingularValue(products.get(b).product()) / rows;
      if (!Double.isFinite(sigma)) {
        return undefined(
            "what the block that ends in " + node.name() + " sends back is not finite");
      }
      double term = -sigma - 1 / (sigma + BESIDE_SIGMA) + 2;
      terms.put(node.name(), term);
      sum += term;
    }
    return new LayeredScore(Score.of(sum / terms.size()), terms);
  }

  private static LayeredScore undefined(String reason) {
    return LayeredScore.of(Score.undefined(reason, Double.NEGATIVE_INFINITY));
  }

  /**
   * Root of the largest eigenvalue of the product with itself; NaN for a matrix that is not finite.
   */
  static double largestSingularValue(double[][] matrix) {
    int columns = matrix[0].length;
    double[][] square = new double[columns][columns];
    for (double[] row : matrix) {
      for (int i = 0; i < columns; i++) {
        for (int j = i; j < columns; j++) {
          square[i][j] += row[i] * row[j];
        }
      }
    }
    double[] spectrum = NtkConditionNumber.spectrum(square);
    return spectrum.length == 0 ? Double.NaN : Math.sqrt(Math.max(0, spectrum[columns - 1]));
  }
}
