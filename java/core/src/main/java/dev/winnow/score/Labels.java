package dev.winnow.score;

import dev.winnow.compute.Images;
import dev.winnow.data.ImageSet;

/** What scores of classes ask of their images. */
public final class Labels {
  private Labels() {}

  /**
   * Refuses images whose classes are not known to a score that needs them.
   *
   * @throws IllegalArgumentException naming the score
   */
  public static void require(NetworkScore score, Images images) {
    require(score, !images.labels().isEmpty());
  }

  /**
   * The same of all images, before a batch of them is drawn.
   *
   * @throws IllegalArgumentException naming the score
   */
  public static void require(NetworkScore score, ImageSet images) {
    require(score, images.labels().isPresent());
  }

  private static void require(NetworkScore score, boolean known) {
    if (score.needsLabels() && !known) {
      throw new IllegalArgumentException(
          score.name() + " needs the class of every image, but these images have no labels");
    }
  }
}
