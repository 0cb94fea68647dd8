package dev.winnow.score;

/**
 * How the images of one evaluation are taken from a set.
 *
 * @param kind whole augmented images or small patches
 * @param batch samples that share batch statistics, in [1, 65536]
 * @param batches batches of one evaluation, in [1, 1024]
 */
public record Sampling(Kind kind, int batch, int batches) {
  public Sampling {
    if (batch < 1 || batch > 65536) {
      throw new IllegalArgumentException("batch must be in [1, 65536] but was " + batch);
    }
    if (batches < 1 || batches > 1024) {
      throw new IllegalArgumentException("batches must be in [1, 1024] but was " + batches);
    }
  }

  /** What a sample is. */
  public enum Kind {
    /** A training image, flipped and cropped at random, normalised. */
    IMAGES,
    /** A random crop of one random channel of a training image, normalised. */
    PATCHES
  }
}
