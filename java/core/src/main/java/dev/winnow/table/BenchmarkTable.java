package dev.winnow.table;

import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * True accuracies of a space's architectures, in percent: one row per architecture, one column per
 * way of training and testing ({@link AccuracyColumn}). <b>Better</b>: higher.
 *
 * <p>An architecture is answered by its own row. Where it has none, the rows of equal {@linkplain
 * SearchSpace#canonical canonical form} answer with their mean, as they are other trainings of the
 * same function; {@link #answering} says which rows those are. Immutable.
 */
public final class BenchmarkTable {
  private final SearchSpace space;
  private final List<AccuracyColumn> columns;
  private final List<String> architectures;
  private final Map<String, Integer> rows;
  private final Map<String, double[]> values;
  private final Map<String, double[]> ascending;
  private final Map<String, List<Integer>> classes;

  BenchmarkTable(
      SearchSpace space,
      List<AccuracyColumn> columns,
      List<String> architectures,
      List<double[]> values) {
    this.space = space;
    this.columns = List.copyOf(columns);
    this.architectures = List.copyOf(architectures);
    this.rows = new HashMap<>();
    this.classes = new HashMap<>();
    for (int row = 0; row < architectures.size(); row++) {
      String architecture = architectures.get(row);
      rows.put(architecture, row);
      classes.computeIfAbsent(space.canonical(architecture), c -> new ArrayList<>(1)).add(row);
    }
    this.values = new LinkedHashMap<>();
    this.ascending = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      double[] sorted = values.get(i).clone();
      Arrays.sort(sorted);
      this.values.put(columns.get(i).name(), values.get(i));
      this.ascending.put(columns.get(i).name(), sorted);
    }
  }

  /**
   * Reads a table whose columns say by their names what they are: the architecture in {@code
   * arch_str}, {@code arch} or {@code architecture}, and accuracies such as {@code
   * c10_test_200_mean}: words for data set (c10, c100, in16), split (test, valid), epochs and runs
   * (mean, oneseed). Columns of other names are left alone.
   *
   * @param file CSV with a header, plain or gzipped, accuracies in percent
   * @param space whose notation the architectures are in
   * @throws IllegalArgumentException when no column or several could be the architecture, none is
   *     an accuracy, or a row is malformed: wrong number of cells, an architecture that the space
   *     does not have or that an earlier row had, an accuracy that is not a number in [0, 100];
   *     naming file and line
   * @throws IOException when the file cannot be read
   */
  public static BenchmarkTable read(Path file, SearchSpace space) throws IOException {
    return new TableFile(file, space).read(null, null);
  }

  /**
   * Reads a table by the names of its columns.
   *
   * @param architecture the column of architectures
   * @param accuracies the columns to read, at least one
   * @throws IllegalArgumentException for a column that is not there, and as {@link #read(Path,
   *     SearchSpace)}
   * @throws IOException when the file cannot be read
   */
  public static BenchmarkTable read(
      Path file, SearchSpace space, String architecture, List<String> accuracies)
      throws IOException {
    if (accuracies.isEmpty()) {
      throw new IllegalArgumentException("a table needs at least one column of accuracies");
    }
    return new TableFile(file, space).read(architecture, accuracies);
  }

  /** The columns, in the order of the file or of the request. */
  public List<AccuracyColumn> columns() {
    return columns;
  }

  /** Number of architectures. */
  public int rows() {
    return architectures.size();
  }

  /**
   * The architectures whose rows answer for this one: itself, or else all of its canonical form in
   * the order of the file; none when the table does not know it.
   *
   * @throws IllegalArgumentException when the notation is malformed
   */
  public List<String> answering(String architecture) {
    return answers(architecture).stream().map(architectures::get).toList();
  }

  /**
   * The accuracy in percent; empty when the table does not know the architecture.
   *
   * @throws IllegalArgumentException for an unknown column or a malformed notation
   */
  public OptionalDouble accuracy(String column, String architecture) {
    double[] accuracies = of(values, column);
    return answers(architecture).stream().mapToDouble(row -> accuracies[row]).average();
  }

  /**
   * 1 + number of rows that are strictly better, so 1 is best and equals share a rank; empty when
   * the table does not know the architecture.
   *
   * @throws IllegalArgumentException for an unknown column or a malformed notation
   */
  public OptionalInt rank(String column, String architecture) {
    OptionalDouble accuracy = accuracy(column, architecture);
    if (accuracy.isEmpty()) {
      return OptionalInt.empty();
    }
    double[] sorted = of(ascending, column);
    int low = 0;
    int high = sorted.length; // first row above the accuracy lies in [low, high]
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] > accuracy.getAsDouble()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return OptionalInt.of(1 + sorted.length - low);
  }

  /**
   * The best row of a column; the first in the file among equals.
   *
   * @throws IllegalArgumentException for an unknown column
   */
  public Best best(String column) {
    double[] accuracies = of(values, column);
    int best = 0;
    for (int row = 1; row < accuracies.length; row++) {
      best = accuracies[row] > accuracies[best] ? row : best;
    }
    return new Best(architectures.get(best), accuracies[best]);
  }

  /**
   * An architecture and its accuracy.
   *
   * @param architecture in the space's notation
   * @param accuracy in percent
   */
  public record Best(String architecture, double accuracy) {}

  private List<Integer> answers(String architecture) {
    String notation = space.notation(architecture);
    Integer row = rows.get(notation);
    return row != null ? List.of(row) : classes.getOrDefault(space.canonical(notation), List.of());
  }

  private double[] of(Map<String, double[]> byColumn, String column) {
    double[] found = byColumn.get(column);
    if (found == null) {
      throw new IllegalArgumentException(
          "column must be one of " + values.keySet() + " but was '" + column + "'");
    }
    return found;
  }
}
