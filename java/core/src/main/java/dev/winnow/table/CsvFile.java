package dev.winnow.table;

import dev.winnow.file.InputFile;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * A CSV file, plain or gzipped, with a header and at most one row per architecture. Every mistake
 * in it becomes an {@link IllegalArgumentException} naming file and line.
 */
public final class CsvFile {
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,3})?");

  /** All of NAS-Bench-101 takes half of it; a gzip file may otherwise grow without end. */
  private static final long MOST_BYTES = 128L << 20;

  private static final int QUOTED = 40;

  private static final CSVFormat FORMAT =
      CSVFormat.DEFAULT
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .get();

  private final Path file;
  private final CSVParser parser;

  private CsvFile(Path file, CSVParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /** What is done with an open file. */
  public interface Use<T> {
    T with(CsvFile csv) throws IOException;
  }

  /** Takes one row. */
  public interface Row {
    /**
     * @param place file and line, to begin a message with
     * @param architecture in the notation asked for
     */
    void accept(String place, String architecture, CSVRecord cells);
  }

  /**
   * Opens a file, uses it and closes it.
   *
   * @throws IllegalArgumentException when it is not CSV, not UTF-8, a damaged gzip file, or larger
   *     than 128 MiB when unpacked
   * @throws IOException when it cannot be read
   */
  public static <T> T read(Path file, Use<T> use) throws IOException {
    try (InputStream in = open(file);
        CSVParser parser = parser(file, in)) {
      return use.with(new CsvFile(file, parser));
    } catch (CSVException e) {
      throw malformed(file, "not CSV: " + e.getMessage(), e);
    } catch (ZipException | EOFException e) {
      throw malformed(file, "not a whole gzip file: " + e.getMessage(), e);
    } catch (CharacterCodingException e) {
      throw malformed(file, "not UTF-8", e);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }

  private static InputStream open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file));
    try {
      in.mark(2);
      boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return new Limited(file, gzip ? new GZIPInputStream(in) : in);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private static CSVParser parser(Path file, InputStream in) throws IOException {
    try {
      return FORMAT.parse(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    } catch (IllegalArgumentException e) { // of commons-csv: a header without or with equal names
      throw malformed(file, e.getMessage() + " (line 1)", e);
    }
  }

  /** Names of the columns. */
  public List<String> header() {
    return parser.getHeaderNames();
  }

  /**
   * Refuses a column that is not there.
   *
   * @throws IllegalArgumentException naming the columns that are
   */
  public void require(String column) {
    if (!header().contains(column)) {
      throw new IllegalArgumentException(
          file + ":1: no column " + column + "; the columns are " + header());
    }
  }

  /**
   * Hands over the rows.
   *
   * @param columns that write the architecture; the cells of several are joined by a colon
   * @param notation makes one text of the ways to write an architecture; throws for a malformed one
   * @param kept rows that count
   * @throws IllegalArgumentException for a row of another width, a malformed architecture or one
   *     that an earlier row had
   */
  public void rows(
      List<String> columns, UnaryOperator<String> notation, Predicate<CSVRecord> kept, Row row)
      throws IOException {
    Map<String, Long> lines = new HashMap<>();
    records(
        (line, cells) -> {
          if (!kept.test(cells)) {
            return;
          }
          String place = place(line);
          String text = columns.stream().map(cells::get).collect(Collectors.joining(":"));
          String architecture = architecture(place, String.join(":", columns), text, notation);
          Long earlier = lines.put(architecture, line);
          if (earlier != null) {
            throw new IllegalArgumentException(
                place + "architecture " + architecture + " is in line " + earlier + " already");
          }
          row.accept(place, architecture, cells);
        });
  }

  /** Takes the cells of one line. */
  interface Line {
    void accept(long line, CSVRecord cells);
  }

  /** File and line, to begin a message with. */
  String place(long line) {
    return file + ":" + line + ": ";
  }

  /**
   * Hands over the lines below the header.
   *
   * @throws IllegalArgumentException for one of another width
   */
  void records(Line each) throws IOException {
    int width = header().size();
    try {
      for (CSVRecord cells : parser) {
        long line = parser.getCurrentLineNumber();
        if (cells.size() != width) {
          throw new IllegalArgumentException(
              place(line) + "must have " + width + " cells but has " + cells.size());
        }
        each.accept(line, cells);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String architecture(
      String place, String column, String text, UnaryOperator<String> notation) {
    try {
      return notation.apply(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + "column " + column + ": " + e.getMessage(), e);
    }
  }

  /**
   * The number that a cell holds.
   *
   * @param place to begin a message with
   * @throws IllegalArgumentException for anything but a finite decimal number
   */
  public static double number(String place, String text) {
    double value = NUMBER.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(place + ": '" + shortened(text) + "' is not a number");
    }
    return value;
  }

  static String shortened(String text) {
    return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
  }

  private static IllegalArgumentException malformed(Path file, String what, Exception cause) {
    return new IllegalArgumentException(file + ": " + what, cause);
  }

  /** Ends a file that is larger than any table. */
  private static final class Limited extends FilterInputStream {
    private final Path file;
    private long read;

    Limited(Path file, InputStream in) {
      super(in);
      this.file = file;
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
