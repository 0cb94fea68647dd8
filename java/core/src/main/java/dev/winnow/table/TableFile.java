package dev.winnow.table;

import dev.winnow.space.CellSpace;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/** Reads a {@link BenchmarkTable} from CSV, plain or gzipped. */
final class TableFile {
  private static final List<String> ARCHITECTURE = List.of("arch_str", "arch", "architecture");
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,3})?");

  /** All of NAS-Bench-101 takes half of it; a gzip file may otherwise grow without end. */
  private static final long MOST_BYTES = 128L << 20;

  private static final CSVFormat FORMAT =
      CSVFormat.DEFAULT
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .get();

  private final Path file;
  private final CellSpace space;

  TableFile(Path file, CellSpace space) {
    this.file = file;
    this.space = space;
  }

  /** Both null: the columns are found by their names. */
  BenchmarkTable read(String architecture, List<String> accuracies) throws IOException {
    try (InputStream in = open();
        CSVParser parser = parser(in)) {
      List<String> header = parser.getHeaderNames();
      String key = architecture == null ? architectureColumn(header) : architecture;
      List<AccuracyColumn> columns =
          accuracies == null
              ? accuracyColumns(header)
              : accuracies.stream().map(AccuracyColumn::named).toList();
      require(header, key);
      columns.forEach(column -> require(header, column.name()));
      return rows(parser, header.size(), key, columns);
    } catch (CSVException e) {
      throw malformed("not CSV: " + e.getMessage(), e);
    } catch (ZipException | EOFException e) {
      throw malformed("not a whole gzip file: " + e.getMessage(), e);
    } catch (CharacterCodingException e) {
      throw malformed("not UTF-8", e);
    }
  }

  private InputStream open() throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file));
    try {
      in.mark(2);
      boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return new Limited(gzip ? new GZIPInputStream(in) : in);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private CSVParser parser(InputStream in) throws IOException {
    try {
      return FORMAT.parse(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    } catch (IllegalArgumentException e) { // of commons-csv: a header without or with equal names
      throw malformed(e.getMessage() + " (line 1)", e);
    }
  }

  private BenchmarkTable rows(CSVParser parser, int width, String key, List<AccuracyColumn> columns)
      throws IOException {
    List<String> architectures = new ArrayList<>();
    List<double[]> values = new ArrayList<>();
    Map<String, Long> lines = new HashMap<>();
    try {
      for (CSVRecord record : parser) {
        long line = parser.getCurrentLineNumber();
        String place = file + ":" + line + ": ";
        if (record.size() != width) {
          throw new IllegalArgumentException(
              place + "must have " + width + " cells but has " + record.size());
        }
        String architecture = architecture(place, key, record.get(key));
        Long earlier = lines.put(architecture, line);
        if (earlier != null) {
          throw new IllegalArgumentException(
              place + "architecture " + architecture + " is in line " + earlier + " already");
        }
        architectures.add(architecture);
        double[] row = new double[columns.size()];
        for (int i = 0; i < row.length; i++) {
          String name = columns.get(i).name();
          row[i] = percent(place + "column " + name, record.get(name));
        }
        values.add(row);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (values.isEmpty()) {
      throw new IllegalArgumentException(file + ": the table has no rows");
    }
    return new BenchmarkTable(space, columns, architectures, transposed(columns, values));
  }

  private String architecture(String place, String column, String notation) {
    try {
      return space.architecture(space.parse(notation));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + "column " + column + ": " + e.getMessage(), e);
    }
  }

  private static double percent(String place, String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(place + ": '" + shortened(text) + "' is not a number");
    }
    double value = Double.parseDouble(text);
    if (!(value >= 0 && value <= 100)) {
      throw new IllegalArgumentException(
          place + ": accuracy must be in [0, 100] percent but was " + shortened(text));
    }
    return value;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
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

  private void require(List<String> header, String column) {
    if (!header.contains(column)) {
      throw new IllegalArgumentException(
          file + ":1: no column " + column + "; the columns are " + header);
    }
  }

  private IllegalArgumentException malformed(String what, Exception cause) {
    return new IllegalArgumentException(file + ": " + what, cause);
  }

  /** Ends a file that is larger than any table. */
  private final class Limited extends FilterInputStream {
    private long read;

    Limited(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int got = super.read(bytes, from, length);
      count(Math.max(got, 0));
      return got;
    }

    private void count(int bytes) {
      read += bytes;
      if (read > MOST_BYTES) {
        throw new IllegalArgumentException(
            file + ": a table must be at most " + MOST_BYTES + " bytes when unpacked");
      }
    }
  }
}
