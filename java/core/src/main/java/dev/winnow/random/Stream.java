package dev.winnow.random;

/**
 * A position in the space of random numbers: the run's seed and a 64-bit stream number. Streams for
 * a purpose, a round, a repeat are derived by name, never by order of use, so results do not depend
 * on threads or on what ran before.
 *
 * @param seed the run's root seed
 * @param id the stream
 */
public record Stream(long seed, long id) {
  /** The root stream of a seed. */
  public static Stream root(long seed) {
    return new Stream(seed, 0);
  }

  /**
   * The sub-stream called {@code name}: splitmix64's finaliser of (id XOR FNV-1a-64 of the UTF-8
   * bytes), as the native core's {@code winnow_random_substream}.
   */
  public Stream of(String name) {
    return new Stream(seed, Philox.substream(id, name));
  }

  /** The sub-stream called by the decimal number. */
  public Stream of(long number) {
    return of(Long.toString(number));
  }

  /** A generator at the start of this stream. */
  public Philox generator() {
    return new Philox(this);
  }
}
