package dev.winnow.cli;

import dev.winnow.evaluation.Measurements;
import dev.winnow.evaluation.ScoresFile;
import dev.winnow.table.AccuracyColumn;
import dev.winnow.table.BenchmarkTable;
import dev.winnow.table.ColumnNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import picocli.CommandLine.Option;

/**
 * True accuracies, as the command line names them. Columns that the file's header has are read as
 * they are; else the file must be a benchmark table of the space, which knows its own columns and
 * answers an architecture under any of its spellings.
 */
final class TruthFile {
  @Option(
      names = "--table",
      paramLabel = "FILE",
      required = true,
      description = "True accuracies: a published table or other CSV, plain or gzipped.")
  private Path table;

  @Option(
      names = "--accuracy",
      paramLabel = "A,B",
      split = ",",
      description =
          "Columns of the table. Default: those that are a mean test accuracy after the longest"
              + " training.")
  private List<String> accuracies;

  @Option(
      names = "--table-architecture",
      paramLabel = "COLUMN",
      split = ",",
      description =
          "The table's column, or columns, of architectures. Default: arch_str, arch or"
              + " architecture, or what a published table has.")
  private List<String> architecture;

  private BenchmarkTable benchmark;

  /** The true accuracies of these architectures. */
  List<Measurements> truths(EvaluationFiles files, Set<String> architectures) throws IOException {
    return columns(files, accuracies == null ? published(files) : accuracies, architectures);
  }

  /** Columns of the table. */
  List<Measurements> columns(EvaluationFiles files, List<String> columns, Set<String> architectures)
      throws IOException {
    List<String> header = EvaluationFiles.header(table);
    boolean named = architecture != null || ColumnNames.architectures(header).size() == 1;
    if (files.space().isEmpty() || named && header.containsAll(columns)) {
      return ScoresFile.read(
          table,
          EvaluationFiles.architectureColumn(table, architecture, "--table-architecture"),
          columns,
          files.notation(),
          Map.of());
    }
    List<Measurements> found = new ArrayList<>();
    for (String column : columns) {
      found.add(looked(files, column, architectures));
    }
    return found;
  }

  private Measurements looked(EvaluationFiles files, String column, Set<String> architectures)
      throws IOException {
    BenchmarkTable known = benchmark(files);
    List<String> names = known.columns().stream().map(AccuracyColumn::name).toList();
    if (!names.contains(column) && !known.figures().contains(column)) {
      throw new UsageException(
          table
              + ": no column "
              + column
              + "; its accuracies are "
              + names
              + ", other figures "
              + known.figures());
    }
    Map<String, Double> values = new LinkedHashMap<>();
    for (String each : architectures) {
      OptionalDouble value =
          names.contains(column) ? known.accuracy(column, each) : known.figure(column, each);
      value.ifPresent(number -> values.put(each, number));
    }
    return new Measurements(column, Map.of(), values, Map.of());
  }

  private BenchmarkTable benchmark(EvaluationFiles files) throws IOException {
    if (benchmark == null) {
      benchmark = BenchmarkTable.read(table, files.space().orElseThrow());
    }
    return benchmark;
  }

  private List<String> published(EvaluationFiles files) throws IOException {
    List<AccuracyColumn> named =
        files.space().isPresent() && architecture == null
            ? benchmark(files).columns()
            : EvaluationFiles.header(table).stream()
                .map(AccuracyColumn::parse)
                .flatMap(Optional::stream)
                .toList();
    List<AccuracyColumn> test =
        named.stream()
            .filter(column -> column.split().filter("test"::equals).isPresent())
            .filter(column -> column.runs().filter(runs -> runs.startsWith("mean")).isPresent())
            .toList();
    int longest = test.stream().mapToInt(column -> column.epochs().orElse(0)).max().orElse(0);
    List<String> columns =
        test.stream()
            .filter(column -> column.epochs().orElse(0) == longest)
            .map(AccuracyColumn::name)
            .toList();
    if (columns.isEmpty()) {
      throw new UsageException(
          "--accuracy must name columns of "
              + table
              + ", as none is known as a mean test accuracy; they are "
              + (named.isEmpty()
                  ? EvaluationFiles.header(table)
                  : named.stream().map(AccuracyColumn::name).toList()));
    }
    return columns;
  }

  /** Name of the file. */
  String describe() {
    return table.getFileName().toString();
  }
}
