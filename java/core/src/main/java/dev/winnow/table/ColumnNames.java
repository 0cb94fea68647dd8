package dev.winnow.table;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Mappings of files whose columns say by their names, or are said, to be what they are. */
public final class ColumnNames {
  private static final List<String> ARCHITECTURE = List.of("arch_str", "arch", "architecture");

  private ColumnNames() {}

  /** The columns whose names say that they hold architectures: arch_str, arch or architecture. */
  public static List<String> architectures(List<String> header) {
    return header.stream().filter(ARCHITECTURE::contains).toList();
  }

  /** The mapping that the file's header tells. */
  static TableMapping mapping(Path file) throws IOException {
    return CsvFile.read(
        file,
        csv ->
            mapping(
                file,
                architecture(file, csv.header()),
                accuracies(file, csv.header()),
                csv.header()));
  }

  /** The mapping of the named columns; the others are ignored. */
  static TableMapping mapping(Path file, String architecture, List<String> accuracies)
      throws IOException {
    return CsvFile.read(
        file,
        csv -> {
          csv.require(architecture);
          accuracies.forEach(csv::require);
          return mapping(
              file,
              architecture,
              accuracies.stream().map(AccuracyColumn::named).toList(),
              csv.header());
        });
  }

  private static TableMapping mapping(
      Path file, String architecture, List<AccuracyColumn> columns, List<String> header) {
    Map<String, TableMapping.Accuracy> accuracies = new LinkedHashMap<>();
    for (AccuracyColumn column : columns) {
      TableMapping.Accuracy accuracy =
          new TableMapping.Accuracy(
              column.dataset().orElse(null),
              column.split().orElse(null),
              column.epochs().orElse(0),
              column.runs().orElse(null),
              TableMapping.Unit.PERCENT);
      accuracies.put(column.name(), accuracy);
    }
    List<String> ignored = new ArrayList<>(header);
    ignored.remove(architecture);
    ignored.removeAll(accuracies.keySet());
    String name = file.getFileName().toString();
    return new TableMapping(
        name,
        name,
        "",
        "",
        List.of(architecture),
        "",
        "",
        List.of(),
        Map.of(),
        List.of(),
        accuracies,
        List.of(),
        ignored);
  }

  private static String architecture(Path file, List<String> header) {
    List<String> found = architectures(header);
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

  private static List<AccuracyColumn> accuracies(Path file, List<String> header) {
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
