package dev.winnow.data;

import dev.winnow.net.Shape;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Square images of one size, with their normalisation and, where known, labels. Immutable and
 * thread-safe. Pixels from files are one byte each; a caller's own are floats, kept as given.
 */
public final class ImageSet {
  private final String name;
  private final int size;
  private final Shape shape;
  private final Pixels pixels;
  private final Normalization normalization;
  private final int classes;
  private final int[] labels;
  private final List<SourceFile> sources;

  private ImageSet(
      String name,
      int size,
      Shape shape,
      Pixels pixels,
      Normalization normalization,
      int classes,
      int[] labels,
      List<SourceFile> sources) {
    this.name = name;
    this.size = size;
    this.shape = shape;
    this.pixels = pixels;
    this.normalization = normalization;
    this.classes = classes;
    this.labels = labels;
    this.sources = List.copyOf(sources);
  }

  /**
   * A caller's own images, normalised by their own mean and standard deviation per channel.
   *
   * @param name for provenance
   * @param values {@code [samples, channels, height, width]} row-major, each in [0, 1]; not copied:
   *     do not change it afterwards
   * @throws IllegalArgumentException for sides below 1, height unequal width, a number of values
   *     that does not fit, a value not in [0, 1], or a channel that is constant
   */
  public static ImageSet of(
      String name, float[] values, int samples, int channels, int height, int width) {
    Shape shape = checked(name, values, samples, channels, height, width);
    Pixels pixels = new Pixels.Floats(values);
    return new ImageSet(
        name, samples, shape, pixels, measure(name, pixels, samples, shape), 0, null, List.of());
  }

  /**
   * A caller's own images with a given normalisation.
   *
   * @throws IllegalArgumentException as {@link #of(String, float[], int, int, int, int)}, and for a
   *     normalisation of another number of channels
   */
  public static ImageSet of(
      String name,
      float[] values,
      int samples,
      int channels,
      int height,
      int width,
      Normalization normalization) {
    Shape shape = checked(name, values, samples, channels, height, width);
    if (normalization.mean().size() != channels) {
      throw new IllegalArgumentException(
          name
              + ": normalisation must have "
              + channels
              + " channels but has "
              + normalization.mean().size());
    }
    Pixels pixels = new Pixels.Floats(values);
    return new ImageSet(name, samples, shape, pixels, normalization, 0, null, List.of());
  }

  /** Images of bytes, normalised by their own statistics, without labels. */
  static ImageSet measured(String name, byte[] values, Shape shape, int classes) {
    Pixels pixels = new Pixels.Bytes(values);
    int size = (int) (values.length / shape.elements());
    return new ImageSet(
        name, size, shape, pixels, measure(name, pixels, size, shape), classes, null, List.of());
  }

  /** Images of bytes with everything known. */
  static ImageSet labelled(
      String name,
      byte[] values,
      Shape shape,
      Normalization normalization,
      int classes,
      int[] labels,
      List<SourceFile> sources) {
    return new ImageSet(
        name,
        labels.length,
        shape,
        new Pixels.Bytes(values),
        normalization,
        classes,
        labels,
        sources);
  }

  /**
   * The same images with labels.
   *
   * @param labels one per image, each in {@code 0 .. classes - 1}
   * @throws IllegalArgumentException for another number of labels or one out of range
   */
  public ImageSet withLabels(int[] labels, int classes) {
    if (labels.length != size) {
      throw new IllegalArgumentException(
          name + ": " + size + " images need as many labels but got " + labels.length);
    }
    for (int i = 0; i < size; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            name + ": label " + i + " must be in [0, " + (classes - 1) + "] but was " + labels[i]);
      }
    }
    return new ImageSet(name, size, shape, pixels, normalization, classes, labels.clone(), sources);
  }

  /** Where the images are from, for example {@code cifar10}. */
  public String name() {
    return name;
  }

  /** Number of images. */
  public int size() {
    return size;
  }

  /** Shape of one image; height equals width. */
  public Shape shape() {
    return shape;
  }

  /** Channels of an image. */
  public int channels() {
    return shape.channels();
  }

  /** Height and width of an image. */
  public int side() {
    return shape.height();
  }

  /** Pixels of black around an image before a random crop: 4 for 32×32, 2 for 16×16, side/8. */
  public int cropPadding() {
    return side() / 8;
  }

  /** Number of classes; 0 when nothing is known of them. */
  public int classes() {
    return classes;
  }

  /** The class of each image, where known. */
  public Optional<int[]> labels() {
    return Optional.ofNullable(labels).map(int[]::clone);
  }

  /** What a batch subtracts and divides by. */
  public Normalization normalization() {
    return normalization;
  }

  /** The files that were read, in order; empty for generated and own images. */
  public List<SourceFile> sources() {
    return sources;
  }

  /**
   * A pixel in [0, 1].
   *
   * @throws IndexOutOfBoundsException outside the set or the image
   */
  public float pixel(int image, int channel, int y, int x) {
    Objects.checkIndex(image, size);
    Objects.checkIndex(channel, channels());
    Objects.checkIndex(y, side());
    Objects.checkIndex(x, side());
    return pixels.get(offset(image, channel, y, x));
  }

  /**
   * SHA-256 of the pixels in order (bytes, or big-endian float32), in hexadecimal: equal for sets
   * that give equal batches under one normalisation.
   */
  public String sha256() {
    MessageDigest digest = SourceFile.digest();
    pixels.update(digest);
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public String toString() {
    return name + "[" + size + "x" + shape + "]";
  }

  /** Every index must name an image. */
  void requireIndices(int[] indices) {
    for (int index : indices) {
      if (index < 0 || index >= size) {
        throw new IllegalArgumentException(
            name + ": image must be in [0, " + (size - 1) + "] but was " + index);
      }
    }
  }

  /** Offset of a pixel; channels, rows and columns as they lie. Nothing is checked. */
  long offset(int image, int channel, int y, int x) {
    return (((long) image * channels() + channel) * side() + y) * side() + x;
  }

  /** Pixel at an offset, in [0, 1]. */
  float raw(long offset) {
    return pixels.get(offset);
  }

  private static Shape checked(
      String name, float[] values, int samples, int channels, int height, int width) {
    if (samples < 1 || channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          name
              + ": samples, channels, height and width must be >= 1 but were "
              + samples
              + ", "
              + channels
              + ", "
              + height
              + ", "
              + width);
    }
    if (height != width) {
      throw new IllegalArgumentException(
          name + ": images must be square but were " + height + "x" + width);
    }
    Shape shape = new Shape(channels, height, width);
    // Compared by division: the product of four ints may overflow a long.
    long perImage = (long) channels * height;
    if (values.length % samples != 0
        || (values.length / samples) % width != 0
        || values.length / samples / width != perImage) {
      throw new IllegalArgumentException(
          name
              + ": "
              + samples
              + " images of "
              + shape
              + " do not have "
              + values.length
              + " values");
    }
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] >= 0 && values[i] <= 1)) {
        int image = (int) (i / shape.elements());
        throw new IllegalArgumentException(
            name
                + ": value "
                + i
                + " (image "
                + image
                + ") must be in [0, 1] but was "
                + values[i]);
      }
    }
    return shape;
  }

  private static Normalization measure(String name, Pixels pixels, int size, Shape shape) {
    long area = (long) shape.height() * shape.width();
    List<Double> means = new ArrayList<>();
    List<Double> stds = new ArrayList<>();
    for (int channel = 0; channel < shape.channels(); channel++) {
      double sum = 0;
      double squares = 0;
      for (int image = 0; image < size; image++) {
        long first = ((long) image * shape.channels() + channel) * area;
        for (long at = first; at < first + area; at++) {
          double centred = pixels.get(at) - 0.5; // keeps the sum of squares free of cancellation
          sum += centred;
          squares += centred * centred;
        }
      }
      double count = (double) size * area;
      double mean = sum / count;
      double variance = squares / count - mean * mean;
      if (!(variance > 1e-10)) {
        throw new IllegalArgumentException(
            name
                + ": channel "
                + channel
                + " is constant, so it has no standard deviation to divide by; give a"
                + " normalisation");
      }
      means.add(Math.min(1, Math.max(0, mean + 0.5)));
      stds.add(Math.sqrt(variance));
    }
    return new Normalization(means, stds);
  }

  /** The two ways pixels are kept. */
  private sealed interface Pixels {
    float get(long offset);

    void update(MessageDigest digest);

    /** 0 to 255 in a byte; the published programs' /255 in float32. */
    record Bytes(byte[] values) implements Pixels {
      @Override
      public float get(long offset) {
        return (values[(int) offset] & 0xFF) / 255f;
      }

      @Override
      public void update(MessageDigest digest) {
        digest.update(values);
      }
    }

    /** As the caller gave them. */
    record Floats(float[] values) implements Pixels {
      @Override
      public float get(long offset) {
        return values[(int) offset];
      }

      @Override
      public void update(MessageDigest digest) {
        ByteBuffer word = ByteBuffer.allocate(4);
        for (float value : values) {
          digest.update(word.putFloat(0, value).array());
        }
      }
    }
  }
}
