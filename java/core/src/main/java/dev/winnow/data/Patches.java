package dev.winnow.data;

import dev.winnow.compute.Images;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;

/**
 * Small single-channel pieces of images, the samples of the linear-region count: a random crop
 * without padding or mirroring, normalised, one channel of it. The result depends on the arguments
 * alone.
 */
public final class Patches {
  private Patches() {}

  /**
   * One patch from each image, {@code [indices, 1, side, side]}. Place and channel are uniform;
   * three numbers are drawn per image (row, column, channel), in the order of the indices.
   *
   * @throws IllegalArgumentException for no index, one outside the set, or a side not in [1, the
   *     image's side]
   */
  public static Images draw(ImageSet set, int[] indices, int side, Stream stream) {
    if (side < 1 || side > set.side()) {
      throw new IllegalArgumentException(
          "patch side must be in [1, " + set.side() + "] but was " + side);
    }
    if (indices.length == 0) {
      throw new IllegalArgumentException("a batch of patches needs at least one image");
    }
    set.requireIndices(indices);
    float[] values = new float[Math.multiplyExact(indices.length, side * side)];
    Philox random = stream.generator();
    int places = set.side() - side + 1;
    int next = 0;
    for (int image : indices) {
      int top = random.nextInt(places);
      int left = random.nextInt(places);
      int channel = random.nextInt(set.channels());
      float mean = set.normalization().mean().get(channel).floatValue();
      float std = set.normalization().std().get(channel).floatValue();
      for (int y = top; y < top + side; y++) {
        for (int x = left; x < left + side; x++) {
          values[next++] = (set.raw(set.offset(image, channel, y, x)) - mean) / std;
        }
      }
    }
    return new Images(values, indices.length, 1, side, side);
  }
}
