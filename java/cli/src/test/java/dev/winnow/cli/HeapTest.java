package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A population must not fill the heap that a machine with much memory begins with. */
class HeapTest {
  private static final int BEGIN = 1024; // MiB, of a machine with 64 GiB

  /** Scores one architecture, then prints the heap in MiB. */
  static final class Scoring {
    private Scoring() {}

    public static void main(String[] arguments) {
      CommandLineRun run =
          CommandLineRun.of(
              NativeEngines::open, "score", "--sample=1", "--scores=params", "--seed=1");
      System.out.println((Runtime.getRuntime().totalMemory() >> 20) + " MiB, code " + run.code());
    }
  }

  @Test
  void firstArchitectureLeavesASmallHeap() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseG1GC", "-XX:InitialHeapSize=" + BEGIN + "m", "-Xmx2g", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), Scoring.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    String line = output.lines().filter(l -> l.contains("MiB")).findFirst().orElse(output);
    assertTrue(line.endsWith("code 0"), output);
    // G1 leaves 10/3 of what is in use, which is below 40 MiB.
    int heap = Integer.parseInt(line.split(" ")[0]);
    assertTrue(heap < BEGIN / 4, output);
    assertEquals(0, process.exitValue());
  }
}
