package dev.winnow.cli.search;

import dev.winnow.space.CellSpace;
import dev.winnow.table.AccuracyColumn;
import dev.winnow.table.BenchmarkTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/** Looks architectures up in a benchmark table. */
final class Table implements FoundCell.Lookup {
  private final BenchmarkTable table;

  private Table(BenchmarkTable table) {
    this.table = table;
  }

  /**
   * Reads a table.
   *
   * @param architecture column of the architectures; null for the one of a usual name
   * @param accuracies columns of accuracies joined by commas; null for all whose names say so
   * @throws IllegalArgumentException when the columns are not there or a row is malformed
   */
  static FoundCell.Lookup open(Path file, CellSpace space, String architecture, String accuracies)
      throws IOException {
    if (architecture == null && accuracies == null) {
      return new Table(BenchmarkTable.read(file, space));
    }
    if (architecture == null || accuracies == null) {
      throw new IllegalArgumentException(
          "tableArchitecture and tableAccuracies are given together or not at all");
    }
    List<String> columns = Arrays.stream(accuracies.split(",", -1)).map(String::strip).toList();
    return new Table(BenchmarkTable.read(file, space, architecture.strip(), columns));
  }

  @Override
  public List<Accuracy> accuracies(String architecture) {
    List<Accuracy> accuracies = new ArrayList<>();
    for (AccuracyColumn column : table.columns()) {
      OptionalDouble value = table.accuracy(column.name(), architecture);
      if (value.isPresent()) {
        accuracies.add(
            new Accuracy(
                column.name(),
                column.describe(),
                main(column),
                value.getAsDouble(),
                table.best(column.name()).accuracy(),
                table.rank(column.name(), architecture).orElseThrow(),
                table.rows()));
      }
    }
    return accuracies;
  }

  /** Test accuracy after full training, over all trainings: what papers report. */
  private boolean main(AccuracyColumn column) {
    boolean published = published(column);
    return published || table.columns().stream().noneMatch(Table::published);
  }

  private static boolean published(AccuracyColumn column) {
    return column.split().filter("test"::equals).isPresent()
        && column.runs().filter(runs -> runs.startsWith("mean")).isPresent();
  }
}
