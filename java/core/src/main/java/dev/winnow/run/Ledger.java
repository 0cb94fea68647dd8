package dev.winnow.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.FileFailure;
import dev.winnow.score.Score;
import dev.winnow.search.Journal;
import dev.winnow.search.Round;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The journal on disk, {@code events.jsonl}: one line per evaluation and per decided round, only
 * ever appended.
 *
 * <pre>
 * {"v":1,"job":"1/origin/0/ntk","value":83.2,"time":"2026-01-01T00:00:00Z"}
 * {"v":1,"job":"1/2-0.skip_connect/0/ntk","undefined":"reason","published":100000.0,"time":…}
 * {"v":1,"job":"1/decided","round":{…},"time":…}
 * </pre>
 *
 * <p>A line reaches the system with one write, so a killed process loses at most the line it was
 * writing; the disk is asked to keep it once a second, so a machine that loses power loses at most
 * the last second. A torn last line is cut off when the ledger is opened again.
 *
 * <p>Not thread-safe.
 */
final class Ledger implements Journal, AutoCloseable {
  private static final long FORCE_NANOS = 1_000_000_000L;

  private final Path file;
  private final FileChannel channel;
  private final Contents known;
  private final Clock clock;
  private long forced = System.nanoTime();

  private Ledger(Path file, FileChannel channel, Contents known, Clock clock) {
    this.file = file;
    this.channel = channel;
    this.known = known;
    this.clock = clock;
  }

  /**
   * What a ledger holds.
   *
   * @param scores by job
   * @param rounds by number
   * @param bytes length of the whole lines
   */
  record Contents(Map<String, Score> scores, Map<Integer, Round> rounds, long bytes) {}

  /**
   * Opens a ledger to go on with, made if it is not there.
   *
   * @throws IllegalArgumentException for a line that is not the ledger's, naming it
   * @throws UncheckedIOException naming the file
   */
  static Ledger open(Path file, Clock clock) {
    Contents known = read(file);
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.size() > known.bytes()) {
        channel.truncate(known.bytes());
      }
      channel.position(known.bytes());
      return new Ledger(file, channel, known, clock);
    } catch (IOException e) {
      throw new UncheckedIOException(FileFailure.text("write", file, e), e);
    }
  }

  /** Reads a ledger without touching it; empty where there is none. */
  static Contents read(Path file) {
    Contents contents = new Contents(new LinkedHashMap<>(), new LinkedHashMap<>(), 0);
    if (!Files.exists(file) || !Files.isRegularFile(file)) {
      return contents;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(FileFailure.text("read", file, e), e);
    }
    int start = 0;
    int number = 1;
    for (int end = 0; end < bytes.length; end++) {
      if (bytes[end] == '\n') {
        String line = new String(bytes, start, end - start, StandardCharsets.UTF_8);
        boolean last = end == bytes.length - 1;
        if (!add(line, file + ":" + number, last, contents)) {
          break; // torn
        }
        start = end + 1;
        number++;
      }
    }
    return new Contents(contents.scores(), contents.rounds(), start);
  }

  /** Whether the line was whole. */
  private static boolean add(String line, String place, boolean last, Contents contents) {
    JsonNode event;
    try {
      event = RunFormat.JSON.readTree(line);
    } catch (JsonProcessingException e) {
      if (last) {
        return false;
      }
      throw new IllegalArgumentException(
          place + ": not a line of a ledger: " + e.getOriginalMessage(), e);
    }
    RunFormat.checkVersion(event.get("v"), place);
    String job = event.path("job").asText();
    if (event.has("round")) {
      Round round = RunFormat.JSON.convertValue(event.get("round"), Round.class);
      contents.rounds().put(round.number(), round);
    } else if (event.path("value").isNumber()) {
      keep(contents, job, Score.of(event.get("value").doubleValue()), place);
    } else if (event.has("undefined") && event.path("published").isNumber()) {
      Score score =
          Score.undefined(event.get("undefined").asText(), event.get("published").doubleValue());
      keep(contents, job, score, place);
    } else {
      throw new IllegalArgumentException(
          place + ": a line of a ledger has a value, undefined and published, or a round");
    }
    return true;
  }

  private static void keep(Contents contents, String job, Score score, String place) {
    Score before = contents.scores().putIfAbsent(job, score);
    if (before != null && !before.equals(score)) {
      throw new IllegalArgumentException(
          place + ": job " + job + " was recorded before with another value");
    }
  }

  @Override
  public Optional<Score> recall(String job) {
    return Optional.ofNullable(known.scores().get(job));
  }

  @Override
  public void record(String job, Score score) {
    ObjectNode event = event(job);
    if (score instanceof Score.Undefined undefined) {
      event.put("undefined", undefined.reason()).put("published", undefined.published());
    } else {
      event.put("value", score.published());
    }
    append(event);
    known.scores().put(job, score);
  }

  @Override
  public void roundEnded(Round round) {
    if (known.rounds().putIfAbsent(round.number(), round) == null) {
      ObjectNode event = event(round.number() + "/decided");
      event.set("round", RunFormat.JSON.valueToTree(round));
      append(event);
    }
  }

  /** Rounds decided so far. */
  List<Round> rounds() {
    return new ArrayList<>(known.rounds().values());
  }

  private static ObjectNode event(String job) {
    return RunFormat.JSON.createObjectNode().put("v", RunFormat.VERSION).put("job", job);
  }

  private void append(ObjectNode event) {
    event.put("time", clock.instant().toString());
    try {
      long whole = channel.position();
      ByteBuffer line =
          StandardCharsets.UTF_8.encode(RunFormat.JSON.writeValueAsString(event) + "\n");
      try {
        while (line.hasRemaining()) {
          channel.write(line);
        }
      } catch (IOException e) {
        cutOff(whole, e);
        throw e;
      }
      long now = System.nanoTime();
      if (now - forced >= FORCE_NANOS) {
        channel.force(false);
        forced = now;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          FileFailure.text("write", file, e)
              + "; the "
              + known.scores().size()
              + " evaluations before are kept and the run can be resumed",
          e);
    }
  }

  /** Removes the part of a line that fitted; where even that fails, the next resume does it. */
  private void cutOff(long whole, IOException cause) {
    try {
      channel.truncate(whole);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    try {
      try (channel) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(FileFailure.text("write", file, e), e);
    }
  }
}
