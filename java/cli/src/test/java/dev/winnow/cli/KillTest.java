package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A search that was killed and resumed leaves the bytes of one that was not: law, checked on real
 * processes and SIGKILL, and on every state that a write can leave behind. A short run kills a few
 * times; {@code -Dwinnow.kills=20} kills so often and goes through every single write.
 */
class KillTest {
  private static final int SHORT = 3;
  private static final int KILLS = Integer.getInteger("winnow.kills", SHORT);
  private static final List<String> COMPARED = List.of("result.json", "scores.csv");
  private static final String CONFIGURATION = "config.resolved.yaml";
  private static final String EVENTS = "events.jsonl";

  @TempDir private static Path uninterrupted;
  @TempDir private Path folder;

  @BeforeAll
  static void runOnce() {
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open,
            SmallSearch.arguments(
                "--out", uninterrupted.resolve("run").toString(), "--threads", "1"));
    assertEquals(ExitCode.DONE, run.code(), run::err);
  }

  private static Path whole(String file) {
    return uninterrupted.resolve("run").resolve(file);
  }

  private static Process start(Path out, Path log, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    if (Files.exists(out.resolve(CONFIGURATION))) {
      command.addAll(List.of("search", "--resume", out.toString()));
    } else {
      command.addAll(List.of(SmallSearch.arguments("--out", out.toString())));
    }
    command.addAll(List.of("--threads", Integer.toString(threads)));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static long lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    long lines = 0;
    for (byte value : Files.readAllBytes(file)) {
      lines += value == '\n' ? 1 : 0;
    }
    return lines;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void killsAtSeededRandomPoints(int threads) throws Exception {
    Path out = folder.resolve("run");
    Path log = folder.resolve("log");
    Philox random = Stream.root(threads).of("kills").generator();
    int most = (int) (2 * lines(whole(EVENTS)) / KILLS);
    for (int kill = 0; kill < KILLS; kill++) {
      long after = lines(out.resolve(EVENTS)) + random.nextInt(most);
      Process process = start(out, log, threads);
      while (process.isAlive() && lines(out.resolve(EVENTS)) < after) {
        Thread.sleep(1);
      }
      process.destroyForcibly().waitFor();
    }
    Process last = start(out, log, threads);
    assertTrue(last.waitFor(120, TimeUnit.SECONDS));
    assertEquals(ExitCode.DONE, last.exitValue(), () -> read(log));
    assertSame(out, "seed " + threads);
  }

  @Test
  void sigtermEndsResumable() throws Exception {
    Path out = folder.resolve("run");
    Path log = folder.resolve("log");
    Process process = start(out, log, 1);
    while (process.isAlive() && lines(out.resolve(EVENTS)) < 20) {
      Thread.sleep(1);
    }
    process.destroy();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS));
    assertEquals(ExitCode.INTERRUPTED, process.exitValue(), () -> read(log));
    assertTrue(read(log).contains("--resume"), read(log));
    Process last = start(out, log, 2);
    assertTrue(last.waitFor(120, TimeUnit.SECONDS));
    assertSame(out, "after SIGTERM");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The states between two writes: every prefix of the ledger, whole or with a torn line. */
  @Test
  void killsAtEachWriteOfTheLedger() throws IOException {
    String[] lines = Files.readString(whole(EVENTS)).split("(?<=\n)");
    int step = KILLS > SHORT ? 1 : lines.length / SHORT;
    for (int kept = 0; kept <= lines.length; kept += step) {
      Path out = begun("ledger" + kept);
      StringBuilder ledger = new StringBuilder();
      for (int i = 0; i < kept; i++) {
        ledger.append(lines[i]);
      }
      if (kept < lines.length && kept % 2 == 0) {
        ledger.append(lines[kept], 0, lines[kept].length() / 2);
      }
      Files.writeString(out.resolve(EVENTS), ledger);
      resume(out, "after " + kept + " lines");
    }
  }

  /** The states around the files that are written whole, in the order of their writing. */
  @Test
  void killsAtEachWriteOfAWholeFile() throws IOException {
    Path justBegun = folder.resolve("just-begun");
    Files.createDirectories(justBegun);
    Files.copy(whole(CONFIGURATION), justBegun.resolve(CONFIGURATION));
    resume(justBegun, "after the configuration");

    for (String written : List.of("", ".scores.csv.tmp", "scores.csv", ".result.json.tmp")) {
      Path out = begun("written" + written);
      Files.copy(whole(EVENTS), out.resolve(EVENTS));
      if (written.endsWith(".tmp")) {
        Files.write(out.resolve(written), "half".getBytes(StandardCharsets.UTF_8));
      } else if (!written.isEmpty()) {
        Files.copy(whole(written), out.resolve(written));
      }
      resume(out, "with " + written);
    }
    Path finished = begun("finished");
    for (String file : List.of(EVENTS, "scores.csv", "result.json")) {
      Files.copy(whole(file), finished.resolve(file));
    }
    resume(finished, "before the report");
  }

  private Path begun(String name) throws IOException {
    Path out = Files.createDirectories(folder.resolve(name));
    Files.copy(whole(CONFIGURATION), out.resolve(CONFIGURATION));
    Files.copy(whole("run.json"), out.resolve("run.json"));
    return out;
  }

  private static void resume(Path out, String when) throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open, "search", "--resume", out.toString(), "--threads", "2");
    assertEquals(ExitCode.DONE, run.code(), () -> when + ": " + run.err());
    assertSame(out, when);
  }

  private static void assertSame(Path out, String when) throws IOException {
    for (String file : COMPARED) {
      assertArrayEquals(
          Files.readAllBytes(whole(file)),
          Files.readAllBytes(out.resolve(file)),
          () -> file + " " + when);
    }
  }
}
