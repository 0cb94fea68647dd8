package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk of 24 KiB, where this user may mount one. */
class FullDiskTest {
  private static final String SIZE = "24k";

  @TempDir private Path folder;
  private Path disk;

  @BeforeEach
  void mount() throws Exception {
    Path place = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        call("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "tmpfs", place.toString()),
        "skipped: a tiny disk cannot be mounted here");
    disk = place;
  }

  @AfterEach
  void unmount() throws Exception {
    if (disk != null) {
      assertTrue(call("umount", disk.toString()));
    }
  }

  private static boolean call(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aSearchSaysWhatIsFullAndGoesOnElsewhere() throws IOException {
    Path run = disk.resolve("run");
    CommandLineRun stopped =
        CommandLineRun.of(NativeEngines::open, SmallSearch.arguments("--out", run.toString()));
    assertEquals(ExitCode.CONFIGURATION, stopped.code(), stopped::err);
    assertTrue(stopped.err().contains("No space left on device"), stopped::err);
    assertTrue(stopped.err().contains(run.resolve("events.jsonl").toString()), stopped::err);
    // What fitted is whole lines, and enough to continue from.
    Path roomy = Files.createDirectory(folder.resolve("roomy"));
    for (String file : List.of("config.resolved.yaml", "run.json", "events.jsonl")) {
      Files.copy(run.resolve(file), roomy.resolve(file));
    }
    CommandLineRun resumed =
        CommandLineRun.of(NativeEngines::open, "search", "--resume", roomy.toString());
    assertEquals(ExitCode.DONE, resumed.code(), resumed::err);
  }

  @Test
  void aScoreTableSaysSoToo() {
    Path table = disk.resolve("scores.csv");
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open,
            "score",
            "--sample",
            "1000",
            "--scores",
            "params,macs",
            "--out",
            table.toString());
    assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
    assertTrue(run.err().contains("No space left on device"), run::err);
    assertTrue(run.err().contains(table.toString()), run::err);
  }

  @Test
  void anEvaluationLeavesTheOneBefore() throws IOException {
    Path scores = Files.writeString(folder.resolve("s.csv"), "arch,a\nx,1\ny,2\n");
    Path before = Files.writeString(disk.resolve("evaluation.json"), "{}");
    assertThrows(
        IOException.class, () -> Files.write(disk.resolve("large"), new byte[1 << 20]), SIZE);
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open,
            "evaluate",
            "--scores=" + scores,
            "--scores-columns=a",
            "--table=" + scores,
            "--accuracy=a",
            "--out=" + disk);
    assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
    assertTrue(run.err().contains("No space left on device"), run::err);
    assertTrue(run.err().contains(before.toString()), run::err);
    assertEquals("{}", Files.readString(before));
  }
}
