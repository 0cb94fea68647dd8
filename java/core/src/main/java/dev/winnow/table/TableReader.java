package dev.winnow.table;

import dev.winnow.space.NasBench201Cell;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVRecord;

/** Reads a {@link BenchmarkTable} from CSV by a {@link TableMapping}. */
final class TableReader {
  private final Path file;
  private final TableMapping mapping;
  private final Optional<SearchSpace> space;
  private final Map<String, String> keys;

  private final KeyIndex index = new KeyIndex();
  private final Columns numbers = new Columns();
  private final Map<String, List<String>> texts = new LinkedHashMap<>();
  private final Map<String, int[]> lines = new HashMap<>(); // of each value of by, by row

  private TableReader(
      Path file, TableMapping mapping, Optional<SearchSpace> space, Map<String, String> keys) {
    this.file = file;
    this.mapping = mapping;
    this.space = space;
    this.keys = keys;
    mapping.texts().forEach(column -> texts.put(column, new ArrayList<>()));
  }

  static BenchmarkTable read(Path file, TableMapping mapping, Optional<SearchSpace> space)
      throws IOException {
    if (!mapping.sha256().isEmpty()) {
      String found = Checksum.sha256(file);
      if (!found.equals(mapping.sha256())) {
        throw new IllegalArgumentException(
            file
                + ": not the table "
                + mapping.name()
                + ", or changed or cut short: its SHA-256 is "
                + found
                + " but should be "
                + mapping.sha256());
      }
    }
    TableReader reader = new TableReader(file, mapping, space, keys(file, mapping));
    return CsvFile.read(file, reader::table);
  }

  /** Architectures by what stands in the key column, where another file says so. */
  private static Map<String, String> keys(Path file, TableMapping mapping) throws IOException {
    if (mapping.keyFrom().isEmpty()) {
      return Map.of();
    }
    Path other = file.resolveSibling(mapping.keyFrom());
    if (!Files.exists(other)) {
      throw new IllegalArgumentException(
          file
              + ": its architectures are named by "
              + mapping.keyFrom()
              + ", which must lie beside it");
    }
    TableMapping names =
        KnownTables.of(other)
            .orElseThrow(() -> new IllegalArgumentException(other + ": not a known table"));
    String column = mapping.key().get(0);
    Map<String, String> keys = new HashMap<>();
    return CsvFile.read(
        other,
        csv -> {
          csv.require(column);
          csv.records((line, cells) -> keys.put(cells.get(column), joined(names, cells)));
          return keys;
        });
  }

  private static String joined(TableMapping mapping, CSVRecord cells) {
    return mapping.key().stream().map(cells::get).collect(Collectors.joining(":"));
  }

  private BenchmarkTable table(CsvFile csv) throws IOException {
    mapping.columns().forEach(csv::require);
    Set<String> figures = new LinkedHashSet<>(csv.header());
    figures.removeAll(mapping.key());
    figures.removeAll(mapping.by());
    figures.removeAll(mapping.where().keySet());
    figures.removeAll(mapping.texts());
    figures.removeAll(mapping.ignored());
    csv.records((line, cells) -> row(csv.place(line), (int) line, cells, figures));
    if (index.size() == 0) {
      throw new IllegalArgumentException(file + ": the table has no rows");
    }
    index.trim();
    return finished();
  }

  private void row(String place, int line, CSVRecord cells, Set<String> figures) {
    for (Map.Entry<String, String> condition : mapping.where().entrySet()) {
      if (!cells.get(condition.getKey()).equals(condition.getValue())) {
        return;
      }
    }
    int row = index.add(architecture(place, cells));
    String by = mapping.by().stream().map(c -> cells.get(c) + ".").collect(Collectors.joining());
    requireFirst(place, line, by, row);
    for (String column : figures) {
      String name = by + column;
      String cell = cells.get(column);
      TableMapping.Accuracy accuracy = mapping.accuracies().get(name);
      if (mapping.missing().contains(cell)) {
        numbers.set(name, row, Double.NaN);
      } else if (accuracy == null) {
        numbers.set(name, row, CsvFile.number(place + "column " + column, cell));
      } else {
        numbers.set(name, row, percent(place + "column " + column, cell, accuracy.unit()));
      }
    }
    texts.forEach((column, values) -> setText(values, row, cells.get(column)));
  }

  private static void setText(List<String> values, int row, String text) {
    while (values.size() <= row) {
      values.add("");
    }
    values.set(row, text);
  }

  private String architecture(String place, CSVRecord cells) {
    String column = String.join(":", mapping.key());
    String text = joined(mapping, cells);
    if (!mapping.keyFrom().isEmpty()) {
      String named = keys.get(text);
      if (named == null) {
        throw new IllegalArgumentException(
            place
                + "column "
                + column
                + ": '"
                + CsvFile.shortened(text)
                + "' is not in "
                + mapping.keyFrom());
      }
      text = named;
    }
    try {
      if (mapping.notation().equals("naslib")) {
        text = NasBench201Cell.ofNaslib(text).toString();
      }
      return space.isPresent() ? space.get().notation(text) : text;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + "column " + column + ": " + e.getMessage(), e);
    }
  }

  private void requireFirst(String place, int line, String by, int row) {
    int[] seen = lines.computeIfAbsent(by, b -> new int[16]);
    if (row >= seen.length) {
      seen = Arrays.copyOf(seen, Math.max(row + 1, 2 * seen.length));
      lines.put(by, seen);
    }
    if (seen[row] != 0) {
      throw new IllegalArgumentException(
          place + "architecture " + index.get(row) + " is in line " + seen[row] + " already");
    }
    seen[row] = line;
  }

  private static double percent(String place, String cell, TableMapping.Unit unit) {
    double value = unit.percent(CsvFile.number(place, cell));
    if (!(value >= 0 && value <= 100)) {
      String accuracy = unit == TableMapping.Unit.PERCENT ? "" : ", here as " + unit;
      throw new IllegalArgumentException(
          place
              + ": accuracy must be in [0, 100] percent"
              + accuracy
              + " but was "
              + CsvFile.shortened(cell));
    }
    return value;
  }

  private BenchmarkTable finished() {
    Map<String, double[]> values = numbers.cut(index.size());
    List<AccuracyColumn> columns = new ArrayList<>();
    mapping
        .accuracies()
        .forEach(
            (name, accuracy) -> {
              double[] found = values.get(name);
              if (found == null) {
                throw new IllegalArgumentException(
                    file + ": no column " + name + "; the columns are " + values.keySet());
              }
              requirePercent(name, accuracy, found);
              columns.add(accuracy.named(name));
            });
    Map<String, String[]> kept = new LinkedHashMap<>();
    texts.forEach((column, list) -> kept.put(column, list.toArray(new String[0])));
    return new BenchmarkTable(space, columns, index, values, kept);
  }

  /** The proof that they are percentages and not fractions. */
  private void requirePercent(String name, TableMapping.Accuracy accuracy, double[] values) {
    if (accuracy.unit() == TableMapping.Unit.PERCENT
        && Arrays.stream(values).filter(Double::isFinite).max().orElse(0) <= 1) {
      throw new IllegalArgumentException(
          file + ": column " + name + " must be in percent, but nothing in it is above 1");
    }
  }
}
