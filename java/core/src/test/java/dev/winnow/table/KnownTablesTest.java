package dev.winnow.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.winnow.SharedFolder;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NasBench201Cell;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.layer.NasBenchMacro;
import dev.winnow.space.nasbench101.NasBench101;
import dev.winnow.space.nasbench1shot1.NasBench1Shot1;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KnownTablesTest {
  @TempDir Path folder;

  private static Path shared(String file) {
    Path data = SharedFolder.require("data");
    try (Stream<Path> files = Files.walk(data)) {
      return files.filter(f -> f.getFileName().toString().equals(file)).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static TableMapping mapping(String name) {
    return KnownTables.all().stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
  }

  private static BenchmarkTable read(String name) throws IOException {
    return BenchmarkTable.read(shared(mapping(name).file()), mapping(name));
  }

  /** Rows as in the data's README; architectures once, where it counts them per data set. */
  @ParameterizedTest
  @CsvSource({
    "nas-bench-201,15625",
    "nas-bench-201-v1.1-cifar10,15625",
    "nas-bench-201-counts,15625",
    "nas-bench-201-latency,15625",
    "nas-bench-201-hardware,15625",
    "nats-bench-1000-training,1000",
    "nas-bench-suite-zero-201,9445",
    "nas-bench-suite-zero-201-zen,15625",
    "nas-bench-suite-zero-201-early,1386",
    "nas-bench-101,30001",
    "nas-bench-101-gennas,2500",
    "nas-bench-101-imagenet,500",
    "nas-bench-suite-zero-101-early,500",
    "nas-bench-suite-zero-101-zen,10250",
    "nas-bench-1shot1-1,2487",
    "nas-bench-1shot1-2,3609",
    "nas-bench-1shot1-3-cells,24066",
    "nas-bench-macro,6561",
    "darts-random-214,214",
    "darts-random-214-curves,214",
    "darts-modified-56-curves,56",
    "darts-genotypes,76",
    "nas-bench-301-early,1218",
    "nas-bench-301-scores,11221",
    "transnas-bench-101-micro,4096",
    "transnas-bench-101-macro,3256",
    "nas-bench-201-operation-strength,450",
    "nas-bench-201-operation-scores,3570",
    "nas-bench-201-operation-scores-10,2100",
    "nas-bench-1shot1-operation-scores,840",
    "pytorchcv-errors,502",
    "zero-cost-nas-reported,315",
    "nas-bench-360-nas-bench-201,199",
    "nas-bench-360-darts,199",
    "nas-bench-360-tnb101-micro,192",
    "cifar10-labels,51000",
    "imagenet-sample-labels,1000"
  })
  void publishedTablesAreRead(String name, int rows) throws IOException {
    assumeKnown(mapping(name).space());
    BenchmarkTable table = read(name);
    assertEquals(rows, table.rows());
    assertEquals(table.columns().size(), mapping(name).accuracies().size());
  }

  private static void assumeKnown(String space) {
    Set<String> spaces =
        ServiceLoader.load(SearchSpace.class).stream()
            .map(s -> s.get().name())
            .collect(Collectors.toSet());
    assumeTrue(space.isEmpty() || spaces.contains(space), () -> "skipped: no space " + space);
  }

  /** No table of the shared data is without a mapping, and no mapping lacks its checksum. */
  @Test
  void everySharedTableIsKnown() throws IOException {
    Set<String> files = new TreeSet<>();
    try (Stream<Path> all = Files.walk(SharedFolder.require("data"))) {
      all.map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(".csv.gz"))
          .forEach(files::add);
    }
    Set<String> known = new TreeSet<>();
    Set<String> names = new HashSet<>();
    for (TableMapping mapping : KnownTables.all()) {
      known.add(mapping.file());
      assertTrue(names.add(mapping.name()), mapping.name());
      assertEquals(64, mapping.sha256().length(), mapping.name());
    }
    assertEquals(files, known);
  }

  /** Published optima and their indices in the benchmark's numbering. */
  @ParameterizedTest
  @CsvSource({
    "c10_test_200_mean,94.3733,6111",
    "c100_test_200_mean,73.5133,9930",
    "in16_test_200_mean,47.3111,857"
  })
  void nasBench201HasThePublishedOptima(String column, double accuracy, int index)
      throws IOException {
    BenchmarkTable table = BenchmarkTable.read(shared("nb201_accuracy.csv.gz"), new NasBench201());
    BenchmarkTable.Best best = table.best(column);
    assertEquals(accuracy, best.accuracy(), 5e-5);
    assertEquals(OptionalDouble.of(index), table.figure("index", best.architecture()));
  }

  /** The two-number key of NASLib and the official string name the same cell: columns agree. */
  @Test
  void naslibDigitsAreTheOfficialCells() throws IOException {
    BenchmarkTable table = read("nas-bench-201");
    for (int row = 0; row < table.rows(); row++) {
      String cell = table.architecture(row);
      String digits = table.text("naslib_op_indices", cell).orElseThrow();
      assertEquals(cell, NasBench201Cell.ofNaslib(digits).toString());
    }
  }

  @Test
  void macroHasThePublishedOptimum() throws IOException {
    BenchmarkTable table =
        BenchmarkTable.read(shared("nbmacro_cifar10.csv.gz"), new NasBenchMacro());
    assertEquals(93.1267, table.accuracy("test_acc_mean", "22212202").orElseThrow(), 1e-9);
    // The same network written otherwise has its own row with the same accuracy.
    assertEquals(new BenchmarkTable.Best("22212202", 93.1267), table.best("test_acc_mean"));
    assertEquals("CIFAR-10 test accuracy, mean of 3", table.columns().get(0).describe());
  }

  /** Errors are turned into accuracies: lowest mean errors of spec/zero-cost-pt.md 5. */
  @ParameterizedTest
  @CsvSource({"1,5.799", "2,6.093"})
  void oneShotErrorsAreAccuracies(int number, double error) throws IOException {
    BenchmarkTable table = read("nas-bench-1shot1-" + number);
    assertEquals(100 - error, table.best("test_err_mean").accuracy(), 5e-4);
    SearchSpace space = number == 1 ? new NasBench1Shot1.Space1() : new NasBench1Shot1.Space2();
    assertEquals(space.example(), table.best("test_err_mean").architecture());
    assertEquals(
        "CIFAR-10 test accuracy, 108 epochs, mean of 3", table.columns().get(0).describe());
  }

  /** README: maximum 94.91; a relabelled cell is answered by the isomorphic row. */
  @Test
  void nasBench101AnswersIsomorphicCells() throws IOException {
    BenchmarkTable table = BenchmarkTable.read(shared("nb101_accuracy.csv.gz"), new NasBench101());
    assertEquals(94.91, table.best("valid_108").accuracy(), 5e-3);
    String hash = "00005c142e6f48ac74fdcf73e3439874"; // first row
    String first = table.architecture(0);
    assertEquals(hash, table.text("module_hash", first).orElseThrow());
    String canonical = new NasBench101().canonical(first);
    assertTrue(!canonical.equals(first), "the row is written canonically; take another");
    assertEquals(List.of(first), table.answering(canonical));
    assertEquals(OptionalDouble.of(93.0489), table.accuracy("valid_108", canonical));
  }

  /** Two data sets and two lengths of training of one cell, never mixed. */
  @Test
  void rowsOfOneArchitectureAreToldApart() throws IOException {
    BenchmarkTable table = read("nats-bench-1000-training");
    String cell = table.architecture(0);
    assertEquals(OptionalDouble.of(69.55), table.accuracy("cifar10.12.test_acc", cell));
    assertEquals(OptionalDouble.of(85.79), table.accuracy("cifar10.200.test_acc", cell));
    assertEquals(OptionalDouble.of(203.918), table.figure("cifar10.200.test_all_time_s", cell));
    BenchmarkTable hardware = read("nas-bench-201-hardware");
    assertEquals(OptionalDouble.of(3.60585), hardware.figure("cifar10.pixel3_latency", cell));
  }

  @Test
  void aCutOrChangedFileIsRefused() throws IOException {
    Path whole = shared("nbmacro_cifar10.csv.gz");
    byte[] bytes = Files.readAllBytes(whole);
    bytes[bytes.length / 2] ^= 1;
    Path changed = Files.write(folder.resolve("nbmacro_cifar10.csv.gz"), bytes);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BenchmarkTable.read(changed, new NasBenchMacro()));
    assertTrue(
        e.getMessage().startsWith(changed + ": not the table nas-bench-macro, or changed or cut"),
        e::getMessage);
    var other =
        assertThrows(
            IllegalArgumentException.class, () -> BenchmarkTable.read(whole, new NasBench201()));
    assertEquals(whole + ": holds nas-bench-macro, not nas-bench-201", other.getMessage());
  }

  /** A renamed table is told by its content. */
  @Test
  void aRenamedTableIsKnown() throws IOException {
    Path renamed = folder.resolve("mine.csv.gz");
    Files.copy(shared("nbmacro_cifar10.csv.gz"), renamed);
    BenchmarkTable table = BenchmarkTable.read(renamed, new NasBenchMacro());
    assertEquals(4, table.columns().size());
  }

  @Test
  void aTableWhoseCompanionIsMissingSaysSo() throws IOException {
    Path alone = folder.resolve("nb201_params_flops.csv.gz");
    Files.copy(shared("nb201_params_flops.csv.gz"), alone);
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> BenchmarkTable.read(alone, new NasBench201()));
    assertTrue(e.getMessage().contains("nb201_accuracy.csv.gz, which must lie beside it"));
  }

  @Test
  void aMappingOfOnesOwnIsRead() throws IOException {
    Path csv =
        Files.writeString(
            folder.resolve("mine.csv"),
            "model,set,err,note\n22212202,a,0.07,x\n22212202,b,0.08,y\n00000000,a,-,z\n");
    Path mapping =
        Files.writeString(
            folder.resolve("mine.json"),
            """
            {"name": "mine", "file": "mine.csv", "space": "nas-bench-macro", "key": ["model"],
             "by": ["set"], "missing": ["-"], "ignored": ["note"],
             "accuracies": {"a.err": {"dataset": "A", "split": "test", "unit": "error-fraction"}}}
            """);
    BenchmarkTable table = BenchmarkTable.read(csv, TableMapping.read(mapping));
    assertEquals(2, table.rows());
    assertEquals(93, table.accuracy("a.err", "22212202").orElseThrow(), 1e-12);
    assertEquals(OptionalDouble.of(0.08), table.figure("b.err", "22212202"));
    assertEquals(OptionalDouble.empty(), table.accuracy("a.err", "00000000"));
    assertEquals(new BenchmarkTable.Best("22212202", 93), table.best("a.err"));
    assertEquals(2, BenchmarkTable.read(mapping, new NasBenchMacro()).rows());
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> BenchmarkTable.read(mapping, new NasBench201()));
    assertEquals(mapping + ": holds nas-bench-macro, not nas-bench-201", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "{\"name\": \"n\", \"file\": \"f\"} # m.json:1: a mapping must have name, file and key",
        "{\"name\": \"n\", \"file\": \"f\", \"key\": [\"k\"],~ \"fill\": \"f\"} # m.json:2:"
            + " Unrecognized field \"fill\"",
        "{\"name\": \"n\", \"name\": \"n\"} # m.json:1: Duplicate field 'name'",
        "{\"name\": \"n\", \"file\": \"f\", \"key\": [\"k\"], \"sha256\": \"12\"} # m.json:1:"
            + " sha256 must be 64",
        "[] # m.json:1: ",
        "{ # m.json:1: Unexpected end-of-input",
      })
  void malformedMappingsNameTheLine(String text, String message) {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> TableMapping.parse(text.replace("~", "\n"), "m.json", TableMapping.class));
    assertTrue(e.getMessage().startsWith(message.stripTrailing()), e::getMessage);
  }
}
