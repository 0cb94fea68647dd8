package dev.winnow.compute;

/**
 * A block of images {@code [samples, channels, height, width]}, row-major float32. Compared by
 * identity: pass the same object to share it between jobs. The array is not copied: do not change
 * it afterwards.
 */
public final class Images {
  private final float[] values;
  private final int samples;
  private final int channels;
  private final int height;
  private final int width;

  /**
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

  @Override
  public String toString() {
    return "Images[" + samples + "x" + channels + "x" + height + "x" + width + "]";
  }
}
