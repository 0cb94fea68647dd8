package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The help of {@code bench} beside the sources of the harness, which alone knows what there is. */
class BenchCommandTest {
  private static final Path ROOT = Path.of("../..");

  private static List<String> all(String file, String pattern) throws IOException {
    String source = Files.readString(ROOT.resolve(file));
    List<String> found =
        Pattern.compile(pattern).matcher(source).results().map(m -> m.group(1)).toList();
    assertFalse(found.isEmpty(), () -> "nothing in " + file + " is " + pattern);
    return found;
  }

  private static String help() {
    CommandLineRun run =
        CommandLineRun.of(
            (device, threads) -> {
              throw new IllegalStateException("no engine in this test");
            },
            "bench",
            "--help");
    assertEquals(ExitCode.DONE, run.code());
    return run.out();
  }

  private static void assertNames(String pattern) {
    String help = help();
    assertTrue(
        Pattern.compile(pattern).matcher(help).find(), () -> "no " + pattern + " in " + help);
  }

  @Test
  void helpNamesEveryCommandOfTheHarness() throws IOException {
    for (String command : all("bench/native/winnow_bench.cc", "options\\.command == \"(\\w+)\"")) {
      assertNames("winnow bench \\[?" + command + "\\b");
    }
  }

  @Test
  void helpNamesEveryOptionOfTheHarness() throws IOException {
    for (String option : all("bench/native/options.cc", "\"(--\\w+)\"")) {
      assertNames("\\R  " + option + "\\b");
    }
  }

  @Test
  void helpNamesEveryVariant() throws IOException {
    List<String> variants = all("native/kernels/variants.inc", "\nVARIANT\\(.*\"(\\w+)\"\\)");
    assertNames("--variant V +" + String.join(", ", variants) + ", or all");
  }
}
