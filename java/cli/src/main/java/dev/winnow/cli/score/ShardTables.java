package dev.winnow.cli.score;

import dev.winnow.evaluation.ScoresFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * Joins the tables of a population's shards into the one that a single process would have written,
 * byte for byte. Memory does not grow with the population.
 */
public final class ShardTables {
  private final Path folder;
  private final PopulationPlan plan;

  /**
   * @param folder of the plan
   */
  public ShardTables(Path folder, PopulationPlan plan) {
    this.folder = folder;
    this.plan = plan;
  }

  /**
   * What is not there yet: one sentence per shard without a table or with too short a one.
   *
   * @throws IllegalArgumentException for a table that is too long
   */
  public List<String> missing() throws IOException {
    List<String> missing = new ArrayList<>();
    for (int index = 0; index < plan.shards(); index++) {
      Path file = PopulationPlan.shard(folder, index);
      long expected = new Shard(index, plan.shards()).size(plan.architectures());
      long lines = Files.exists(file) ? lines(file) : 0;
      if (lines > expected + 1) {
        throw new IllegalArgumentException(
            file + ": must have " + expected + " architectures but has " + (lines - 1));
      }
      if (lines < expected + 1) {
        missing.add(
            String.format(
                Locale.ROOT,
                "shard %d/%d: %,d of %,d architectures",
                index,
                plan.shards(),
                Math.max(0, lines - 1),
                expected));
      }
    }
    return missing;
  }

  private static long lines(Path file) throws IOException {
    long lines = 0;
    byte[] buffer = new byte[1 << 16];
    try (var in = Files.newInputStream(file)) {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        for (int i = 0; i < got; i++) {
          lines += buffer[i] == '\n' ? 1 : 0;
        }
      }
    }
    return lines;
  }

  /**
   * Writes the joined table, whole or not at all. All shards must be there.
   *
   * @throws IllegalArgumentException when shards differ in columns or protocol, such as the kernel
   *     variant, or have other architectures than the plan
   */
  public void join(Path out) throws IOException {
    Path temporary = out.toAbsolutePath().resolveSibling("." + out.getFileName() + ".tmp");
    List<CSVParser> parsers = new ArrayList<>();
    try (BufferedReader architectures =
            Files.newBufferedReader(PopulationPlan.architectures(folder));
        CSVPrinter printer =
            new CSVPrinter(Files.newBufferedWriter(temporary), ScoreTable.FORMAT)) {
      List<Iterator<CSVRecord>> shards = new ArrayList<>();
      for (int index = 0; index < plan.shards(); index++) {
        CSVParser parser =
            ScoreTable.FORMAT.parse(Files.newBufferedReader(PopulationPlan.shard(folder, index)));
        parsers.add(parser);
        shards.add(parser.iterator());
      }
      List<String> header = header(shards);
      printer.printRecord(header);
      rows(architectures, shards, header, printer);
    } finally {
      for (CSVParser parser : parsers) {
        parser.close();
      }
    }
    Files.move(temporary, out, StandardCopyOption.REPLACE_EXISTING);
  }

  private List<String> header(List<Iterator<CSVRecord>> shards) {
    List<String> header = shards.get(0).next().toList();
    for (int index = 1; index < shards.size(); index++) {
      List<String> other = shards.get(index).next().toList();
      if (!other.equals(header)) {
        throw new IllegalArgumentException(
            PopulationPlan.shard(folder, index)
                + ":1: its columns are "
                + other
                + " but those of the first shard "
                + header);
      }
    }
    return header;
  }

  private void rows(
      BufferedReader architectures,
      List<Iterator<CSVRecord>> shards,
      List<String> header,
      CSVPrinter printer)
      throws IOException {
    List<String> protocol = null;
    for (long number = 0; number < plan.architectures(); number++) {
      int index = (int) (number % plan.shards());
      List<String> row = shards.get(index).next().toList();
      String place = PopulationPlan.shard(folder, index) + ":" + (number / plan.shards() + 2);
      String expected = architectures.readLine();
      if (!row.get(0).equals(expected)) {
        throw new IllegalArgumentException(
            place + ": its architecture is " + row.get(0) + " but must be " + expected);
      }
      List<String> own = new ArrayList<>();
      for (int column = 0; column < header.size(); column++) {
        if (ScoresFile.isProtocol(header.get(column))) {
          own.add(header.get(column) + "=" + row.get(column));
        }
      }
      protocol = protocol == null ? own : protocol;
      if (!own.equals(protocol)) {
        throw new IllegalArgumentException(
            place + ": its protocol is " + own + " but that of the first shard " + protocol);
      }
      printer.printRecord(row);
    }
  }
}
