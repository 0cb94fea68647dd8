package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.data.ImageSet;
import dev.winnow.space.SearchSpace;
import java.util.List;

/**
 * Multiply-accumulates of one sample of a network: the baseline that every training-free score has
 * to beat.
 *
 * <p>Those of all convolutions and linear layers; norms, activations and pools do not count.
 * <b>Unit</b>: multiply-accumulates.
 *
 * <p><b>Better</b>: higher, as a predictor of accuracy.
 *
 * <p><b>Protocol</b>: the network that the space's benchmark trained; weights and images play no
 * part.
 *
 * <p><b>Undefined</b>: never. <b>Cost</b>: none.
 *
 * @see dev.winnow.net.NetworkGraph#macs()
 */
public final class MacCount implements NetworkScore {
  @Override
  public String name() {
    return "macs";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        Initialization.KAIMING_FAN_OUT,
        new Sampling(Sampling.Kind.IMAGES, 1, 1));
  }

  @Override
  public void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    Score score = Score.of(plan.graph().macs());
    for (int job = 0; job < jobs.size(); job++) {
      results.accept(job, score);
    }
  }
}
