package dev.winnow.verify;

/**
 * A recorded number beside a fresh one.
 *
 * @param name what it is, for example {@code full ntk_cond float32}
 * @param expected recorded; of a matrix or vector the entry that fits worst
 * @param computed fresh
 * @param allowed largest difference that passes, in the number's unit; 0 for integers
 */
public record Check(String name, double expected, double computed, double allowed) {

  /** Whether the difference is allowed; a NaN on either side fails. */
  public boolean passed() {
    return expected == computed || Math.abs(expected - computed) <= allowed;
  }

  /**
   * Of two arrays the entry that fits worst: whose difference is the largest multiple of what is
   * allowed.
   *
   * @param name what they are; the entry's index is added
   * @param allowed for each entry
   * @throws IllegalArgumentException for arrays of unequal length
   */
  static Check worst(String name, double[] expected, double[] computed, double[] allowed) {
    if (expected.length != computed.length) {
      throw new IllegalArgumentException(
          name
              + ": "
              + expected.length
              + " numbers are recorded but "
              + computed.length
              + " come out");
    }
    int worst = 0;
    double largest = -1;
    for (int i = 0; i < expected.length; i++) {
      Check entry = new Check(name, expected[i], computed[i], allowed[i]);
      double misfit = Math.abs(expected[i] - computed[i]) / allowed[i];
      if (Double.isNaN(misfit)) {
        misfit = entry.passed() ? 0 : Double.POSITIVE_INFINITY; // 0 / 0, or not a number
      }
      if (misfit > largest) {
        largest = misfit;
        worst = i;
      }
    }
    return new Check(
        name + " [" + worst + " of " + expected.length + "]",
        expected[worst],
        computed[worst],
        allowed[worst]);
  }
}
