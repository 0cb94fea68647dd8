package dev.winnow.compute;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A block of images {@code [samples, channels, height, width]}, row-major float32, and where known
 * the class of each. Compared by identity: pass the same object to share it between jobs. The array
 * is not copied: do not change it afterwards.
 */
public final class Images {
  private final float[] values;
  private final int samples;
  private final int channels;
  private final int height;
  private final int width;
  private final List<Integer> labels;

  /**
   * Without labels.
   *
   * @throws IllegalArgumentException for a side below 1 or a number of values that does not fit
   */
  public Images(float[] values, int samples, int channels, int height, int width) {
    if (samples < 1 || channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "images must have positive sides but were "
              + samples
              + "x"
              + channels
              + "x"
              + height
              + "x"
              + width);
    }
    long expected =
        Math.multiplyExact(Math.multiplyExact((long) samples * channels, height), width);
    if (expected != values.length) {
      throw new IllegalArgumentException(
          samples
              + "x"
              + channels
              + "x"
              + height
              + "x"
              + width
              + " images need "
              + expected
              + " values but got "
              + values.length);
    }
    this.values = values;
    this.samples = samples;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.labels = List.of();
  }

  private Images(Images images, List<Integer> labels) {
    this.values = images.values;
    this.samples = images.samples;
    this.channels = images.channels;
    this.height = images.height;
    this.width = images.width;
    this.labels = labels;
  }

  /**
   * The same images with the class of each.
   *
   * @throws IllegalArgumentException for another number of labels than samples
   */
  public Images labelled(List<Integer> classes) {
    if (classes.size() != samples) {
      throw new IllegalArgumentException(
          samples + " images need as many labels but got " + classes.size());
    }
    return new Images(this, List.copyOf(classes));
  }

  /**
   * Some of the images in a block of their own.
   *
   * @throws IndexOutOfBoundsException where there are fewer
   */
  public Images part(int first, int count) {
    Objects.checkFromIndexSize(first, count, samples);
    int each = values.length / samples;
    float[] part = Arrays.copyOfRange(values, first * each, (first + count) * each);
    Images images = new Images(part, count, channels, height, width);
    return labels.isEmpty() ? images : images.labelled(labels.subList(first, first + count));
  }

  /** The values; treat as frozen. */
  public float[] values() {
    return values;
  }

  public int samples() {
    return samples;
  }

  public int channels() {
    return channels;
  }

  public int height() {
    return height;
  }

  public int width() {
    return width;
  }

  /** The class of each sample; empty when the classes are not known. */
  public List<Integer> labels() {
    return labels;
  }

  @Override
  public String toString() {
    return "Images[" + samples + "x" + channels + "x" + height + "x" + width + "]";
  }
}
