package dev.winnow.cli.search;

import dev.winnow.space.CellSpace;
import dev.winnow.table.AccuracyColumn;
import dev.winnow.table.BenchmarkTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Looks architectures up in a benchmark table. */
public final class Table implements FoundCell.Lookup {
  private final BenchmarkTable table;

  private Table(BenchmarkTable table) {
    this.table = table;
  }

  /** A table, or one that knows nothing where no file is given. */
  public static FoundCell.Lookup open(Optional<Path> file, CellSpace space) throws IOException {
    return file.isEmpty()
        ? FoundCell.Lookup.NONE
        : new Table(BenchmarkTable.read(file.get(), space));
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
        && column.runs().filter("mean"::equals).isPresent();
  }
}
