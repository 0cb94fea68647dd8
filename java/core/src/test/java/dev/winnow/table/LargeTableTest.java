package dev.winnow.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.nasbench101.NasBench101;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table of every cell of NAS-Bench-101, each with a made-up number that tells its row. */
class LargeTableTest {
  private static final int LOOK_UPS = 100_000;

  @Test
  void allOfNasBench101IsSmallAndFast(@TempDir Path folder) throws IOException {
    NasBench101 space = new NasBench101();
    Path file = folder.resolve("all.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("arch,acc_valid\n");
      Iterator<String> cells = space.architectures();
      for (int row = 0; cells.hasNext(); row++) {
        out.write(cells.next() + "," + row / 10_000.0 + "\n");
      }
    }
    long before = used();
    BenchmarkTable table = BenchmarkTable.read(file, space);
    assertEquals(423_624, table.rows());
    Philox random = Stream.root(11).generator();
    List<String> asked = new ArrayList<>();
    double sum = 0;
    for (int i = 0; i < LOOK_UPS; i++) {
      int row = random.nextInt(table.rows());
      asked.add(table.architecture(row));
      sum += row / 10_000.0;
    }
    // The first round compiles; the second is the measured one.
    assertEquals(sum, total(table, asked), 1e-6);
    long start = System.nanoTime();
    assertEquals(sum, total(table, asked), 1e-6);
    double mean = (System.nanoTime() - start) / 1e3 / LOOK_UPS;
    asked.clear();
    // A relabelled cell is answered through the canonical forms of all rows.
    String relabelled =
        "0110000|0001000|0000100|0000010|0000001|0000001|0000000"
            + ":input;maxpool3x3;conv3x3-bn-relu;conv3x3-bn-relu;conv1x1-bn-relu;maxpool3x3;output";
    assertEquals(List.of(space.canonical(relabelled)), table.answering(relabelled));
    double megabytes = (used() - before) / 1e6;
    System.out.printf("423,624 rows: %.2f us a look-up, %.0f MB%n", mean, megabytes);
    assertTrue(megabytes < 200, () -> megabytes + " MB");
    assertTrue(mean < 20, () -> mean + " microseconds");
    assertEquals(423_624, table.rows()); // still reachable while it is measured
  }

  private static double total(BenchmarkTable table, List<String> architectures) {
    double sum = 0;
    for (String architecture : architectures) {
      sum += table.accuracy("acc_valid", architecture).orElseThrow();
    }
    return sum;
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
