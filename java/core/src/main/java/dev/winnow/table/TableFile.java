package dev.winnow.table;

import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Reads a {@link BenchmarkTable} from CSV, plain or gzipped. */
final class TableFile {
  private static final List<String> ARCHITECTURE = List.of("arch_str", "arch", "architecture");

  private final Path file;
  private final SearchSpace space;

  TableFile(Path file, SearchSpace space) {
    this.file = file;
    this.space = space;
  }

  /** Both null: the columns are found by their names. */
  BenchmarkTable read(String architecture, List<String> accuracies) throws IOException {
    return CsvFile.read(file, csv -> read(csv, architecture, accuracies));
  }

  private BenchmarkTable read(CsvFile csv, String architecture, List<String> accuracies)
      throws IOException {
    String key = architecture == null ? architectureColumn(csv.header()) : architecture;
    List<AccuracyColumn> columns =
        accuracies == null
            ? accuracyColumns(csv.header())
            : accuracies.stream().map(AccuracyColumn::named).toList();
    csv.require(key);
    columns.forEach(column -> csv.require(column.name()));
    List<String> architectures = new ArrayList<>();
    List<double[]> values = new ArrayList<>();
    csv.rows(
        List.of(key),
        space::notation,
        cells -> true,
        (place, name, cells) -> {
          architectures.add(name);
          double[] row = new double[columns.size()];
          for (int i = 0; i < row.length; i++) {
            String column = columns.get(i).name();
            row[i] = percent(place + "column " + column, cells.get(column));
          }
          values.add(row);
        });
    if (values.isEmpty()) {
      throw new IllegalArgumentException(file + ": the table has no rows");
    }
    return new BenchmarkTable(space, columns, architectures, transposed(columns, values));
  }

  private static double percent(String place, String text) {
    double value = CsvFile.number(place, text);
    if (!(value >= 0 && value <= 100)) {
      throw new IllegalArgumentException(
          place + ": accuracy must be in [0, 100] percent but was " + CsvFile.shortened(text));
    }
    return value;
  }

  /** Columns, and the proof that they are percentages and not fractions. */
  private List<double[]> transposed(List<AccuracyColumn> columns, List<double[]> rows) {
    List<double[]> result = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      double[] values = new double[rows.size()];
      for (int row = 0; row < values.length; row++) {
        values[row] = rows.get(row)[i];
      }
      if (Arrays.stream(values).max().orElseThrow() <= 1) {
        throw new IllegalArgumentException(
            file
                + ": column "
                + columns.get(i).name()
                + " must be in percent, but nothing in it is above 1");
      }
      result.add(values);
    }
    return result;
  }

  private String architectureColumn(List<String> header) {
    List<String> found = header.stream().filter(ARCHITECTURE::contains).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          file
              + ":1: exactly one column must be named one of "
              + ARCHITECTURE
              + " but the columns are "
              + header);
    }
    return found.get(0);
  }

  private List<AccuracyColumn> accuracyColumns(List<String> header) {
    List<AccuracyColumn> found =
        header.stream().map(AccuracyColumn::parse).flatMap(Optional::stream).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          file
              + ":1: no column is named as an accuracy, such as c10_test_200_mean; the columns are "
              + header);
    }
    return found;
  }
}
