package dev.winnow.table;

import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * What is recorded of a space's architectures: one row per architecture; columns of true accuracies
 * in percent, one per way of training and testing ({@link AccuracyColumn}), <b>better</b>: higher;
 * and columns of other figures (recorded scores, latencies, counts) and texts.
 *
 * <p>An architecture is answered by its own row. Where it has none, the rows of equal {@linkplain
 * SearchSpace#canonical canonical form} answer with their mean, as they are other trainings of the
 * same function; {@link #answering} says which rows those are. Cells that hold no number do not
 * answer. Immutable.
 *
 * <p><b>Cost</b>: a look-up parses the notation and hashes it, a microsecond or a few; the first
 * one that needs canonical forms computes all rows'.
 */
public final class BenchmarkTable {
  private final Optional<SearchSpace> space;
  private final List<AccuracyColumn> columns;
  private final KeyIndex index;
  private final Map<String, double[]> accuracies = new LinkedHashMap<>();
  private final Map<String, double[]> figures = new LinkedHashMap<>();
  private final Map<String, String[]> texts;
  private CanonicalRows canonical;

  BenchmarkTable(
      Optional<SearchSpace> space,
      List<AccuracyColumn> columns,
      KeyIndex index,
      Map<String, double[]> numbers,
      Map<String, String[]> texts) {
    this.space = space;
    this.columns = List.copyOf(columns);
    this.index = index;
    this.figures.putAll(numbers);
    columns.forEach(column -> accuracies.put(column.name(), figures.remove(column.name())));
    this.texts = texts;
  }

  /**
   * Reads a table. A file {@code *.json} is a {@link TableMapping} and names the table beside it. A
   * {@linkplain KnownTables published} one is told by its name or checksum, which must then be
   * right. In any other the columns say by their names what they are: the architecture in {@code
   * arch_str}, {@code arch} or {@code architecture}, and accuracies such as {@code
   * c10_test_200_mean}: words for data set (c10, c100, in16), split (test, valid), epochs and runs
   * (mean, oneseed); columns of other names are left alone.
   *
   * @param file CSV with a header, plain or gzipped, accuracies in percent
   * @param space whose notation the architectures are in
   * @throws IllegalArgumentException when no column or several could be the architecture, none is
   *     an accuracy, the published table is of another space or its checksum is wrong, or a row is
   *     malformed: wrong number of cells, an architecture that the space does not have or that an
   *     earlier row had, an accuracy that is not a number in [0, 100]; naming file and line
   * @throws IOException when the file cannot be read
   */
  public static BenchmarkTable read(Path file, SearchSpace space) throws IOException {
    if (file.getFileName().toString().endsWith(".json")) {
      TableMapping mapping = TableMapping.read(file);
      Path table = file.resolveSibling(mapping.file());
      return TableReader.read(table, ofSpace(file, List.of(mapping), space), Optional.of(space));
    }
    List<TableMapping> known = KnownTables.forFile(file);
    if (known.isEmpty()) {
      return TableReader.read(file, ColumnNames.mapping(file), Optional.of(space));
    }
    return TableReader.read(file, ofSpace(file, known, space), Optional.of(space));
  }

  private static TableMapping ofSpace(Path file, List<TableMapping> known, SearchSpace space) {
    return known.stream()
        .filter(m -> m.space().equals(space.name()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    file + ": holds " + spaces(known) + ", not " + space.name()));
  }

  private static String spaces(List<TableMapping> known) {
    return known.stream()
        .map(m -> m.space().isEmpty() ? "no space's architectures" : m.space())
        .collect(Collectors.joining(", "));
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
    TableMapping mapping = ColumnNames.mapping(file, architecture, accuracies);
    return TableReader.read(file, mapping, Optional.of(space));
  }

  /**
   * Reads a table by a mapping.
   *
   * @param file the table; its name need not be the mapping's
   * @throws IllegalArgumentException for a wrong checksum, a space that is not there, a column that
   *     is not there, and as {@link #read(Path, SearchSpace)}
   * @throws IOException when the file cannot be read
   */
  public static BenchmarkTable read(Path file, TableMapping mapping) throws IOException {
    Optional<SearchSpace> space =
        mapping.space().isEmpty() ? Optional.empty() : Optional.of(named(mapping.space()));
    return TableReader.read(file, mapping, space);
  }

  private static SearchSpace named(String name) {
    List<SearchSpace> all =
        ServiceLoader.load(SearchSpace.class).stream().map(ServiceLoader.Provider::get).toList();
    return all.stream()
        .filter(space -> space.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "space must be one of "
                        + all.stream().map(SearchSpace::name).toList()
                        + " but was '"
                        + name
                        + "'"));
  }

  /** The columns of accuracies, in the order of the file or of the request. */
  public List<AccuracyColumn> columns() {
    return columns;
  }

  /** Names of the other columns of numbers. */
  public List<String> figures() {
    return List.copyOf(figures.keySet());
  }

  /** Names of the columns of texts. */
  public List<String> texts() {
    return List.copyOf(texts.keySet());
  }

  /** Number of architectures. */
  public int rows() {
    return index.size();
  }

  /**
   * The architecture of a row, in the space's own notation.
   *
   * @param row in [0, {@link #rows}), in the order of the file
   */
  public String architecture(int row) {
    return index.get(Objects.checkIndex(row, index.size()));
  }

  /**
   * The architectures whose rows answer for this one: itself, or else all of its canonical form in
   * the order of the file; none when the table does not know it.
   *
   * @throws IllegalArgumentException when the notation is malformed
   */
  public List<String> answering(String architecture) {
    return Arrays.stream(answers(architecture)).mapToObj(index::get).toList();
  }

  /**
   * The accuracy in percent; empty when the table does not know the architecture.
   *
   * @throws IllegalArgumentException for an unknown column or a malformed notation
   */
  public OptionalDouble accuracy(String column, String architecture) {
    return mean(of(accuracies, column), architecture);
  }

  /**
   * A number of another column; empty when the table does not know the architecture.
   *
   * @throws IllegalArgumentException for an unknown column or a malformed notation
   */
  public OptionalDouble figure(String column, String architecture) {
    return mean(of(figures, column), architecture);
  }

  private OptionalDouble mean(double[] values, String architecture) {
    return Arrays.stream(answers(architecture))
        .mapToDouble(row -> values[row])
        .filter(value -> !Double.isNaN(value))
        .average();
  }

  /**
   * The text in the architecture's own row; empty when it has none.
   *
   * @throws IllegalArgumentException for an unknown column or a malformed notation
   */
  public Optional<String> text(String column, String architecture) {
    String[] values = of(texts, column);
    int row = index.find(notation(architecture));
    return row < 0 ? Optional.empty() : Optional.of(values[row]);
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
    DoubleStream all = Arrays.stream(of(accuracies, column));
    return OptionalInt.of(1 + (int) all.filter(value -> value > accuracy.getAsDouble()).count());
  }

  /**
   * The best row of a column; the first in the file among equals.
   *
   * @throws IllegalArgumentException for an unknown column
   */
  public Best best(String column) {
    double[] values = of(accuracies, column);
    int best = -1;
    for (int row = 0; row < values.length; row++) {
      if (!Double.isNaN(values[row]) && (best < 0 || values[row] > values[best])) {
        best = row;
      }
    }
    return new Best(index.get(best), values[best]);
  }

  /**
   * An architecture and its accuracy.
   *
   * @param architecture in the space's notation
   * @param accuracy in percent
   */
  public record Best(String architecture, double accuracy) {}

  private String notation(String architecture) {
    return space.isPresent() ? space.get().notation(architecture) : architecture;
  }

  private int[] answers(String architecture) {
    String notation = notation(architecture);
    int row = index.find(notation);
    if (row >= 0) {
      return new int[] {row};
    }
    return space.isPresent() ? canonicalRows(space.get()).of(notation) : new int[0];
  }

  private synchronized CanonicalRows canonicalRows(SearchSpace known) {
    if (canonical == null) {
      canonical = new CanonicalRows(known, index);
    }
    return canonical;
  }

  private <T> T of(Map<String, T> byColumn, String column) {
    T found = byColumn.get(column);
    if (found == null) {
      throw new IllegalArgumentException(
          "column must be one of "
              + new ArrayList<>(byColumn.keySet())
              + " but was '"
              + column
              + "'");
    }
    return found;
  }
}
