package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.net.NetworkGraph;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How evenly the features of a network spread over their principal directions: AZ-NAS's
 * expressivity and progressivity.
 *
 * <p>The {@link NetworkGraph#features} are what the stem and then each cell puts out, reductions
 * included. With the values of feature l as rows of c channels, one row for each of the n·h·w
 * samples and pixels, λ the eigenvalues of their covariance and \(p_i = \lambda_i / \sum_j
 * \lambda_j\), its entropy is \(e_l = -\sum_i p_i \ln(p_i + 10^{-8})\), between 0 (one direction)
 * and ln c. Then {@code az_expressivity} is \(\sum_l e_l\), the stem's among them, and {@code
 * az_progressivity} \(\min_l (e_l - e_{l-1})\): how much the least enriching cell adds.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} of standard normal numbers; a covariance {@code [c,
 * c]} in float64 for each feature. <b>Unit</b>: nats. <b>Better</b>: higher. No labels, no data.
 *
 * <p><b>Normalisation</b>: statistics of the batch.
 *
 * <p><b>Hazards</b>: an entropy is at most ln c, so widths and the number of cells set the scale:
 * compare networks of one macro structure. Progressivity is the one cell's that adds least, often a
 * reduction.
 *
 * <p><b>Evidence</b>: Spearman .738 (expressivity, 95% [.67, .80]) and .660 (progressivity, [.58,
 * .74]) with CIFAR-10 test accuracy on 300 random connected cells of NAS-Bench-201, one draw of 64
 * images; MACs alone .740. Rank-log of both, trainability and MACs: .897 [.87, .92].
 *
 * <p><b>Protocol</b>: AZ-NAS's: normal numbers, the benchmark's network, Kaiming weights over
 * fan_in. <b>Undefined</b> where a feature is constant (its covariance is 0, as behind a cell that
 * nothing leads through) or not finite; {@link Score#published} is −∞. <b>Fails</b>: {@link
 * IllegalArgumentException} for a network of which no features are known, of progressivity one of
 * fewer than two. <b>Cost</b>: one forward pass, shared by the two, n·h·w·c²/2 for the covariance
 * and about 9 c³ for the eigenvalues of each feature.
 *
 * @see <a href="https://arxiv.org/abs/2403.19232">Lee and Ham 2024</a>
 */
public final class FeatureEntropy extends StandardScore {
  private static final double INSIDE_LOGARITHM = 1e-8;

  private final Kind kind;

  /** What is made of the features' entropies. */
  public enum Kind {
    /** Their sum: {@code az_expressivity}. */
    EXPRESSIVITY("az_expressivity", 1),
    /** The least that one adds to the one before it: {@code az_progressivity}. */
    PROGRESSIVITY("az_progressivity", 2);

    private final String score;
    private final int fewest;

    Kind(String score, int fewest) {
      this.score = score;
      this.fewest = fewest;
    }
  }

  /**
   * @param batch n of {@link #protocol}, in [1, 65536]
   * @param initialization weights of {@link #protocol}
   */
  public FeatureEntropy(Kind kind, int batch, Initialization initialization) {
    super(kind.score, Sampling.Kind.NORMAL, batch, initialization);
    this.kind = kind;
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    requireFeatures(name(), graph, kind.fewest);
    return Pass.forward(NormMode.BATCH, grams(graph));
  }

  /**
   * Refuses a network that names fewer features than a score needs.
   *
   * @throws IllegalArgumentException naming the score and both numbers
   */
  static void requireFeatures(String score, NetworkGraph graph, int fewest) {
    if (graph.features().size() < fewest) {
      throw new IllegalArgumentException(
          score
              + " needs a network with at least "
              + fewest
              + " features (what stem and cells put out), but this one names "
              + graph.features().size());
    }
  }

  private static Reading<List<double[][]>> grams(NetworkGraph graph) {
    return new Reading.ActivationGrams(graph.features());
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    return Reader.once(readings -> of(graph, readings.get(grams(graph)), job.images().samples()));
  }

  private LayeredScore of(NetworkGraph graph, List<double[][]> grams, int samples) {
    Map<String, Double> entropies = new LinkedHashMap<>();
    double least = Double.POSITIVE_INFINITY;
    double before = Double.NaN; // of the first feature nothing is the least
    for (int f = 0; f < grams.size(); f++) {
      var node = graph.nodes().get(graph.features().get(f));
      long rows = (long) samples * node.shape().height() * node.shape().width();
      OptionalDouble entropy = entropy(grams.get(f), rows);
      if (entropy.isEmpty()) {
        return LayeredScore.of(
            Score.undefined(
                "the feature " + node.name() + " is constant or not finite",
                Double.NEGATIVE_INFINITY));
      }
      entropies.put(node.name(), entropy.getAsDouble());
      least = f == 0 ? least : Math.min(least, entropy.getAsDouble() - before);
      before = entropy.getAsDouble();
    }
    return kind == Kind.EXPRESSIVITY
        ? LayeredScore.sum(entropies, true)
        : LayeredScore.of(Score.of(least));
  }

  /**
   * Entropy of the normalised eigenvalues of a covariance; none where it is zero to working
   * precision or not finite.
   *
   * @param gram {@code [1 + c][c]}: sums of the channels, then those of the products of every two
   * @param rows that were summed over
   */
  public static OptionalDouble entropy(double[][] gram, long rows) {
    int channels = gram[0].length;
    double[][] covariance = new double[channels][channels];
    double spread = 0;
    double square = 0;
    for (int i = 0; i < channels; i++) {
      for (int j = 0; j < channels; j++) {
        covariance[i][j] = gram[1 + i][j] / rows - gram[0][i] / rows * (gram[0][j] / rows);
      }
      spread += covariance[i][i];
      square += gram[1 + i][i] / rows;
    }
    double[] spectrum = NtkConditionNumber.spectrum(covariance);
    if (spectrum.length == 0 || spread <= rows * Math.ulp(1.0) * square) {
      return OptionalDouble.empty();
    }
    double total = 0;
    for (double value : spectrum) {
      total += Math.max(0, value);
    }
    double entropy = 0;
    for (double value : spectrum) {
      double p = Math.max(0, value) / total; // rounding may leave a zero below 0
      entropy -= p * Math.log(p + INSIDE_LOGARITHM);
    }
    return OptionalDouble.of(entropy);
  }
}
