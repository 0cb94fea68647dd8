package dev.winnow.cli;

import dev.winnow.engine.BenchHarness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code winnow bench}: the native harness, taken out of the JAR and run. */
@Command(
    name = "bench",
    description = {
      "Times the native core: the answer, the time, what the time means.",
      "",
      "  winnow bench [time] [options]      check, then rounds of CPU time",
      "                                     beside probes of this machine; JSON",
      "  winnow bench list [options]        problem sizes, variants",
      "  winnow bench check [options]       answers only",
      "  winnow bench scale [options]       threads, beside as many probes",
      "  winnow bench probe [options]       what the machine can do",
      "  winnow bench peak [options]        multiply-adds alone, 10 ms of them",
      "  winnow bench compare BEFORE AFTER  two files of time; exit code 1 for a",
      "                                     slowdown beyond the spread of both",
      "",
      "  --tiny         sizes of a moment instead of the published ones",
      "  --only TEXT    sizes whose name contains TEXT",
      "  --variant V    reference, portable, avx2, avx512, or all",
      "  --threads N    default 1",
      "  --rounds N     default 7",
      "  --nodes        time: also a table of nanoseconds by node",
      "  --round        scale: a round of pruning in one call; else one job",
      "  --shapes FILE  sizes of your own",
      "  --out FILE     where the JSON goes"
    },
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private static final long POLL_MILLISECONDS = 100;

  private final Session session;

  BenchCommand(Session session) {
    this.session = session;
  }

  /** The harness checks them: one place knows what there is. */
  @Parameters(arity = "0..*", hidden = true)
  private List<String> arguments = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("winnow-bench");
    try {
      ProcessBuilder harness = BenchHarness.unpack(folder).command(arguments);
      session.console().out().flush();
      Process process = harness.start();
      while (!process.waitFor(POLL_MILLISECONDS, TimeUnit.MILLISECONDS)) {
        if (session.interruption().cancelled()) {
          process.destroy();
        }
      }
      return session.interruption().cancelled() ? ExitCode.INTERRUPTED : process.exitValue();
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
