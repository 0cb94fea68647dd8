package dev.winnow.verify;

/** The generator that the reference vectors are filled with (Steele, Lea and Flood 2014). */
final class SplitMix64 {
  private long state;

  SplitMix64(long seed) {
    this.state = seed;
  }

  /** Uniform in [−1, 1): 2u − 1 with u the top 53 bits. */
  double nextSigned() {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return 2 * ((z >>> 11) * 0x1p-53) - 1;
  }
}
