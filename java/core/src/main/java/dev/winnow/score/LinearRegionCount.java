package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.space.SearchSpace;

/**
 * Number of linear regions that a sample of inputs falls into: distinct patterns of active units.
 *
 * <p>A unit is one element of a ReLU's value; it is active where the value is above 0. Inputs with
 * equal patterns over all ReLUs count once.
 *
 * <p><b>Shapes</b>: inputs {@code [s, c, h, w]}, s a multiple of the batch. <b>Unit</b>: regions,
 * in [1, s]. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: statistics of each batch of its own.
 *
 * <p><b>Protocol</b>: the program's thin network (one cell of one channel, no stem) on 3 batches of
 * 1000 patches 1×3×3, the paper's Kaiming weights over fan_in. Larger inputs put every sample in a
 * region of its own.
 *
 * <p><b>Undefined</b>: never.
 *
 * <p><b>Cost</b>: one forward pass; s·u/8 bytes for u units.
 *
 * @see <a href="https://arxiv.org/abs/2102.11535">Chen, Gong and Wang 2021, section 3.2</a>
 */
public final class LinearRegionCount implements PassScore {
  private static final Reading<Long> REGIONS = new Reading.LinearRegions();

  private final Sampling sampling;
  private final int side;
  private final Initialization initialization;

  /** With the published 3 batches of 1000 patches 1×3×3 and Kaiming weights over fan_in. */
  public LinearRegionCount() {
    this(new Sampling(Sampling.Kind.PATCHES, 1000, 3), 3, Initialization.KAIMING_FAN_IN);
  }

  /**
   * @param sampling patches of {@link #protocol}
   * @param side of a patch, at least 1
   * @param initialization weights of {@link #protocol}
   */
  public LinearRegionCount(Sampling sampling, int side, Initialization initialization) {
    this.sampling = sampling;
    this.side = side;
    this.initialization = initialization;
  }

  @Override
  public String name() {
    return "regions";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.thin(Protocol.classes(images), new Shape(1, side, side)), initialization, sampling);
  }

  /** Its own batch where that divides the samples, else all of them. */
  @Override
  public int batchOf(int samples) {
    return samples % sampling.batch() == 0 ? sampling.batch() : samples;
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.forward(Plan.NormMode.BATCH, REGIONS);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    return Reader.once(readings -> LayeredScore.of(Score.of(readings.get(REGIONS))));
  }
}
