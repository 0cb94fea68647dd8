package dev.winnow.compute;

import dev.winnow.random.Stream;
import java.util.Objects;
import java.util.Optional;

/**
 * One evaluation: a candidate with given weights on given images. Jobs of one call that share a
 * row, parameters or images by {@code equals} share them natively too.
 *
 * @param row coefficients and states of the choices; {@link Row#NONE} where the network has none
 * @param parameters the weights
 * @param images the input
 * @param noise where noise operations draw from, each in the sub-stream of its own name, element by
 *     element of its value {@code [samples, c, h, w]}; empty is an error where the row runs one
 */
public record Job(Row row, Parameters parameters, Images images, Optional<Stream> noise) {
  public Job {
    Objects.requireNonNull(row, "row");
    Objects.requireNonNull(parameters, "parameters");
    Objects.requireNonNull(images, "images");
    Objects.requireNonNull(noise, "noise");
  }

  /** Of a network that draws nothing as it runs. */
  public Job(Row row, Parameters parameters, Images images) {
    this(row, parameters, images, Optional.empty());
  }

  /** The same job with a source of noise; networks without noise take no notice. */
  public Job noisy(Stream stream) {
    return new Job(row, parameters, images, Optional.of(stream));
  }

  /** The same candidate and noise on other weights and images. */
  public Job on(Parameters others, Images instead) {
    return new Job(row, others, instead, noise);
  }
}
