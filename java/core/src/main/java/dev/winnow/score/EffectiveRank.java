package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.TensorSpec;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;

/**
 * In how many directions the activations of each layer spread: effective ranks before and after the
 * activation functions ("NEAR").
 *
 * <p>A layer is whatever has a weight (convolution, linear layer, affine norm), and every ReLU. Its
 * value is a matrix of n·w·h rows, of each sample column by column, and c channels, cut to a block
 * of c consecutive rows that begins at a random multiple of w. With σ the singular values of the
 * block, its mean not taken off, and \(p_i = \sigma_i / \sum_j \sigma_j\), the layer's term is
 * \(e^{-\sum_i p_i \ln p_i}\), between 1 and c, and the score their sum. A block of zeros counts 0,
 * as the program's NaN does; where a layer has fewer than c rows the block is all of them.
 *
 * <p><b>Shapes</b>: batch {@code [n, 3, h, w]}; a matrix {@code [c, c]} in float64 for each layer.
 * <b>Unit</b>: directions. <b>Better</b>: higher. No labels.
 *
 * <p><b>Normalisation</b>: statistics of the batch.
 *
 * <p><b>Protocol</b>: 16 augmented images, the benchmark's network, its framework's default
 * weights; where blocks begin is drawn from the job's stream, in the sub-stream "rows" and there in
 * that of the layer's name. The program takes the mean over some draws: {@code --repeats}.
 *
 * <p><b>Uncertain</b>: not known to us are the number of images and of draws, the mode of the norms
 * and the initialisation of the program.
 *
 * <p><b>Hazards</b>: a term is at most c, so that wide and deep networks score high whatever they
 * do: compare networks of one macro structure. The rows of a block are neighbours in the image and
 * alike; one block of one image or few stands for a layer, which {@code --repeats} evens out. A
 * classifier of more classes than images has as many rows as images.
 *
 * <p><b>Evidence</b>: none recorded in our tables. Spearman .90 (95% [.85, .93]; .71 given
 * parameters) with CIFAR-10 test accuracy on 171 random connected cells of NAS-Bench-201, one draw;
 * parameters alone .83 ([.77, .88]).
 *
 * <p><b>Undefined</b> where no path leads from the image to the logits and where a value is not
 * finite; {@link Score#published} is the sum. <b>Fails</b>: {@link IllegalArgumentException} for a
 * network without a layer, for a job without a stream and for images that are not one batch.
 * <b>Cost</b>: 1 forward pass and about 20 c³ for the singular values of each layer.
 *
 * @see <a href="https://arxiv.org/abs/2408.08776">Husistein, Reiher and Eckhoff 2025</a>
 */
public final class EffectiveRank extends StandardScore {
  /**
   * @param batch n of {@link #protocol}, in [1, 65536]
   * @param initialization weights of {@link #protocol}
   */
  public EffectiveRank(int batch, Initialization initialization) {
    super("near", Sampling.Kind.IMAGES, batch, initialization);
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    Streams.require(this, "rows", jobs);
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    if (layers(graph).isEmpty()) {
      throw new IllegalArgumentException(
          "near needs a network with a weight or a ReLU, but this one has none");
    }
    return Pass.forward(NormMode.BATCH, rows(graph));
  }

  private static Reading<List<double[][]>> rows(NetworkGraph graph) {
    return new Reading.ActivationRows(layers(graph));
  }

  /** Nodes with learned tensors, and ReLUs. */
  private static List<Integer> layers(NetworkGraph graph) {
    Set<Integer> weighted = new HashSet<>();
    for (TensorSpec tensor : graph.tensors()) {
      if (tensor.role().learned()) {
        weighted.add(tensor.node());
      }
    }
    return IntStream.range(0, graph.nodes().size())
        .filter(
            n -> weighted.contains(n) || graph.nodes().get(n).operation() instanceof Operation.Relu)
        .boxed()
        .toList();
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    return Reader.once(readings -> of(graph, job, readings.get(rows(graph))));
  }

  private static LayeredScore of(NetworkGraph graph, Job job, List<double[][]> blocks) {
    Map<String, Double> terms = new LinkedHashMap<>();
    List<Integer> layers = layers(graph);
    for (int l = 0; l < layers.size(); l++) {
      Node node = graph.nodes().get(layers.get(l));
      if (Layers.has(node, job.row())) {
        terms.put(node.name(), of(blocks.get(l)));
      }
    }
    return LayeredScore.sum(terms, Connectivity.reachesOutput(graph, job.row()));
  }

  /**
   * Exponential of the entropy of the normalised singular values of a matrix; 0 for zeros, NaN
   * where an element is not finite.
   */
  static double of(double[][] matrix) {
    double largest = 0;
    for (double[] row : matrix) {
      for (double value : row) {
        largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : Double.NaN;
        if (Double.isNaN(largest)) {
          return Double.NaN;
        }
      }
    }
    if (largest == 0) {
      return 0;
    }
    double[] singular =
        new SingularValueDecomposition(new Array2DRowRealMatrix(matrix)).getSingularValues();
    double total = 0;
    for (double value : singular) {
      total += value;
    }
    double entropy = 0;
    for (double value : singular) {
      double p = value / total;
      entropy -= p == 0 ? 0 : p * Math.log(p);
    }
    return Math.exp(entropy);
  }
}
