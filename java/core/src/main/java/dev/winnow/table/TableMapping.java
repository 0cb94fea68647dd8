package dev.winnow.table;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.winnow.file.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the columns of a CSV file mean, written as JSON with these names as keys; all but {@code
 * name}, {@code file} and {@code key} can be left out. Columns that are not mentioned are figures:
 * numbers that are looked up but not accuracies.
 *
 * @param name of the table
 * @param file name of the CSV file, plain or gzipped, beside the mapping
 * @param sha256 of the file, 64 hexadecimal digits; empty when it is not checked
 * @param space whose architectures the key writes; empty for any texts
 * @param key columns that write the architecture, joined by a colon
 * @param keyFrom file beside this one that has the key column too, and whose own key is taken;
 *     empty when the key is the architecture
 * @param notation {@code naslib} for NASLib's six digits of NAS-Bench-201, else empty
 * @param by columns that tell the rows of one architecture apart; their values come before the
 *     names of the others, as in {@code cifar10.200.test_acc}
 * @param where rows that count: the value that a column must have
 * @param missing texts of cells that hold no number
 * @param accuracies by name, those of {@code by} included
 * @param texts columns that are kept as text
 * @param ignored columns that are not kept
 */
public record TableMapping(
    String name,
    String file,
    String sha256,
    String space,
    List<String> key,
    String keyFrom,
    String notation,
    List<String> by,
    Map<String, String> where,
    List<String> missing,
    Map<String, Accuracy> accuracies,
    List<String> texts,
    List<String> ignored) {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /**
   * What a column of accuracies holds; what is left out is not known.
   *
   * @param dataset for example {@code CIFAR-10}
   * @param split {@code test} or {@code valid}
   * @param epochs of training; 0 when not known
   * @param runs for example {@code mean of 3}
   * @param unit of the file's numbers
   */
  public record Accuracy(String dataset, String split, int epochs, String runs, Unit unit) {
    public Accuracy {
      unit = unit == null ? Unit.PERCENT : unit;
    }

    AccuracyColumn named(String name) {
      return new AccuracyColumn(
          name,
          Optional.ofNullable(dataset),
          Optional.ofNullable(split),
          epochs == 0 ? OptionalInt.empty() : OptionalInt.of(epochs),
          Optional.ofNullable(runs));
    }
  }

  /** How a file writes an accuracy; in memory it is in percent. */
  public enum Unit {
    /** 0 to 100. */
    @JsonProperty("percent")
    PERCENT,
    /** 0 to 1. */
    @JsonProperty("fraction")
    FRACTION,
    /** 100 less the accuracy in percent. */
    @JsonProperty("error-percent")
    ERROR_PERCENT,
    /** 1 less the accuracy as a fraction. */
    @JsonProperty("error-fraction")
    ERROR_FRACTION;

    double percent(double value) {
      return switch (this) {
        case PERCENT -> value;
        case FRACTION -> 100 * value;
        case ERROR_PERCENT -> 100 - value;
        case ERROR_FRACTION -> 100 - 100 * value;
      };
    }
  }

  /**
   * Checked; what is left out is empty.
   *
   * @throws IllegalArgumentException when a name is missing or the checksum is none
   */
  public TableMapping {
    sha256 = sha256 == null ? "" : sha256;
    space = space == null ? "" : space;
    keyFrom = keyFrom == null ? "" : keyFrom;
    notation = notation == null ? "" : notation;
    key = key == null ? List.of() : List.copyOf(key);
    by = by == null ? List.of() : List.copyOf(by);
    where = where == null ? Map.of() : Map.copyOf(where);
    missing = missing == null ? List.of() : List.copyOf(missing);
    accuracies = accuracies == null ? Map.of() : new LinkedHashMap<>(accuracies);
    texts = texts == null ? List.of() : List.copyOf(texts);
    ignored = ignored == null ? List.of() : List.copyOf(ignored);
    if (name == null || file == null || key.isEmpty()) {
      throw new IllegalArgumentException("a mapping must have name, file and key");
    }
    if (!sha256.isEmpty() && !sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "sha256 must be 64 hexadecimal digits but was '" + sha256 + "'");
    }
    if (!notation.isEmpty() && !notation.equals("naslib")) {
      throw new IllegalArgumentException(
          "notation must be 'naslib' or left out but was '" + notation + "'");
    }
    if (!keyFrom.isEmpty() && key.size() != 1) {
      throw new IllegalArgumentException("with keyFrom there must be one key but there are " + key);
    }
  }

  /**
   * Reads one mapping.
   *
   * @throws IllegalArgumentException naming file and line when it is malformed
   * @throws IOException when it cannot be read
   */
  public static TableMapping read(Path file) throws IOException {
    return parse(InputFile.text(file), file.toString(), TableMapping.class);
  }

  static <T> T parse(String text, String source, Class<T> type) {
    try {
      JSON.readTree(text); // finds keys that come twice, which binding does not
      return JSON.readValue(text, type);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      boolean ours = e.getCause() instanceof IllegalArgumentException;
      String message = ours ? e.getCause().getMessage() : e.getOriginalMessage();
      throw new IllegalArgumentException(
          source + ":" + (at == null ? 1 : at.getLineNr()) + ": " + message, e);
    }
  }

  /** What each column of accuracies holds. */
  public List<AccuracyColumn> accuracyColumns() {
    return accuracies.entrySet().stream().map(e -> e.getValue().named(e.getKey())).toList();
  }

  /** All columns that a file must have. */
  List<String> columns() {
    List<String> columns = new ArrayList<>(key);
    columns.addAll(by);
    columns.addAll(where.keySet());
    columns.addAll(texts);
    columns.addAll(ignored);
    if (by.isEmpty()) {
      columns.addAll(accuracies.keySet());
    }
    return columns;
  }
}
