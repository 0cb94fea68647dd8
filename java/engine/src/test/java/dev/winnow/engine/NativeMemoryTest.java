package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.random.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A thousand calls must not make the process larger. */
class NativeMemoryTest {
  private static final int CALLS = 1000;
  private static final int FEATURES = 16384;

  /**
   * Every call has new weights (64 KiB native), new images (128 KiB native) and every tenth a new
   * plan and engine. Prints the growth of the resident memory in KiB after a warm-up.
   */
  static final class ManyCalls {
    private ManyCalls() {}

    public static void main(String[] arguments) throws IOException {
      try (NativeEngine engine = NativeEngine.open("cpu", 1);
          Plan plan = engine.plan(Networks.linear(FEATURES, 1), PlanOptions.batch(2))) {
        call(plan, 0, CALLS);
        for (int k = 0; k < CALLS / 10; k++) {
          reopen(k);
        }
        long before = residentKibibytes();
        call(plan, CALLS, CALLS);
        for (int k = 0; k < CALLS / 10; k++) {
          reopen(k);
        }
        System.out.println(residentKibibytes() - before);
      }
    }

    private static void call(Plan plan, int first, int count) {
      for (int k = first; k < first + count; k++) {
        Images images = new Images(new float[2 * FEATURES], 2, FEATURES, 1, 1);
        Job job = new Job(Row.NONE, Networks.kaiming(Stream.root(k)), images);
        plan.ntk(List.of(job), (index, value) -> {}, Monitor.NONE);
      }
    }

    private static void reopen(int k) {
      try (NativeEngine engine = NativeEngine.open("cpu", 2);
          Plan plan = engine.plan(Networks.linear(FEATURES, 1), PlanOptions.batch(2))) {
        call(plan, k, 1);
      }
    }

    private static long residentKibibytes() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void thousandCallsLeaveNothingBehind() throws Exception {
    // The heap is taken whole at the start, so what grows is native.
    ChildJvm.Result result =
        ChildJvm.run(
            ManyCalls.class,
            List.of("-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"),
            List.of());
    assertEquals(0, result.exitCode(), result.toString());
    long growth = Long.parseLong(result.lines().get(0));
    // The smallest table that could leak with each call has 64 KiB; the JVM itself still compiles.
    long leak = 64L * CALLS;
    assertTrue(growth < leak / 2, growth + " KiB more after " + CALLS + " calls");
  }
}
