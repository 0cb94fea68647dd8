package dev.winnow.compute;

import java.util.Arrays;

/** One candidate of a supernet: a coefficient and a state for every choice. Immutable. */
public final class Row {
  /** The row of a network without choices. */
  public static final Row NONE = new Row(new double[0], new State[0]);

  private final double[] coefficients;
  private final State[] states;

  /**
   * @throws IllegalArgumentException for arrays of unequal length or a coefficient that is not
   *     finite
   */
  public Row(double[] coefficients, State[] states) {
    if (coefficients.length != states.length) {
      throw new IllegalArgumentException(
          "a row needs as many states as coefficients but got "
              + states.length
              + " and "
              + coefficients.length);
    }
    for (int i = 0; i < coefficients.length; i++) {
      if (!Double.isFinite(coefficients[i])) {
        throw new IllegalArgumentException(
            "coefficient of choice " + i + " must be finite but was " + coefficients[i]);
      }
    }
    this.coefficients = coefficients.clone();
    this.states = states.clone();
  }

  /** Number of choices. */
  public int size() {
    return coefficients.length;
  }

  /** Coefficient of a choice. */
  public double coefficient(int choice) {
    return coefficients[choice];
  }

  /** State of a choice. */
  public State state(int choice) {
    return states[choice];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Row row
        && Arrays.equals(coefficients, row.coefficients)
        && Arrays.equals(states, row.states);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(coefficients) + Arrays.hashCode(states);
  }

  /** What a row does with a choice. Ordinals are the native core's {@code winnow_state}. */
  public enum State {
    /** Computed and added. */
    RUN,
    /** Absent. */
    SKIP,
    /** Runs on zeros and contributes nothing; its taps are constant zeros. */
    BLOCK,
    /** Runs, but contributes with weight 0. */
    MUTE
  }
}
