package dev.winnow.cli.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.score.Score;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreTableTest {
  private static final List<String> SCORES = List.of("ntk");

  @TempDir private Path folder;

  private static Map<String, String> protocol(String seed) {
    Map<String, String> protocol = new LinkedHashMap<>();
    protocol.put("init", "kaiming");
    protocol.put("seed", seed);
    return protocol;
  }

  private static void write(ScoreTable table, String architecture, double... values)
      throws IOException {
    List<Score> repeats = java.util.Arrays.stream(values).mapToObj(Score::of).toList();
    table.write(architecture, Map.of("ntk", Summary.of(repeats)));
  }

  @Test
  void aTornLineIsWrittenAgain() throws IOException {
    Path whole = folder.resolve("whole.csv");
    try (ScoreTable table = ScoreTable.create(whole, SCORES, protocol("0"))) {
      write(table, "|a~0|", 1, 2);
      write(table, "|b~0|", 3.5);
    }
    byte[] bytes = Files.readAllBytes(whole);
    for (int cut = 0; cut <= bytes.length; cut++) {
      Path torn = folder.resolve("torn.csv");
      Files.write(torn, java.util.Arrays.copyOf(bytes, cut));
      Iterator<String> architectures = List.of("|a~0|", "|b~0|").iterator();
      try (ScoreTable table = ScoreTable.resume(torn, SCORES, protocol("0"), architectures)) {
        while (architectures.hasNext()) {
          if (architectures.next().equals("|a~0|")) {
            write(table, "|a~0|", 1, 2);
          } else {
            write(table, "|b~0|", 3.5);
          }
        }
      }
      assertEquals(Files.readString(whole), Files.readString(torn), "cut after " + cut);
    }
  }

  @Test
  void anotherProtocolIsRefused() throws IOException {
    Path file = folder.resolve("scores.csv");
    try (ScoreTable table = ScoreTable.create(file, SCORES, protocol("0"))) {
      write(table, "|a~0|", 1);
    }
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ScoreTable.resume(file, SCORES, protocol("7"), List.of("|a~0|").iterator()))
            .getMessage();
    assertTrue(message.contains("seed is 0 there but 7 now"), message);
    message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    ScoreTable.resume(
                        file, List.of("macs"), protocol("0"), List.of("|a~0|").iterator()))
            .getMessage();
    assertTrue(message.contains("columns"), message);
  }

  @Test
  void otherArchitecturesAreRefused() throws IOException {
    Path file = folder.resolve("scores.csv");
    try (ScoreTable table = ScoreTable.create(file, SCORES, protocol("0"))) {
      write(table, "|a~0|", 1);
    }
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    ScoreTable.resume(
                        file, SCORES, protocol("0"), List.of("|b~0|", "|a~0|").iterator()))
            .getMessage();
    assertTrue(message.contains("scores.csv:2"), message);
    assertTrue(message.contains("its architecture is |a~0| but now comes |b~0|"), message);
  }

  @Test
  void anExistingFileIsNotOverwritten() throws IOException {
    Path file = folder.resolve("scores.csv");
    ScoreTable.create(file, SCORES, protocol("0")).close();
    assertThrows(
        FileAlreadyExistsException.class, () -> ScoreTable.create(file, SCORES, protocol("0")));
  }

  @Test
  void standardErrorIsOfTheMean() {
    Summary summary = Summary.of(List.of(Score.of(1), Score.of(3), Score.of(5)));
    assertEquals(3, summary.mean());
    assertEquals(2 / Math.sqrt(3), summary.standardError(), 1e-15);
  }

  @Test
  void anUndefinedRepeatIsCountedAndExplained() throws IOException {
    Summary summary =
        Summary.of(List.of(Score.of(4), Score.undefined("the kernel is zero", 100000)));
    assertEquals(4, summary.mean());
    assertEquals(1, summary.values());
    assertEquals("undefined in 1 of 2: the kernel is zero", summary.note());
    Path file = folder.resolve("scores.csv");
    try (ScoreTable table = ScoreTable.create(file, SCORES, protocol("0"))) {
      table.write("|c~0|", Map.of("ntk", summary));
    }
    Iterator<String> architectures = List.of("|c~0|", "|d~0|").iterator();
    ScoreTable.resume(file, SCORES, protocol("0"), architectures).close();
    assertEquals("|d~0|", architectures.next());
  }
}
