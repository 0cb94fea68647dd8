package dev.winnow.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NasBench201;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchmarkTableTest {
  private static final CellSpace SPACE = new NasBench201();
  private static final String A = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
  // Node 2 leads nowhere in both, so each is the identity, as is A.
  private static final String B = "|none~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|none~2|";
  private static final String IDENTITY = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
  private static final String C = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|";
  private static final String ABSENT = "|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|";

  @TempDir Path folder;

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("table.csv"), text);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static String table() {
    return "index,arch_str,c10_test_200_mean,c10_valid_12\n"
        + ("0," + A + ",90,50.5\n")
        + ("1," + B + ",80,60\n")
        + ("2," + C + ",90,70\n");
  }

  private String refused(String text) throws IOException {
    Path file = csv(text);
    String message =
        assertThrows(IllegalArgumentException.class, () -> BenchmarkTable.read(file, SPACE))
            .getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message.substring(file.toString().length());
  }

  @Test
  void readsColumnsThatSayWhatTheyAre() throws IOException {
    for (byte[] bytes :
        List.of(
            table().getBytes(StandardCharsets.UTF_8),
            gzip(table().getBytes(StandardCharsets.UTF_8)))) {
      Path file = Files.write(folder.resolve("table"), bytes);
      BenchmarkTable table = BenchmarkTable.read(file, SPACE);
      assertEquals(3, table.rows());
      assertEquals(
          List.of("CIFAR-10 test accuracy, 200 epochs, mean", "CIFAR-10 valid accuracy, 12 epochs"),
          table.columns().stream().map(AccuracyColumn::describe).toList());
      assertEquals(OptionalDouble.of(50.5), table.accuracy("c10_valid_12", A));
      assertEquals(OptionalDouble.of(90), table.accuracy("c10_test_200_mean", A));
    }
  }

  @Test
  void ranksFromTheBestAndEqualsShareARank() throws IOException {
    BenchmarkTable table = BenchmarkTable.read(csv(table()), SPACE);
    assertEquals(OptionalInt.of(1), table.rank("c10_test_200_mean", A));
    assertEquals(OptionalInt.of(1), table.rank("c10_test_200_mean", C));
    assertEquals(OptionalInt.of(3), table.rank("c10_test_200_mean", B));
    assertEquals(OptionalInt.of(3), table.rank("c10_valid_12", A));
    assertEquals(new BenchmarkTable.Best(A, 90), table.best("c10_test_200_mean"));
    assertEquals(new BenchmarkTable.Best(C, 70), table.best("c10_valid_12"));
  }

  /** A, B and the identity compute the same function; only the first two have rows. */
  @Test
  void cellsWithoutARowAreAnsweredByTheirCanonicalForm() throws IOException {
    BenchmarkTable table = BenchmarkTable.read(csv(table()), SPACE);
    assertEquals(List.of(A), table.answering(A));
    assertEquals(List.of(A, B), table.answering(IDENTITY));
    assertEquals(OptionalDouble.of(85), table.accuracy("c10_test_200_mean", IDENTITY));
    assertEquals(OptionalInt.of(3), table.rank("c10_test_200_mean", IDENTITY)); // below both 90s
    assertEquals(List.of(), table.answering(ABSENT));
    assertEquals(OptionalDouble.empty(), table.accuracy("c10_test_200_mean", ABSENT));
    assertEquals(OptionalInt.empty(), table.rank("c10_test_200_mean", ABSENT));
  }

  @Test
  void readsColumnsByRequest() throws IOException {
    Path file = csv("cell,run_a\n" + C + ",71\n");
    BenchmarkTable table = BenchmarkTable.read(file, SPACE, "cell", List.of("run_a"));
    assertEquals(OptionalDouble.of(71), table.accuracy("run_a", C));
    assertEquals("run_a", table.columns().get(0).describe());
    for (List<String> accuracies : List.of(List.of("run_b"), List.<String>of())) {
      assertThrows(
          IllegalArgumentException.class,
          () -> BenchmarkTable.read(file, SPACE, "cell", accuracies));
    }
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BenchmarkTable.read(file, SPACE, "arch", List.of("run_a")));
    assertEquals(file + ":1: no column arch; the columns are [cell, run_a]", e.getMessage());
  }

  @Test
  void refusesUnknownColumnsAndMalformedQuestions() throws IOException {
    BenchmarkTable table = BenchmarkTable.read(csv(table()), SPACE);
    var e =
        assertThrows(IllegalArgumentException.class, () -> table.accuracy("c10_valid_200_mean", A));
    assertEquals(
        "column must be one of [c10_test_200_mean, c10_valid_12] but was 'c10_valid_200_mean'",
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> table.best("index"));
    assertThrows(IllegalArgumentException.class, () -> table.rank("c10_valid_12", "|none~0|"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "NaN; is not a number",
        "''; is not a number",
        "ninety; is not a number",
        "0x1p3; is not a number",
        "90d; is not a number",
        "-1; must be in [0, 100] percent but was -1",
        "100.001; must be in [0, 100] percent but was 100.001",
        "1e300; must be in [0, 100] percent",
      })
  void refusesAccuraciesThatAreNone(String value, String message) throws IOException {
    String text = refused("arch,c10_test_200\n" + A + ",90\n" + B + "," + value + "\n");
    assertTrue(text.startsWith(":3: column c10_test_200: "), text);
    assertTrue(text.contains(message), text);
  }

  @Test
  void refusesMalformedTables() throws IOException {
    assertTrue(refused("arch,acc\n").startsWith(":1: no column is named as an accuracy"));
    assertTrue(refused("cell,c10_test_200\n").startsWith(":1: exactly one column must be named"));
    assertTrue(refused("arch,arch_str,c10_test_200\n").startsWith(":1: exactly one column"));
    assertTrue(refused("arch,c10_test_200,arch\n").contains("duplicate name"), "duplicate");
    assertEquals(": the table has no rows", refused("arch,c10_test_200\n"));
    String twice = "arch,c10_test_200\n" + A + ",90\n" + C + ",80\n" + A + ",90\n";
    assertEquals(":4: architecture " + A + " is in line 2 already", refused(twice));
    assertEquals(
        ":3: must have 2 cells but has 1", refused("arch,c10_test_200\n" + A + ",90\n" + C + "\n"));
    assertTrue(
        refused("arch,c10_test_200\n" + A + ",90\n|bad|,1\n").startsWith(":3: column arch: "));
    assertTrue(
        refused("arch,c10_test_200\n" + A + ",0.9\n").contains("must be in percent"), "fractions");
    refused("");
  }

  @Test
  void refusesTruncatedGzipAndOtherEncodings() throws IOException {
    byte[] whole = gzip(table().getBytes(StandardCharsets.UTF_8));
    for (int length : new int[] {2, 9, 20, whole.length - 9, whole.length - 1}) {
      Path file = Files.write(folder.resolve("t.csv.gz"), Arrays.copyOf(whole, length));
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> BenchmarkTable.read(file, SPACE), "" + length);
      assertTrue(e.getMessage().contains("not a whole gzip file"), e.getMessage());
    }
    Path latin =
        Files.write(folder.resolve("l.csv"), "arch,c10_test_200,\u00fc\n".getBytes("ISO-8859-1"));
    var e = assertThrows(IllegalArgumentException.class, () -> BenchmarkTable.read(latin, SPACE));
    assertTrue(e.getMessage().contains("not UTF-8"), e.getMessage());
    Path mapping = Files.copy(latin, folder.resolve("l.json"));
    var other =
        assertThrows(IllegalArgumentException.class, () -> BenchmarkTable.read(mapping, SPACE));
    assertEquals(mapping + ": not UTF-8", other.getMessage());
  }

  @Test
  void aFolderInPlaceOfAFileIsNamed() {
    var e = assertThrows(IOException.class, () -> BenchmarkTable.read(folder, SPACE));
    assertTrue(e.getMessage().startsWith(folder + ": "), e::getMessage);
    var csv = assertThrows(IOException.class, () -> CsvFile.read(folder, CsvFile::header));
    assertTrue(csv.getMessage().startsWith(folder + ": "), csv::getMessage);
  }

  /** Zeros packed a thousandfold must not fill the memory. */
  @Test
  void refusesAFileThatUnpacksWithoutEnd() throws IOException {
    Path file = folder.resolve("bomb.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("arch,c10_test_200\n".getBytes(StandardCharsets.UTF_8));
      byte[] lines = new byte[1 << 20];
      Arrays.fill(lines, (byte) '\n'); // empty lines are not rows
      for (int i = 0; i < 129; i++) {
        out.write(lines);
      }
    }
    var e = assertThrows(IllegalArgumentException.class, () -> BenchmarkTable.read(file, SPACE));
    assertTrue(e.getMessage().contains("at most 134217728 bytes"), e.getMessage());
  }

  /** Any damage gives an error or a readable table, never another exception. */
  @Test
  void survivesDamage() throws IOException {
    byte[] plain = table().getBytes(StandardCharsets.UTF_8);
    byte[] packed = gzip(plain);
    Path file = folder.resolve("damaged");
    for (long seed = 0; seed < 3000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] bytes = (random.nextBoolean() ? plain : packed).clone();
      if (random.nextInt(3) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
      }
      for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, bytes);
      try {
        BenchmarkTable.read(file, SPACE);
      } catch (IllegalArgumentException | IOException expected) {
        assertTrue(expected.getMessage() != null, "seed " + seed);
      } catch (RuntimeException | Error other) {
        throw new AssertionError("seed " + seed, other);
      }
    }
  }

  /** Maxima that the shared README and the NAS-Bench-201 paper give. */
  @Test
  void readsNasBench201() throws IOException {
    Path file = SharedFolder.require("data/nb201/nb201_accuracy.csv.gz");
    BenchmarkTable table = BenchmarkTable.read(file, SPACE);
    assertEquals(15_625, table.rows());
    assertEquals(15, table.columns().size());
    Set<String> meanings = new HashSet<>();
    table.columns().forEach(column -> assertTrue(meanings.add(column.describe())));
    assertEquals(94.3733, table.best("c10_test_200_mean").accuracy(), 5e-5);
    assertEquals(73.5133, table.best("c100_test_200_mean").accuracy(), 5e-5);
    assertEquals(47.3111, table.best("in16_test_200_mean").accuracy(), 5e-5);
    assertEquals(91.6067, table.best("c10_valid_200_mean").accuracy(), 5e-5);
    String first =
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|";
    assertEquals(OptionalDouble.of(85.863333), table.accuracy("c10_test_200_mean", first));
    String best = table.best("c10_test_200_mean").architecture();
    assertEquals(OptionalInt.of(1), table.rank("c10_test_200_mean", best));
    int worst =
        table
            .rank("c10_test_200_mean", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
            .getAsInt();
    assertTrue(worst > 15_000, "rank of the empty cell was " + worst);
  }
}
