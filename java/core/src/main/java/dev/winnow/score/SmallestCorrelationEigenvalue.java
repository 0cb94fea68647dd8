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
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.SearchSpace;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How far the channels of the feature maps are from depending on one another: the smallest
 * eigenvalues of their correlations ("MeCo", "MeCo_opt").
 *
 * <p>With the value of layer l as c channels of n·h·w numbers and P their Pearson correlations
 * {@code [c, c]}, {@code meco} is \(\sum_l \lambda_{\min}(P_l)\). {@code meco_opt} takes \(k =
 * \min(8, c)\) of a layer's channels at random, P' their correlations, and is \(\sum_l
 * \frac{c_l}{k}\, \lambda_{\min}(P'_l)\). Eigenvalues of a correlation matrix have the mean 1, so
 * that a term of {@code meco} is in [0, 1] and one of {@code meco_opt} in [0, c/k].
 *
 * <p>A layer is a convolution, norm, ReLU or pool. Its term is 0 where a channel is constant (the
 * programs put 0 for every coefficient that is no number) and where n·h·w ≤ c, since centred
 * channels then depend on one another.
 *
 * <p><b>Shapes</b>: batch {@code [n, 3, h, w]} of standard normal numbers, n = 1; a matrix in
 * float64 for each layer. <b>Unit</b>: none. <b>Better</b>: higher. No labels, no data.
 *
 * <p><b>Normalisation</b>: statistics of the batch.
 *
 * <p><b>Protocol</b>: 1 sample of 64 x 64 pixels whatever the data, the benchmark's network, its
 * framework's default weights; channels of {@code meco_opt} from the job's stream, in the
 * sub-stream "channels" and there in that of the layer's name.
 *
 * <p><b>Uncertain</b>: we know the programs from copies in others' repositories. They hook every
 * module: those that only hold others are layers again there, as the whole network, its cells and
 * its operations, and so are modules that hand their input on. Here each layer counts once. Of more
 * samples than one the programs look at the first; here P is over all of them. The paper's factor
 * of {@code meco_opt} may be another than the programs' c/8.
 *
 * <p><b>Hazards</b>: a convolution and the norm behind it have the same P (signs of scales move no
 * eigenvalue) and count twice. Grows with the number of layers; wide layers of few pixels add
 * nothing, so that the size of the sample matters. The smallest eigenvalue is the most sensitive to
 * rounding: one of 1e-7 is noise of float32.
 *
 * <p><b>Evidence</b>: published Spearman .89, .88, .85 on the three data sets of NAS-Bench-201, .44
 * on NAS-Bench-101. Not recorded in NAS-Bench-Suite-Zero. Here with CIFAR-10 test accuracy on 171
 * random connected cells of NAS-Bench-201, one draw: {@code meco} .92 (95% [.89, .94]; .72 given
 * parameters), {@code meco_opt} .93 ([.90, .95]; .75); parameters alone .83 ([.77, .88]).
 *
 * <p><b>Undefined</b> where no path leads from the image to the logits and where a value is not
 * finite; {@link Score#published} is the sum. <b>Fails</b>: {@link IllegalArgumentException} for a
 * network without a layer, and of {@code meco_opt} for a job without a stream. <b>Cost</b>: 1
 * forward pass, shared by the two, n·h·w·c²/2 for the correlations and about 9 c³ for the
 * eigenvalues of each layer.
 *
 * @see <a
 *     href="https://proceedings.neurips.cc/paper_files/paper/2023/hash/bfa815ac6f08f4ada34fe22be054f2b9-Abstract-Conference.html">Jiang,
 *     Wang and Bie 2023</a>
 */
public final class SmallestCorrelationEigenvalue extends StandardScore {
  private static final int SIDE = 64;
  private static final int FEW = 8;

  private final Channels channels;
  private final Initialization initialization;
  private final int batch;

  /** Which channels of a layer are compared. */
  public enum Channels {
    /** All: {@code meco}. */
    ALL("meco"),
    /** Eight at random: {@code meco_opt}. */
    EIGHT("meco_opt");

    private final String score;

    Channels(String score) {
      this.score = score;
    }
  }

  /**
   * @param batch n of {@link #protocol}, in [1, 65536]
   * @param initialization weights of {@link #protocol}
   */
  public SmallestCorrelationEigenvalue(
      Channels channels, int batch, Initialization initialization) {
    super(channels.score, Sampling.Kind.NORMAL, batch, initialization);
    this.channels = channels;
    this.batch = batch;
    this.initialization = initialization;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), SIDE),
        initialization,
        new Sampling(Sampling.Kind.NORMAL, batch, 1));
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    if (channels == Channels.EIGHT) {
      Streams.require(this, "channels", jobs);
    }
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    if (layers(graph).isEmpty()) {
      throw new IllegalArgumentException(
          name()
              + " needs a network with a convolution, norm, ReLU or pool, but this one has none");
    }
    return Pass.forward(NormMode.BATCH, grams(graph));
  }

  private static Reading<List<double[][]>> grams(NetworkGraph graph) {
    return new Reading.ActivationGrams(layers(graph));
  }

  /** Indices of the nodes whose values are feature maps. */
  private static List<Integer> layers(NetworkGraph graph) {
    return IntStream.range(0, graph.nodes().size())
        .filter(n -> isLayer(graph.nodes().get(n).operation()))
        .boxed()
        .toList();
  }

  private static boolean isLayer(Operation operation) {
    return operation instanceof Operation.Convolution
        || operation instanceof Operation.BatchNorm
        || operation instanceof Operation.Relu
        || operation instanceof Operation.AveragePool
        || operation instanceof Operation.MaxPool;
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    return Reader.once(readings -> of(graph, job, readings.get(grams(graph))));
  }

  private LayeredScore of(NetworkGraph graph, Job job, List<double[][]> grams) {
    Map<String, Double> terms = new LinkedHashMap<>();
    List<Integer> layers = layers(graph);
    for (int l = 0; l < layers.size(); l++) {
      Node node = graph.nodes().get(layers.get(l));
      if (Layers.has(node, job.row())) {
        long rows = (long) job.images().samples() * node.shape().height() * node.shape().width();
        terms.put(node.name(), term(grams.get(l), rows, job, node.name()));
      }
    }
    return LayeredScore.sum(terms, Connectivity.reachesOutput(graph, job.row()));
  }

  private double term(double[][] gram, long rows, Job job, String layer) {
    int all = gram[0].length;
    if (channels == Channels.ALL) {
      return smallest(gram, IntStream.range(0, all).toArray(), rows);
    }
    Stream stream = job.noise().orElseThrow().of("channels").of(layer);
    int[] few = some(Math.min(FEW, all), all, stream.generator());
    return (double) all / few.length * smallest(gram, few, rows);
  }

  /** Different numbers in [0, all), by the first steps of a Fisher–Yates shuffle. */
  private static int[] some(int count, int all, Philox generator) {
    int[] order = IntStream.range(0, all).toArray();
    int[] chosen = new int[count];
    for (int i = 0; i < count; i++) {
      int j = i + generator.nextInt(all - i);
      chosen[i] = order[j];
      order[j] = order[i];
    }
    return chosen;
  }

  /**
   * Smallest eigenvalue of the correlations of some channels, at least 0; NaN where a sum is not
   * finite.
   *
   * @param gram {@code [1 + c][c]}: sums of the channels, then those of the products of every two
   * @param chosen channels
   * @param rows that were summed over
   */
  static double smallest(double[][] gram, int[] chosen, long rows) {
    int k = chosen.length;
    double[] deviation = new double[k];
    boolean degenerate = rows <= k;
    for (int i = 0; i < k; i++) {
      double square = gram[1 + chosen[i]][chosen[i]] / rows;
      double variance = covariance(gram, chosen[i], chosen[i], rows);
      if (!Double.isFinite(variance)) {
        return Double.NaN;
      }
      degenerate |= variance <= rows * Math.ulp(1.0) * square; // constant to working precision
      deviation[i] = Math.sqrt(variance);
    }
    if (degenerate) {
      return 0;
    }
    double[][] correlation = new double[k][k];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        correlation[i][j] =
            i == j ? 1 : covariance(gram, chosen[i], chosen[j], rows) / deviation[i] / deviation[j];
      }
    }
    return Math.max(
        0, NtkConditionNumber.spectrum(correlation)[0]); // rounding may leave a zero below
  }

  private static double covariance(double[][] gram, int i, int j, long rows) {
    return gram[1 + i][j] / rows - gram[0][i] / rows * (gram[0][j] / rows);
  }
}
