package dev.winnow.cli.config;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.List;

/**
 * One key of a configuration.
 *
 * @param key dotted path, for example {@code ntk.batch}
 * @param type what its values are
 * @param description what it does, with its unit
 * @param choices the allowed words where {@code type} is {@link Type#WORD}, else empty
 */
public record Setting(String key, Type type, String description, List<String> choices) {
  public Setting {
    choices = List.copyOf(choices);
  }

  /** A setting with free values. */
  public static Setting of(String key, Type type, String description) {
    return new Setting(key, type, description, List.of());
  }

  /** A setting with one of several words. */
  public static Setting oneOf(String key, String description, String... choices) {
    return new Setting(key, Type.WORD, description, List.of(choices));
  }

  /** Kinds of values. */
  public enum Type {
    WHOLE_NUMBER,
    NUMBER,
    SWITCH,
    WORD,
    TEXT
  }

  /**
   * Checks that a text is such a value.
   *
   * @param place where it was written, for the message
   * @throws IllegalArgumentException when it is not
   */
  void check(String text, String place) {
    boolean valid =
        switch (type) {
          case WHOLE_NUMBER -> text.matches("[+-]?\\d{1,18}");
          case NUMBER -> isNumber(text);
          case SWITCH -> text.equals("true") || text.equals("false");
          case WORD -> choices.contains(text);
          case TEXT -> true;
        };
    if (!valid) {
      throw new IllegalArgumentException(
          key + " must be " + expectation() + " but was '" + text + "' (" + place + ")");
    }
  }

  /** A value of this setting as YAML. */
  String quoted(String value) {
    return type == Type.TEXT
        ? '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(value)) + '"'
        : value;
  }

  private String expectation() {
    return switch (type) {
      case WHOLE_NUMBER -> "a whole number";
      case NUMBER -> "a finite number";
      case SWITCH -> "true or false";
      case WORD -> "one of " + String.join(", ", choices);
      case TEXT -> "text";
    };
  }

  private static boolean isNumber(String text) {
    try {
      return Double.isFinite(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
