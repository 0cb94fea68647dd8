package dev.winnow.score;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * A number about a network, or the reason why it has none. A score without a value is never
 * replaced by a stand-in number; what the published program would have printed (100000, −Infinity,
 * …) is kept beside it for its own search and for {@code verify}, and nothing else uses it.
 */
public sealed interface Score {

  /** The value where there is one. */
  OptionalDouble value();

  /** What the published program prints: the value itself where defined. */
  double published();

  /** A defined score. */
  static Score of(double value) {
    return new Defined(value);
  }

  /** A score without a value. */
  static Score undefined(String reason, double published) {
    return new Undefined(reason, published);
  }

  /**
   * @param number finite
   */
  record Defined(double number) implements Score {
    public Defined {
      if (!Double.isFinite(number)) {
        throw new IllegalArgumentException("a defined score must be finite but was " + number);
      }
    }

    @Override
    public OptionalDouble value() {
      return OptionalDouble.of(number);
    }

    @Override
    public double published() {
      return number;
    }
  }

  /**
   * @param reason why there is no value
   * @param published what the published program prints
   */
  record Undefined(String reason, double published) implements Score {
    public Undefined {
      Objects.requireNonNull(reason, "reason");
    }

    @Override
    public OptionalDouble value() {
      return OptionalDouble.empty();
    }
  }
}
