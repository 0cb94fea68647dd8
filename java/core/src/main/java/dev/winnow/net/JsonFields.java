package dev.winnow.net;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** The fields of one JSON object, each of the right kind or an error that names the place. */
final class JsonFields {
  private static final int QUOTED = 60;

  private final String place;
  private final ObjectNode fields;
  private final TreeSet<String> unread = new TreeSet<>();

  /**
   * @param place to begin a message with
   */
  JsonFields(String place, ObjectNode fields) {
    this.place = place;
    this.fields = fields;
    fields.fieldNames().forEachRemaining(unread::add);
  }

  String place() {
    return place;
  }

  IllegalArgumentException wrong(String key, String what) {
    return new IllegalArgumentException(place + key + " " + what);
  }

  private JsonNode get(String key, String kind) {
    JsonNode value = fields.get(key);
    if (value == null) {
      throw wrong(key, "is missing; it must be " + kind);
    }
    unread.remove(key);
    return value;
  }

  private IllegalArgumentException not(String kind, String key, JsonNode value) {
    String text = value.toString();
    String shown = text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
    return wrong(key, "must be " + kind + " but was " + shown);
  }

  String text(String key) {
    JsonNode value = get(key, "a text");
    if (!value.isTextual()) {
      throw not("a text", key, value);
    }
    return value.textValue();
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    JsonNode value = get(key, "a list of texts");
    if (!value.isArray()) {
      throw not("a list of texts", key, value);
    }
    for (JsonNode each : value) {
      if (!each.isTextual()) {
        throw not("a list of texts", key, value);
      }
      texts.add(each.textValue());
    }
    return texts;
  }

  int integer(String key) {
    JsonNode value = get(key, "a whole number");
    if (!value.isInt()) {
      throw not("a whole number", key, value);
    }
    return value.intValue();
  }

  int integer(String key, int otherwise) {
    return fields.has(key) ? integer(key) : otherwise;
  }

  List<Integer> integers(String key) {
    List<Integer> integers = new ArrayList<>();
    JsonNode value = get(key, "a list of whole numbers");
    if (!value.isArray()) {
      throw not("a list of whole numbers", key, value);
    }
    for (JsonNode each : value) {
      if (!each.isInt()) {
        throw not("a list of whole numbers", key, value);
      }
      integers.add(each.intValue());
    }
    return integers;
  }

  List<Integer> integers(String key, List<Integer> otherwise) {
    return fields.has(key) ? integers(key) : otherwise;
  }

  Pair pair(String key) {
    if (fields.has(key) && fields.get(key).isArray()) {
      List<Integer> sides = integers(key);
      if (sides.size() != 2) {
        throw not("a whole number or [height, width]", key, fields.get(key));
      }
      return new Pair(sides.get(0), sides.get(1));
    }
    return Pair.of(integer(key));
  }

  Pair pair(String key, int otherwise) {
    return fields.has(key) ? pair(key) : Pair.of(otherwise);
  }

  Shape shape(String key) {
    List<Integer> sides = integers(key);
    if (sides.size() != 3 || sides.stream().anyMatch(side -> side < 1)) {
      throw not("[channels, height, width], all at least 1,", key, fields.get(key));
    }
    return new Shape(sides.get(0), sides.get(1), sides.get(2));
  }

  double number(String key) {
    JsonNode value = get(key, "a number");
    if (!value.isNumber()) {
      throw not("a number", key, value);
    }
    return value.doubleValue();
  }

  double number(String key, double otherwise) {
    return fields.has(key) ? number(key) : otherwise;
  }

  boolean flag(String key, boolean otherwise) {
    if (!fields.has(key)) {
      return otherwise;
    }
    JsonNode value = get(key, "true or false");
    if (!value.isBoolean()) {
      throw not("true or false", key, value);
    }
    return value.booleanValue();
  }

  /** Refuses keys that nothing asked for. */
  void requireAllRead() {
    if (!unread.isEmpty()) {
      throw new IllegalArgumentException(place + "unknown key '" + unread.first() + "'");
    }
  }
}
