package dev.winnow.cli.score;

import java.io.BufferedWriter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * Writes one line per architecture as soon as it is scored: for each score its mean, standard error
 * and a note where it is undefined, then the protocol. A file cut off in the middle of a line can
 * be continued. Memory does not grow with the number of lines.
 */
public final class ScoreTable implements ScoreSink {
  private static final String ARCHITECTURE = "architecture";
  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final long FORCE_NANOS = 1_000_000_000L;
  static final CSVFormat FORMAT = CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();

  private final List<String> scores;
  private final String protocol; // the columns that every line ends with
  private final Path file;
  private final Writer writer;
  private final FileChannel channel; // null on a stream
  private final CSVPrinter printer;
  private long forced = System.nanoTime();
  private long known;

  private ScoreTable(
      List<String> scores,
      Map<String, String> protocol,
      Path file,
      Writer writer,
      FileChannel channel,
      boolean header)
      throws IOException {
    this.scores = List.copyOf(scores);
    this.protocol = rest(protocol);
    this.file = file;
    this.writer = writer;
    this.channel = channel;
    printer = new CSVPrinter(writer, FORMAT);
    if (header) {
      print(header(scores, protocol), "");
    }
  }

  /** The columns of a protocol as they stand behind others, once for all lines. */
  private static String rest(Map<String, String> protocol) {
    List<String> cells = new ArrayList<>(protocol.values());
    cells.add(0, ARCHITECTURE);
    return FORMAT.format(cells.toArray()).substring(ARCHITECTURE.length());
  }

  /** Begins a table on a stream that stays open. */
  public static ScoreTable to(Writer writer, List<String> scores, Map<String, String> protocol)
      throws IOException {
    return new ScoreTable(scores, protocol, Path.of("standard output"), writer, null, true);
  }

  /**
   * Begins a new file.
   *
   * @throws FileAlreadyExistsException when it is there
   * @throws IllegalArgumentException when another process writes it
   */
  public static ScoreTable create(Path file, List<String> scores, Map<String, String> protocol)
      throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      lock(file, channel);
      return on(file, channel, scores, protocol, true);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static ScoreTable on(
      Path file,
      FileChannel channel,
      List<String> scores,
      Map<String, String> protocol,
      boolean header)
      throws IOException {
    Writer writer = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
    return new ScoreTable(scores, protocol, file, writer, channel, header);
  }

  /** The system lets go of it when the process ends, however it ends. */
  private static void lock(Path file, FileChannel channel) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false; // this process itself
    }
    if (!locked) {
      throw new IllegalArgumentException(
          file + " is being written by another process; wait for it or stop it");
    }
  }

  /**
   * Continues a file, or begins it where there is none. A last line without its end is dropped.
   *
   * @param architectures the whole population; those that the file has are taken from it
   * @throws IllegalArgumentException when it has other columns, was written by another protocol,
   *     has other architectures, or is being written by another process
   */
  public static ScoreTable resume(
      Path file, List<String> scores, Map<String, String> protocol, Iterator<String> architectures)
      throws IOException {
    if (!Files.exists(file)) {
      return create(file, scores, protocol);
    }
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(file + " is no file that can be continued");
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      lock(file, channel);
      dropTornLine(channel);
      long lines = checked(file, channel, scores, protocol, architectures);
      channel.position(channel.size());
      ScoreTable table = on(file, channel, scores, protocol, lines == 0);
      table.known = Math.max(0, lines - 1);
      return table;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Number of lines, the header's among them. */
  private static long checked(
      Path file,
      FileChannel channel,
      List<String> scores,
      Map<String, String> protocol,
      Iterator<String> architectures)
      throws IOException {
    long lines = 0;
    // Read through the channel and left open: to close any other would let go of the lock.
    InputStream open = Channels.newInputStream(channel.position(0));
    InputStream unclosed =
        new FilterInputStream(open) {
          @Override
          public void close() {}
        };
    try (CSVParser parser = FORMAT.parse(new InputStreamReader(unclosed, StandardCharsets.UTF_8))) {
      for (CSVRecord row : parser) {
        lines = row.getRecordNumber();
        if (lines == 1) {
          checkHeader(file, row, header(scores, protocol));
        } else {
          String place = file + ":" + parser.getCurrentLineNumber();
          checkProtocol(place, row, protocol);
          checkArchitecture(place, row.get(0), architectures);
        }
      }
    }
    return lines;
  }

  /** Number of architectures that the file had when it was opened. */
  public long known() {
    return known;
  }

  /** Adds a line; it is the system's when this returns, so a killed process does not lose it. */
  @Override
  public void write(String architecture, Map<String, Summary> summaries) throws IOException {
    List<String> cells = new ArrayList<>();
    cells.add(architecture);
    for (String score : scores) {
      Summary summary = summaries.get(score);
      cells.add(number(summary.mean()));
      cells.add(number(summary.standardError()));
      cells.add(SPACES.matcher(summary.note()).replaceAll(" "));
    }
    print(cells, protocol);
  }

  private void print(List<String> cells, String rest) throws IOException {
    try {
      for (String cell : cells) {
        printer.print(cell);
      }
      writer.append(rest);
      printer.println();
      writer.flush();
      if (channel != null && System.nanoTime() - forced >= FORCE_NANOS) {
        channel.force(false);
        forced = System.nanoTime();
      }
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  /** Lines are asked of the disk once a second, and the last ones here. */
  @Override
  public void close() throws IOException {
    if (channel != null && channel.isOpen()) {
      channel.force(true);
    }
    printer.close(true);
  }

  private static List<String> header(List<String> scores, Map<String, String> protocol) {
    List<String> header = new ArrayList<>();
    header.add(ARCHITECTURE);
    for (String score : scores) {
      header.add(score);
      header.add(score + "_stderr");
      header.add(score + "_note");
    }
    header.addAll(protocol.keySet());
    return header;
  }

  private static void checkHeader(Path file, CSVRecord row, List<String> expected) {
    if (!row.toList().equals(expected)) {
      throw new IllegalArgumentException(
          file
              + ":1: cannot continue: its columns are "
              + String.join(",", row.toList())
              + " but this command writes "
              + String.join(",", expected));
    }
  }

  private static void checkProtocol(String place, CSVRecord row, Map<String, String> protocol) {
    int column = row.size() - protocol.size();
    if (column < 1) {
      throw new IllegalArgumentException(place + ": line has too few columns");
    }
    for (Map.Entry<String, String> entry : protocol.entrySet()) {
      if (!row.get(column).equals(entry.getValue())) {
        throw new IllegalArgumentException(
            place
                + ": cannot continue: "
                + entry.getKey()
                + " is "
                + row.get(column)
                + " there but "
                + entry.getValue()
                + " now");
      }
      column++;
    }
  }

  private static void checkArchitecture(String place, String there, Iterator<String> expected) {
    String now = expected.hasNext() ? expected.next() : "no more";
    if (!there.equals(now)) {
      throw new IllegalArgumentException(
          place + ": cannot continue: its architecture is " + there + " but now comes " + now);
    }
  }

  /** Whole numbers without a point, others with all digits; nothing where there is no value. */
  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private static void dropTornLine(FileChannel channel) throws IOException {
    long end = channel.size();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (end > 0) {
      one.clear();
      channel.read(one, end - 1);
      if (one.get(0) == '\n') {
        break;
      }
      end--;
    }
    channel.truncate(end);
  }
}
