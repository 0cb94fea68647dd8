package dev.winnow.data;

import dev.winnow.compute.Images;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.Arrays;

/**
 * Normalised batches {@code [indices, channels, side, side]} of an {@link ImageSet}. The result
 * depends on the arguments alone. Labels of the set go with its images.
 *
 * <p>A value is {@code (x − mean) / std} in float32 with x in [0, 1], as the published programs
 * compute it.
 */
public final class Batches {
  private Batches() {}

  /**
   * The images as they are.
   *
   * @throws IllegalArgumentException for no index or one outside the set
   */
  public static Images plain(ImageSet set, int[] indices) {
    float[] values = new float[length(set, indices)];
    int padding = set.cropPadding();
    for (int i = 0; i < indices.length; i++) {
      window(set, indices[i], false, padding, padding, values, i);
    }
    return images(set, indices, values);
  }

  /**
   * The images as TE-NAS augments them: mirrored with probability ½, then a window of the image's
   * own size at a uniform place of the image with {@link ImageSet#cropPadding} black pixels around;
   * black before normalisation. Draws three numbers per image, in the order of the indices.
   *
   * @throws IllegalArgumentException for no index or one outside the set
   */
  public static Images augmented(ImageSet set, int[] indices, Stream stream) {
    float[] values = new float[length(set, indices)];
    Philox random = stream.generator();
    int places = 2 * set.cropPadding() + 1;
    for (int i = 0; i < indices.length; i++) {
      boolean mirrored = random.nextInt(2) == 1;
      int top = random.nextInt(places);
      int left = random.nextInt(places);
      window(set, indices[i], mirrored, top, left, values, i);
    }
    return images(set, indices, values);
  }

  /**
   * Writes sample {@code at}: the window whose corner is (top, left) of the padded, perhaps
   * mirrored image.
   */
  static void window(
      ImageSet set, int image, boolean mirrored, int top, int left, float[] out, int at) {
    int side = set.side();
    int padding = set.cropPadding();
    int next = (int) set.offset(at, 0, 0, 0);
    for (int channel = 0; channel < set.channels(); channel++) {
      float mean = set.normalization().mean().get(channel).floatValue();
      float std = set.normalization().std().get(channel).floatValue();
      float black = (0 - mean) / std;
      for (int row = 0; row < side; row++) {
        int y = row + top - padding;
        for (int column = 0; column < side; column++) {
          int x = column + left - padding;
          boolean inside = y >= 0 && y < side && x >= 0 && x < side;
          int source = mirrored ? side - 1 - x : x;
          out[next++] =
              inside ? (set.raw(set.offset(image, channel, y, source)) - mean) / std : black;
        }
      }
    }
  }

  private static int length(ImageSet set, int[] indices) {
    if (indices.length == 0) {
      throw new IllegalArgumentException("a batch needs at least one image");
    }
    set.requireIndices(indices);
    return Math.toIntExact(Math.multiplyExact(set.shape().elements(), indices.length));
  }

  private static Images images(ImageSet set, int[] indices, float[] values) {
    Images images = new Images(values, indices.length, set.channels(), set.side(), set.side());
    return set.labels()
        .map(labels -> images.labelled(Arrays.stream(indices).mapToObj(i -> labels[i]).toList()))
        .orElse(images);
  }
}
