package dev.winnow.compute;

import java.util.HashMap;
import java.util.Map;

/** What was read of the pass of one job. */
public final class Readings {
  private final Map<Reading<?>, Object> values = new HashMap<>();

  /** Adds a reading; returns this. */
  public <T> Readings put(Reading<T> reading, T value) {
    values.put(reading, value);
    return this;
  }

  /** Adds all of another pass's readings; returns this. */
  public Readings putAll(Readings others) {
    values.putAll(others.values);
    return this;
  }

  /**
   * A reading.
   *
   * @throws IllegalArgumentException for one that the pass was not asked for
   */
  @SuppressWarnings("unchecked") // put() is the only way in
  public <T> T get(Reading<T> reading) {
    Object value = values.get(reading);
    if (value == null) {
      throw new IllegalArgumentException(reading + " was not read of this pass");
    }
    return (T) value;
  }
}
