package dev.winnow.score;

import dev.winnow.compute.Images;
import dev.winnow.data.Batches;
import dev.winnow.data.ImageSet;
import dev.winnow.data.Patches;
import dev.winnow.data.Shuffle;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.Arrays;
import java.util.List;

/**
 * How the images of one evaluation are taken from a set.
 *
 * @param kind whole images, augmented or not, or small patches
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

  /**
   * Batches {@code number … number + batches − 1}, one after the other.
   *
   * @param input shape that the network takes: of normal numbers, and the side of a patch; whole
   *     images have their own
   */
  Images draw(ImageSet set, Shape input, Stream stream, long number) {
    Images[] drawn = new Images[batches];
    for (int i = 0; i < batches; i++) {
      int[] indices = Shuffle.batch(stream, set.size(), batch, number + i);
      drawn[i] =
          switch (kind) {
            case PLAIN_IMAGES -> Batches.plain(set, indices);
            case IMAGES ->
                Batches.augmented(set, indices, stream.of("augmentation").of(number + i));
            case ONES -> ones(batch, set.shape());
            case NORMAL -> normal(batch, input, stream.of("normal").of(number + i));
            case PATCHES ->
                Patches.draw(set, indices, input.height(), stream.of("patches").of(number + i));
          };
    }
    return batches == 1 ? drawn[0] : joined(drawn);
  }

  private static Images joined(Images[] parts) {
    int length = parts[0].values().length;
    float[] values = new float[Math.multiplyExact(length, parts.length)];
    for (int i = 0; i < parts.length; i++) {
      System.arraycopy(parts[i].values(), 0, values, i * length, length);
    }
    Images all =
        new Images(
            values,
            parts.length * parts[0].samples(),
            parts[0].channels(),
            parts[0].height(),
            parts[0].width());
    List<Integer> labels = Arrays.stream(parts).flatMap(p -> p.labels().stream()).toList();
    return labels.isEmpty() ? all : all.labelled(labels);
  }

  /** Samples whose every value is 1. */
  static Images ones(int samples, Shape shape) {
    float[] values = new float[Math.toIntExact(Math.multiplyExact(shape.elements(), samples))];
    Arrays.fill(values, 1);
    return new Images(values, samples, shape.channels(), shape.height(), shape.width());
  }

  /** Samples whose values are independent standard normal numbers. */
  static Images normal(int samples, Shape shape, Stream stream) {
    float[] values = new float[Math.toIntExact(Math.multiplyExact(shape.elements(), samples))];
    Philox generator = stream.generator();
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) generator.nextNormal();
    }
    return new Images(values, samples, shape.channels(), shape.height(), shape.width());
  }

  /** What a sample is. */
  public enum Kind {
    /** A training image, normalised. */
    PLAIN_IMAGES,
    /** A training image, flipped and cropped at random, normalised. */
    IMAGES,
    /** Ones in the shape of the images: no data. */
    ONES,
    /** Standard normal numbers in the shape of the network's input: no data. */
    NORMAL,
    /** A random crop of one random channel of a training image, normalised. */
    PATCHES
  }
}
