package dev.winnow.score;

import dev.winnow.compute.Images;

/** What scores of classes ask of their images. */
final class Labels {
  private Labels() {}

  /** Refuses images whose classes are not known. */
  static void require(NetworkScore score, Images images) {
    if (images.labels().isEmpty()) {
      throw new IllegalArgumentException(
          score.name() + " needs the class of every image, but these images have no labels");
    }
  }
}
