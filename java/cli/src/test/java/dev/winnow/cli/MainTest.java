package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.engine.DeviceOptions;
import java.util.ArrayList;
import java.util.List;
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
  void anEmptyPathIsAUsageError() {
    for (List<String> arguments :
        List.of(
            List.of("score", "--sample=1", "--scores=params", "--out="),
            List.of("plan", "", "--sample=1", "--scores=params", "--shards=1"),
            List.of("search", "--resume="))) {
      CommandLineRun run = run(arguments.toArray(String[]::new));
      assertEquals(ExitCode.USAGE, run.code(), run::err);
      assertTrue(run.err().contains("a path must not be empty"), run::err);
    }
  }

  @Test
  void devicesAreCpuOrOneOfTheGpus() {
    for (String device : List.of("cpu", "cuda", "cuda:1")) {
      List<String> asked = new ArrayList<>();
      CommandLineRun.of(
          (name, threads) -> {
            asked.add(name);
            throw new IllegalStateException("no engine in this test");
          },
          "doctor",
          "--device",
          device);
      assertEquals(List.of(device), asked);
    }
    for (String device : List.of("gpu", "cpu:0", "cuda:", "cuda:-1", "CUDA", "")) {
      CommandLineRun run = run("doctor", "--device", device);
      assertEquals(ExitCode.USAGE, run.code());
      assertTrue(
          run.err().contains("--device must be cpu, cuda or cuda:N but was '" + device + "'"),
          run.err());
    }
  }

  /** 0 is the default; the native core's own bound is that of {@link DeviceOptions}. */
  @Test
  void threadsAreThoseThatTheNativeCoreTakes() {
    List<Integer> asked = new ArrayList<>();
    EngineOpener opener =
        (name, threads) -> {
          asked.add(threads);
          throw new IllegalStateException("no engine in this test");
        };
    CommandLineRun.of(opener, "doctor");
    for (int threads : List.of(0, 1, DeviceOptions.MOST_THREADS)) {
      CommandLineRun.of(opener, "doctor", "--threads", Integer.toString(threads));
    }
    assertEquals(List.of(0, 0, 1, DeviceOptions.MOST_THREADS), asked);
    for (int threads : List.of(-1, DeviceOptions.MOST_THREADS + 1)) {
      CommandLineRun run = run("doctor", "--threads=" + threads);
      assertEquals(ExitCode.USAGE, run.code());
      assertTrue(
          run.err().contains("--threads must be in [0, 1024] but was " + threads), run.err());
    }
  }

  @Test
  void listNamesMethodsAndScores() {
    CommandLineRun run = run("list");
    assertEquals(ExitCode.DONE, run.code());
    assertTrue(run.out().contains("te-nas"), run.out());
    for (String score : ScoreSettings.NAMES) {
      assertTrue(run.out().contains(" " + score + " "), () -> score + " in " + run.out());
    }
  }

  /** Every space with its published size, a sample, data sets and tables. */
  @Test
  void listShowsEverySpace() {
    String out = run("list").out();
    for (String line :
        List.of(
            "nas-bench-101        423,624 architectures",
            "nas-bench-201        15,625 architectures",
            "nas-bench-1shot1-3   24,066 architectures",
            "nas-bench-macro      6,561 architectures",
            "for example        22212202",
            "data sets          CIFAR-10, CIFAR-100, ImageNet16-120, ",
            "table              nb101_accuracy.csv.gz: CIFAR-10 valid accuracy, 108 epochs, one",
            "table              nb201_latency_help.csv.gz: no accuracies")) {
      assertTrue(out.contains(line), () -> "no '" + line + "' in " + out);
    }
    String json = run("list", "--json").out();
    assertTrue(json.contains("\"dataSets\""), json);
  }
}
