package dev.winnow.net;

/** A vertical and a horizontal extent, as of a kernel, stride, padding or dilation. */
public record Pair(int height, int width) {
  /** The same extent both ways. */
  public static Pair of(int both) {
    return new Pair(both, both);
  }
}
