package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MainTest {
  private static final EngineOpener NO_ENGINE =
      (device, threads) -> {
        throw new IllegalStateException("no engine in this test");
      };

  private static CommandLineRun run(String... arguments) {
    return CommandLineRun.of(NO_ENGINE, arguments);
  }

  @Test
  void helpDocumentsEveryExitCode() {
    CommandLineRun run = run("--help");
    assertEquals(ExitCode.DONE, run.code());
    for (int code = ExitCode.DONE; code <= ExitCode.INTERRUPTED; code++) {
      assertTrue(run.out().matches("(?s).*\\R\\s*" + code + "\\s+\\S.*"), run.out());
    }
  }

  @Test
  void versionIsReadableWithoutANativeCore() {
    CommandLineRun run = run("--version");
    assertEquals(ExitCode.DONE, run.code());
    assertTrue(run.out().startsWith("winnow 0."), run.out());
    assertTrue(run.out().contains("no engine in this test"), run.out());
  }

  @Test
  void aMissingCommandIsAUsageError() {
    CommandLineRun run = run();
    assertEquals(ExitCode.USAGE, run.code());
    assertTrue(run.err().contains("a command is missing"), run.err());
  }

  @Test
  void anUnknownOptionIsAUsageErrorInOneLine() {
    CommandLineRun run = run("list", "--jsn");
    assertEquals(ExitCode.USAGE, run.code());
    assertTrue(run.err().contains("--jsn"), run.err());
    assertTrue(run.err().lines().count() <= 2, run.err());
  }

  @Test
  void listNamesMethodsAndScores() {
    CommandLineRun run = run("list");
    assertEquals(ExitCode.DONE, run.code());
    assertTrue(run.out().contains("te-nas"), run.out());
    assertTrue(run.out().contains("regions"), run.out());
  }
}
