package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.data.ImageSet;
import dev.winnow.space.SearchSpace;
import java.util.Objects;

/**
 * A score of which higher is better, by default of one batch of samples on the network that the
 * space's benchmark trained.
 */
abstract class StandardScore implements PassScore {
  private final String name;
  private final Sampling.Kind samples;
  private final int batch;
  private final Initialization initialization;

  /**
   * @param samples of {@link #protocol}
   * @param batch n of {@link #protocol}, in [1, 65536]
   * @param initialization weights of {@link #protocol}
   */
  StandardScore(String name, Sampling.Kind samples, int batch, Initialization initialization) {
    this.name = name;
    this.samples = samples;
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
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
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, samples, batch);
  }
}
