package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A score of how the gradients of the mean cross-entropy vary from batch to batch, weight by
 * weight: a sum over the convolutions and linear layers of the logarithm of a sum over a layer's
 * weights. A layer whose inner sum is 0 has no term.
 *
 * <p><b>Undefined</b> where no path leads from the image to the logits, where no weight's gradient
 * varies, and where the sum is not finite. {@link Score#published} is the sum.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for images without labels, and for a number of
 * images that is not two batches or more.
 */
abstract class GradientVariation implements PassScore {
  private static final Reading<Map<String, Tensor>> GRADIENTS = new Reading.ParameterGradients();
  private static final int BATCHES = 2;

  private final String name;
  private final int batch;
  private final Initialization initialization;

  GradientVariation(String name, int batch, Initialization initialization) {
    this.name = name;
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  /**
   * The sum over a layer's weights.
   *
   * @param gradients by batch
   */
  abstract double inner(List<double[]> gradients);

  /** What is added to the logarithm of a layer's inner sum. */
  double correction(NetworkGraph graph, TensorSpec weight) {
    return 0;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public final PassInput input() {
    return PassInput.BATCH_BY_BATCH;
  }

  @Override
  public final int batchOf(int samples) {
    if (samples % BATCHES != 0) {
      throw new IllegalArgumentException(
          name + " splits the images into 2 batches, but there are " + samples);
    }
    return samples / BATCHES;
  }

  @Override
  public final Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        initialization,
        new Sampling(Sampling.Kind.IMAGES, batch, BATCHES));
  }

  @Override
  public final boolean needsLabels() {
    return true;
  }

  @Override
  public final void check(Plan plan, List<Job> jobs) {
    for (Job job : jobs) {
      int samples = job.images().samples();
      if (samples <= plan.options().batch() || samples % plan.options().batch() != 0) {
        throw new IllegalArgumentException(
            name
                + " needs two batches of "
                + plan.options().batch()
                + " images or more but got "
                + samples);
      }
    }
  }

  @Override
  public final Pass pass(NetworkGraph graph) {
    return Pass.backward(NormMode.BATCH, Cotangent.CrossEntropy.OF_IMAGES, GRADIENTS);
  }

  @Override
  public final Reader reader(Plan plan, Job job) {
    NetworkGraph graph = plan.graph();
    List<Map<String, Tensor>> batches = new ArrayList<>();
    return new Reader() {
      @Override
      public void read(Readings readings) {
        batches.add(readings.get(GRADIENTS));
      }

      @Override
      public LayeredScore score() {
        Map<String, Double> inner =
            Layers.terms(
                graph,
                job.row(),
                weight ->
                    inner(batches.stream().map(all -> all.get(weight.name()).values()).toList()));
        boolean connected = Connectivity.reachesOutput(graph, job.row());
        boolean varies = inner.values().stream().anyMatch(sum -> sum != 0);
        Map<String, Double> terms =
            Layers.terms(
                graph,
                job.row(),
                weight -> {
                  double sum = inner.get(graph.nodes().get(weight.node()).name());
                  return sum == 0 ? 0 : Math.log(sum) + correction(graph, weight);
                });
        return varies || !connected
            ? LayeredScore.sum(terms, connected)
            : new LayeredScore(
                Score.undefined("no weight's gradient varies between the batches", 0), terms);
      }
    };
  }
}
