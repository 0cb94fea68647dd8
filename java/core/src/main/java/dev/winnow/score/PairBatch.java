package dev.winnow.score;

/** The batch of a score that compares samples with one another: two at least, n² numbers kept. */
final class PairBatch {
  private static final int SMALLEST = 2;
  private static final int LARGEST = 4096;

  private PairBatch() {}

  /**
   * The batch that a score is made with.
   *
   * @param score its name, for the message
   * @throws IllegalArgumentException outside [2, 4096]
   */
  static void check(String score, int batch) {
    if (batch > LARGEST) {
      throw outside(score, batch);
    }
    checkComparable(score, batch);
  }

  /**
   * The batch that a plan or a kernel has: the caller's own choice, which memory alone limits.
   *
   * @throws IllegalArgumentException below 2
   */
  static void checkComparable(String score, int batch) {
    if (batch < SMALLEST) {
      throw outside(score, batch);
    }
  }

  private static IllegalArgumentException outside(String score, int batch) {
    return new IllegalArgumentException(
        score + " batch must be in [" + SMALLEST + ", " + LARGEST + "] but was " + batch);
  }
}
