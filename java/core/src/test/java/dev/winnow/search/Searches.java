package dev.winnow.search;

import dev.winnow.data.ImageSet;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;

/** Small inputs of search tests. */
public final class Searches {
  private Searches() {}

  /** Twenty images of noise, 1×4×4. */
  public static ImageSet images() {
    Philox random = Stream.root(7).generator();
    float[] values = new float[20 * 16];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return ImageSet.of("noise", values, 20, 1, 4, 4);
  }

  /** A mode's defaults with batches of 4 images and 5 patches. */
  public static TeNasOptions small(Mode mode) {
    return TeNasOptions.builder(mode).seed(3).ntkBatch(4).regionBatch(5).resamples(100).build();
  }
}
