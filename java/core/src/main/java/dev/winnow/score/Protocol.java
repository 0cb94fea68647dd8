package dev.winnow.score;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.data.ImageSet;
import dev.winnow.random.Stream;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;

/**
 * On what a score is computed.
 *
 * @param network size of the network
 * @param initialization how its weights are drawn
 * @param sampling what images it sees
 */
public record Protocol(NetworkOptions network, Initialization initialization, Sampling sampling) {
  private static final int UNKNOWN_CLASSES = 10;

  /** Outputs of a network on these images: their classes, or 10 when nothing is known of them. */
  public static int classes(ImageSet images) {
    return images.classes() > 0 ? images.classes() : UNKNOWN_CLASSES;
  }

  /** On the network that the space's benchmark trained, one batch of the images. */
  static Protocol standard(
      SearchSpace space,
      ImageSet images,
      Initialization initialization,
      Sampling.Kind kind,
      int batch) {
    return new Protocol(
        space.standard(classes(images), images.shape().height()),
        initialization,
        new Sampling(kind, batch, 1));
  }

  /**
   * The images of one evaluation: batches {@code number … number + batches − 1} of the stream's
   * endlessly reshuffled epochs.
   *
   * @throws IllegalArgumentException when the set is smaller than a batch
   */
  public Images draw(ImageSet images, Stream stream, long number) {
    return sampling.draw(images, network.input(), stream, number);
  }
}
