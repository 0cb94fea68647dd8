package dev.winnow.random;

import java.nio.charset.StandardCharsets;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al. 2011, bit for bit the native core's
 * ({@code include/winnow/random.h}): key = seed, counter = (block, stream). Sequential use of one
 * stream; not thread-safe.
 */
public final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private final Stream stream;
  private final int[] words = new int[4];
  private long block = -1;
  private long next;

  Philox(Stream stream) {
    this.stream = stream;
  }

  /** The next 64 random bits. */
  public long nextLong() {
    long element = next++;
    if (element >>> 1 != block) {
      block = element >>> 1;
      fill(stream.seed(), block, stream.id(), words);
    }
    int first = (int) (element & 1) << 1;
    return (words[first] & 0xFFFFFFFFL) | (long) words[first + 1] << 32;
  }

  /** Uniform in [0, 1): the top 53 bits of {@link #nextLong}. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /**
   * Standard normal, from one {@link #nextLong}: the native core's {@code winnow_random_normal}.
   */
  public double nextNormal() {
    return NormalQuantile.of(nextLong());
  }

  /**
   * Uniform in {@code 0 .. bound - 1}, without bias (values of the incomplete last interval are
   * drawn again).
   *
   * @throws IllegalArgumentException for a bound below 1
   */
  public int nextInt(int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be >= 1 but was " + bound);
    }
    while (true) {
      long bits = nextLong() >>> 1;
      long value = bits % bound;
      if (bits - value + (bound - 1) >= 0) {
        return (int) value;
      }
    }
  }

  /** Fills {@code out} with the block's four words. */
  static void fill(long seed, long block, long stream, int[] out) {
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    int c0 = (int) block;
    int c1 = (int) (block >>> 32);
    int c2 = (int) stream;
    int c3 = (int) (stream >>> 32);
    for (int round = 0; round < 10; round++) {
      long p0 = M0 * (c0 & 0xFFFFFFFFL);
      long p1 = M1 * (c2 & 0xFFFFFFFFL);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  static long substream(long stream, String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001b3L;
    }
    long z = stream ^ hash;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
