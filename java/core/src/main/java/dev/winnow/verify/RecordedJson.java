package dev.winnow.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.DoubleStream;

/** A place in a JSON file, so that what is wrong with it can be named. */
final class RecordedJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final JsonNode node;
  private final Path file;
  private final String path;

  private RecordedJson(JsonNode node, Path file, String path) {
    this.node = node;
    this.file = file;
    this.path = path;
  }

  static RecordedJson read(Path file) throws IOException {
    byte[] text = Files.readAllBytes(file);
    JsonNode root;
    try {
      root = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          file + ":" + line + ": not JSON: " + e.getOriginalMessage(), e);
    } catch (CharConversionException e) {
      throw new IllegalArgumentException(file + ": not JSON: " + e.getMessage(), e);
    }
    if (!root.isObject()) {
      throw new IllegalArgumentException(file + ": not a JSON object");
    }
    return new RecordedJson(root, file, "");
  }

  boolean has(String field) {
    return node.hasNonNull(field);
  }

  /** A field that must be there. */
  RecordedJson at(String field) {
    String inner = path.isEmpty() ? field : path + "." + field;
    if (!has(field)) {
      throw new IllegalArgumentException(file + ": field " + inner + " is missing");
    }
    return new RecordedJson(node.get(field), file, inner);
  }

  /** Entry of a list that must be there. */
  RecordedJson at(int index) {
    String inner = path + "[" + index + "]";
    if (!node.has(index)) {
      throw new IllegalArgumentException(file + ": " + inner + " is missing");
    }
    return new RecordedJson(node.get(index), file, inner);
  }

  int size() {
    return node.size();
  }

  Iterable<String> names() {
    return node::fieldNames;
  }

  String text() {
    if (!node.isTextual()) {
      throw wrong("text");
    }
    return node.textValue();
  }

  int integer() {
    if (!node.canConvertToInt() || !node.isIntegralNumber()) {
      throw wrong("an integer");
    }
    return node.intValue();
  }

  boolean flag() {
    if (!node.isBoolean()) {
      throw wrong("true or false");
    }
    return node.booleanValue();
  }

  /** A number, or one of the texts that stand for what JSON cannot write. */
  double number() {
    if (node.isNumber()) {
      return node.doubleValue();
    }
    return switch (node.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw wrong("a number");
    };
  }

  /** All numbers of a list, those of nested lists one after the other. */
  double[] numbers() {
    DoubleStream.Builder all = DoubleStream.builder();
    addTo(all);
    return all.build().toArray();
  }

  private void addTo(DoubleStream.Builder all) {
    if (!node.isArray()) {
      all.add(number());
    }
    for (int i = 0; i < node.size() && node.isArray(); i++) {
      at(i).addTo(all);
    }
  }

  IllegalArgumentException wrong(String wanted) {
    return new IllegalArgumentException(
        file + ": " + path + " must be " + wanted + " but was " + shortened());
  }

  private String shortened() {
    String text = node.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}
