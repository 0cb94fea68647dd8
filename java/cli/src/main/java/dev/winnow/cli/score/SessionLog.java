package dev.winnow.cli.score;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who computed a table of scores, when, and at what cost: one line of JSON per process, appended to
 * the file beside the table, whose bytes then need not hold it.
 *
 * <pre>{"ended":"2026-01-01T00:00:00Z","architectures":120,"seconds":31.2,
 * "milliseconds":{"ntk":251.3},"engine":{"variant":"avx2",…}}</pre>
 */
public final class SessionLog {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLISECOND = 1e6;

  private SessionLog() {}

  /** The log of a table. */
  public static Path of(Path table) {
    return table.resolveSibling(table.getFileName() + ".sessions.jsonl");
  }

  /**
   * Adds a line.
   *
   * @param done architectures that this process scored
   * @param nanoseconds that it took
   * @param perScore nanoseconds spent on each score
   * @param engine provenance; empty where no score needed one
   */
  public static void append(
      Path table,
      long done,
      long nanoseconds,
      Map<String, Long> perScore,
      Map<String, String> engine)
      throws IOException {
    Map<String, Double> milliseconds = new LinkedHashMap<>();
    perScore.forEach(
        (score, nanos) -> milliseconds.put(score, nanos / NANOS_PER_MILLISECOND / done));
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("ended", Instant.now().toString());
    line.put("architectures", done);
    line.put("seconds", nanoseconds / NANOS_PER_SECOND);
    line.put("milliseconds", milliseconds);
    line.put("engine", engine);
    Files.writeString(
        of(table),
        new ObjectMapper().writeValueAsString(line) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
