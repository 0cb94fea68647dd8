package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import java.util.Map;
import java.util.Objects;

/**
 * A score that adds up, over the convolutions and linear layers, a sum over a layer's weight W and
 * what the mean cross-entropy of a labelled batch has as derivative by it: the gradient, or the
 * Hessian's product. Biases and norms do not count. Sums are in float64, in the network's order;
 * all such scores read one pass.
 *
 * <p><b>Undefined</b> where no path leads from the image to the logits (the published programs
 * print what the classifier alone gives, 0 if it sees only zeros), and where the sum is not finite.
 * {@link Score#published} is the sum.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for images without labels.
 */
public abstract class LayerSum implements PassScore {
  private final String name;
  private final Direction direction;
  private final Reading<Map<String, Double>> sum;
  private final int batch;
  private final Initialization initialization;

  /**
   * @param sum by name of the layer's weight
   */
  LayerSum(
      String name,
      Direction direction,
      Reading<Map<String, Double>> sum,
      int batch,
      Initialization initialization) {
    this.name = name;
    this.direction = direction;
    this.sum = sum;
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  /** A layer's term. */
  double term(double sum) {
    return sum;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Direction direction() {
    return direction;
  }

  @Override
  public final Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.IMAGES, batch);
  }

  @Override
  public final boolean needsLabels() {
    return true;
  }

  @Override
  public final Pass pass(NetworkGraph graph) {
    return Pass.backward(NormMode.BATCH, Cotangent.CrossEntropy.OF_IMAGES, sum);
  }

  @Override
  public final Reader reader(Plan plan, Job job) {
    boolean connected = Connectivity.reachesOutput(plan.graph(), job.row());
    return Reader.once(
        readings -> {
          Map<String, Double> sums = readings.get(sum);
          return LayeredScore.sum(
              Layers.terms(plan.graph(), job.row(), weight -> term(sums.get(weight.name()))),
              connected);
        });
  }
}
