package dev.winnow.evaluation;

import dev.winnow.table.CsvFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.commons.csv.CSVRecord;

/**
 * Reads numbers of architectures from CSV, plain or gzipped: what {@code winnow score} writes, or
 * named columns of any other table.
 *
 * <p>Winnow's own files have the columns {@code architecture}; for each score s {@code s}, {@code
 * s_stderr}, {@code s_note}; then the protocol: columns of {@link #SHARED} and one {@code
 * s_protocol} per score. Protocol columns have one value in the whole file: numbers of different
 * protocols or kernel variants are different scores and are not mixed.
 */
public final class ScoresFile {
  /** Protocol columns that belong to all scores of a file. */
  public static final List<String> SHARED =
      List.of("space", "seed", "repeats", "data", "device", "variant");

  private static final String ARCHITECTURE = "architecture";
  private static final Set<String> NO_VALUE = Set.of("", "nan", "inf", "-inf");
  private static final String ERROR = "_stderr";
  private static final String NOTE = "_note";
  private static final String PROTOCOL = "_protocol";

  private ScoresFile() {}

  /** Whether a column of a file of {@code winnow score} belongs to the protocol. */
  public static boolean isProtocol(String column) {
    return SHARED.contains(column) || column.endsWith(PROTOCOL);
  }

  /**
   * Reads a file of {@code winnow score}.
   *
   * @param notation makes one text of the ways to write an architecture
   * @throws IllegalArgumentException for a column that no such file has, an architecture twice, a
   *     protocol that changes within the file, a cell that is not a number; naming file and line
   * @throws IOException when the file cannot be read
   */
  public static List<Measurements> read(Path file, UnaryOperator<String> notation)
      throws IOException {
    return CsvFile.read(
        file,
        csv -> {
          List<String> scores = scores(file, csv.header());
          Map<String, String> protocol = new LinkedHashMap<>();
          List<Measurements> read = new ArrayList<>();
          for (String score : scores) {
            read.add(
                new Measurements(
                    score, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
          }
          csv.rows(
              List.of(ARCHITECTURE),
              notation,
              cells -> true,
              (place, architecture, cells) -> {
                checkProtocol(place, cells, protocol);
                read.forEach(score -> add(place, architecture, cells, score));
              });
          read.forEach(score -> describe(score, protocol));
          requireRows(file, read);
          return read;
        });
  }

  private static List<String> scores(Path file, List<String> header) {
    List<String> scores = new ArrayList<>();
    for (String column : header) {
      if (header.contains(column + ERROR)) {
        scores.add(column);
      }
    }
    List<String> unknown = new ArrayList<>(header);
    unknown.remove(ARCHITECTURE);
    unknown.removeAll(SHARED);
    for (String score : scores) {
      unknown.removeAll(List.of(score, score + ERROR, score + NOTE, score + PROTOCOL));
    }
    if (!header.contains(ARCHITECTURE) || scores.isEmpty() || !unknown.isEmpty()) {
      throw new IllegalArgumentException(
          file
              + ":1: not a file of winnow score: "
              + (header.contains(ARCHITECTURE)
                  ? unknown.isEmpty() ? "it has no scores" : "unknown columns " + unknown
                  : "it has no column " + ARCHITECTURE)
              + "; columns of other files are asked for by name");
    }
    return scores;
  }

  private static void checkProtocol(String place, CSVRecord cells, Map<String, String> protocol) {
    cells
        .toMap()
        .forEach(
            (column, value) -> {
              if (isProtocol(column)) {
                String before = protocol.putIfAbsent(column, value);
                if (before != null && !before.equals(value)) {
                  throw new IllegalArgumentException(
                      place
                          + column
                          + " is '"
                          + value
                          + "' but '"
                          + before
                          + "' above: numbers of different protocols cannot be in one file");
                }
              }
            });
  }

  private static void add(String place, String architecture, CSVRecord cells, Measurements score) {
    String name = score.name();
    score.values().put(architecture, number(place + "column " + name, cells.get(name)));
    double error = number(place + "column " + name + ERROR, cells.get(name + ERROR));
    if (!Double.isNaN(error)) {
      score.standardErrors().put(architecture, error);
    }
  }

  /** NaN where there is no value; other programs write such words where a score failed. */
  private static double number(String place, String text) {
    return NO_VALUE.contains(text.toLowerCase(Locale.ROOT))
        ? Double.NaN
        : CsvFile.number(place, text);
  }

  private static void describe(Measurements score, Map<String, String> protocol) {
    for (String shared : SHARED) {
      if (protocol.containsKey(shared)) {
        score.protocol().put(shared, protocol.get(shared));
      }
    }
    String own = protocol.get(score.name() + PROTOCOL);
    if (own != null) {
      score.protocol().put("protocol", own);
    }
  }

  /**
   * Reads named columns of any table. Other columns are left alone.
   *
   * @param architecture the columns that write the architecture; several are joined by a colon
   * @param columns of numbers; an empty cell, nan, inf and -inf are undefined
   * @param notation makes one text of the ways to write an architecture
   * @param where cells that a row must have to count, by column
   * @throws IllegalArgumentException for a column that is not there, an architecture twice, a cell
   *     that is not a number, or a file without rows that count; naming file and line
   * @throws IOException when the file cannot be read
   */
  public static List<Measurements> read(
      Path file,
      List<String> architecture,
      List<String> columns,
      UnaryOperator<String> notation,
      Map<String, String> where)
      throws IOException {
    return CsvFile.read(
        file,
        csv -> {
          architecture.forEach(csv::require);
          where.keySet().forEach(csv::require);
          List<Measurements> read = new ArrayList<>();
          for (String column : columns) {
            csv.require(column);
            read.add(new Measurements(column, where, new LinkedHashMap<>(), Map.of()));
          }
          Predicate<CSVRecord> kept =
              cells ->
                  where.entrySet().stream()
                      .allMatch(entry -> cells.get(entry.getKey()).equals(entry.getValue()));
          csv.rows(
              architecture,
              notation,
              kept,
              (place, name, cells) ->
                  read.forEach(
                      column ->
                          column
                              .values()
                              .put(
                                  name,
                                  number(
                                      place + "column " + column.name(),
                                      cells.get(column.name())))));
          requireRows(file, read);
          return read;
        });
  }

  private static void requireRows(Path file, List<Measurements> read) {
    if (read.get(0).values().isEmpty()) {
      throw new IllegalArgumentException(file + ": no rows to evaluate");
    }
  }
}
