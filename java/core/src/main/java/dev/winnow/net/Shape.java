package dev.winnow.net;

/**
 * Shape of one sample's value: channels, height, width. A vector of c features is {@code (c, 1,
 * 1)}.
 *
 * @param channels at least 1
 * @param height at least 1
 * @param width at least 1
 */
public record Shape(int channels, int height, int width) {
  public Shape {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "shape must have positive sides but was " + channels + "x" + height + "x" + width);
    }
  }

  /** Number of elements of one sample. */
  public long elements() {
    return (long) channels * height * width;
  }

  @Override
  public String toString() {
    return channels + "x" + height + "x" + width;
  }
}
