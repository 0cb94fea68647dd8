package dev.winnow.compute;

import java.util.Objects;

/**
 * One evaluation: a candidate with given weights on given images. Jobs of one call that share a
 * row, parameters or images by {@code equals} share them natively too.
 *
 * @param row coefficients and states of the choices; {@link Row#NONE} where the network has none
 * @param parameters the weights
 * @param images the input
 */
public record Job(Row row, Parameters parameters, Images images) {
  public Job {
    Objects.requireNonNull(row, "row");
    Objects.requireNonNull(parameters, "parameters");
    Objects.requireNonNull(images, "images");
  }
}
