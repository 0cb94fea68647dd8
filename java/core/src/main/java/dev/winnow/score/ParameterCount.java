package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.data.ImageSet;
import dev.winnow.space.SearchSpace;
import java.util.List;

/**
 * Number of learned scalars of a network: the baseline that every training-free score has to beat.
 *
 * <p>All convolution, linear and norm parameters; buffers do not count. <b>Unit</b>: parameters.
 *
 * <p><b>Better</b>: higher, as a predictor of accuracy.
 *
 * <p><b>Protocol</b>: the network that the space's benchmark trained; weights and images play no
 * part.
 *
 * <p><b>Undefined</b>: never. <b>Cost</b>: none.
 *
 * @see dev.winnow.net.NetworkGraph#parameters()
 */
public final class ParameterCount implements NetworkScore {
  @Override
  public String name() {
    return "parameters";
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
    Score score = Score.of(plan.graph().parameters());
    for (int job = 0; job < jobs.size(); job++) {
      results.accept(job, score);
    }
  }
}
