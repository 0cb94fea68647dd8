package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchCommandTest {
  private static final EngineOpener NO_ENGINE =
      (device, threads) -> {
        throw new AssertionError("nothing should have been computed");
      };

  @TempDir private Path folder;

  private String out() {
    return folder.resolve("run").toString();
  }

  private static CommandLineRun run(String... arguments) {
    return CommandLineRun.of(NativeEngines::open, arguments);
  }

  private static CommandLineRun refused(String... arguments) {
    return CommandLineRun.of(NO_ENGINE, arguments);
  }

  @Test
  void jsonIsOneObjectWithWhatMachinesNeed() throws IOException {
    CommandLineRun run = run(SmallSearch.arguments("--out", out(), "--json", "--seed", "3"));
    assertEquals(ExitCode.DONE, run.code(), run::err);
    assertEquals("", run.err());
    List<JsonNode> objects;
    try (MappingIterator<JsonNode> read =
        new ObjectMapper().readerFor(JsonNode.class).readValues(run.out())) {
      objects = read.readAll();
    }
    assertEquals(1, objects.size());
    JsonNode json = objects.get(0);
    NasBench201 space = new NasBench201();
    NetworkGraph graph = space.network(json.get("genotype").asText(), space.standard(10, 16));
    assertEquals(graph.parameters(), json.get("parameters").longValue());
    assertEquals(graph.macs(), json.get("macs").longValue());
    assertEquals(3, json.get("seed").longValue());
    assertEquals(out(), json.get("runDirectory").asText());
    assertTrue(json.get("seconds").doubleValue() > 0);
    assertTrue(json.get("accuracy").isNull());
    // 4 live operations on 6 edges, then 3, then 2; two repeats of each and of the supernet
    int candidates = 24 + 18 + 12;
    assertEquals(2 * (candidates + 3), json.get("evaluations").get("ntk").intValue());
    for (String file :
        List.of("config.resolved.yaml", "run.json", "events.jsonl", "result.json", "scores.csv")) {
      assertTrue(Files.isRegularFile(Path.of(out(), file)), file);
    }
    String page = Files.readString(Path.of(out(), "report.html"));
    assertTrue(page.contains("Spectrum of the tangent kernel"));
    assertTrue(page.contains("Round 3: 12 candidates, 2 repeats"));
  }

  @Test
  void theTableTellsAccuracyAndRank() throws IOException {
    Path table = folder.resolve("table.csv");
    // All 15,625 cells, each a little better than the one before.
    StringBuilder text = new StringBuilder("arch,c10_test_200_mean\n");
    int[] number = {0};
    NasBench201 space = new NasBench201();
    space
        .cells()
        .forEach(cell -> text.append(cell).append(',').append(number[0]++ / 1000.0).append('\n'));
    Files.writeString(table, text);
    CommandLineRun run =
        run(SmallSearch.arguments("--out", out(), "--json", "--table", table.toString()));
    assertEquals(ExitCode.DONE, run.code(), run::err);
    JsonNode json = new ObjectMapper().readTree(run.out());
    int index = 0;
    for (int operation : space.parse(json.get("genotype").asText())) {
      index = 5 * index + operation;
    }
    JsonNode accuracy = json.get("accuracy").get("c10_test_200_mean");
    assertEquals(index / 1000.0, accuracy.get("value").doubleValue());
    assertEquals(15_625 - index, accuracy.get("rank").intValue());
    assertEquals(15.624, accuracy.get("best").doubleValue());
  }

  @Test
  void peopleReadCellTraceAndRandomSearch() {
    CommandLineRun run = run(SmallSearch.arguments("--out", out(), "--baseline", "random"));
    assertEquals(ExitCode.DONE, run.code(), run::err);
    assertTrue(run.out().contains("te-nas on nas-bench-201, mode winnow, seed 0"), run::out);
    assertTrue(run.out().matches("(?s).*Round 1: 24 candidates, 2 repeats.* ± .*"), run::out);
    assertTrue(run.out().contains("random on nas-bench-201, seed 0"), run::out);
    assertTrue(run.out().contains("Round 1: 4 candidates, 2 repeats"), run::out);
    assertTrue(Files.exists(Path.of(out(), "baseline", "result.json")));
  }

  @Test
  void anInterruptedSearchSaysHowToGoOn() throws IOException {
    Interruption interruption = new Interruption();
    interruption.request();
    CommandLineRun stopped =
        CommandLineRun.of(NativeEngines::open, interruption, SmallSearch.arguments("--out", out()));
    assertEquals(ExitCode.INTERRUPTED, stopped.code());
    assertTrue(stopped.err().contains("winnow search --resume " + out()), stopped::err);
    CommandLineRun resumed = run("search", "--resume", out());
    assertEquals(ExitCode.DONE, resumed.code(), resumed::err);

    String whole = folder.resolve("whole").toString();
    run(SmallSearch.arguments("--out", whole));
    for (String file : List.of("result.json", "scores.csv")) {
      assertArrayEquals(
          Files.readAllBytes(Path.of(whole, file)), Files.readAllBytes(Path.of(out(), file)), file);
    }
  }

  @Test
  void theDefaultConfigurationReadsBackAsItself() throws IOException {
    Path file = folder.resolve("search.yaml");
    CommandLineRun config = refused("config");
    Files.writeString(file, config.out());
    String[] small = SmallSearch.arguments("--config", file.toString(), "--out", out());
    assertEquals(ExitCode.DONE, run(small).code());
    String resolved = Files.readString(Path.of(out(), "config.resolved.yaml"));
    assertTrue(resolved.contains("\nbudget: 1\n"), resolved);
    // Only what SmallSearch sets may differ from the file.
    List<String> ours = config.out().lines().filter(line -> line.matches(" *\\w+: .*")).toList();
    List<String> theirs = resolved.lines().filter(line -> line.matches(" *\\w+: .*")).toList();
    assertEquals(ours.size(), theirs.size());
    long different = 0;
    for (int i = 0; i < ours.size(); i++) {
      different += ours.get(i).equals(theirs.get(i)) ? 0 : 1;
    }
    assertEquals(10, different, resolved);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "search zero-cost-pt; 2; comes later",
        "search darts; 2; comes later",
        "search te-nass; 2; did you mean 'te-nas'",
        "search; 2; a method is missing",
        "search te-nas --space dart; 2; nas-bench-201",
        "search te-nas --mode fast; 2; winnow, released, paper",
        "search te-nas --seed many; 2; whole number",
        "search te-nas --set ntk.bach=3; 2; did you mean 'ntk.batch'",
        "search te-nas --set ntk.batch=1; 3; [2, 4096] but was 1 (ntk.batch, --set ntk.batch=1)",
        "search te-nas --set regions.batch=9000; 3; regions.batch",
        "search te-nas --set repeats=1; 3; [2, 1000] but was 1 (repeats, --set repeats=1)",
        "search random --set random.repeats=0; 3; (random.repeats, --set random.repeats=0)",
        "search te-nas --baseline random --set random.networks=20000; 3; 15625",
        "search random --mode paper; 3; mode is no setting of search random",
        "search te-nas --data cifar10:/nowhere; 3; /nowhere",
        "search te-nas --data noise; 3; generated",
        "search te-nas --config /nowhere.yaml; 3; no such file",
        "search te-nas --table /nowhere.csv; 3; /nowhere.csv",
        "search te-nas --set tableArchitecture=a; 3; needs a table",
        "search te-nas --resume /nowhere; 2; --resume",
        "search --resume /nowhere; 3; not a run folder",
        "report /nowhere; 3; not a run folder",
        "config --mode fast; 2; winnow, released, paper",
      })
  void mistakesAreToldBeforeAnythingIsComputed(String line, int code, String hint) {
    CommandLineRun run = refused(line.split(" "));
    assertEquals(code, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
    assertEquals("", run.out());
  }

  @Test
  void aSettingOutOfRangeNamesFileAndLine() throws IOException {
    Path file = folder.resolve("search.yaml");
    Files.writeString(file, "method: te-nas\nntk:\n  batch: 1\n");
    CommandLineRun run = refused("search", "--config", file.toString());
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains("(ntk.batch, " + file + ":3)"), run::err);
  }

  @Test
  void aTableWithoutAccuraciesIsRefused() throws IOException {
    Path table = folder.resolve("table.csv");
    Files.writeString(table, "cell,quality\n|none~0|,3\n");
    CommandLineRun run = refused("search", "te-nas", "--table", table.toString());
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains(table.toString()), run::err);
  }

  @Test
  void aTableOfOtherColumnNamesIsMapped() throws IOException {
    Path table = folder.resolve("table.csv");
    StringBuilder text = new StringBuilder("cell,quality\n");
    new NasBench201().cells().forEach(cell -> text.append(cell).append(",50\n"));
    Files.writeString(table, text);
    CommandLineRun run =
        run(
            SmallSearch.arguments(
                "--out",
                out(),
                "--json",
                "--table",
                table.toString(),
                "--set=tableArchitecture=cell",
                "--set=tableAccuracies=quality"));
    assertEquals(ExitCode.DONE, run.code(), run::err);
    JsonNode accuracy = new ObjectMapper().readTree(run.out()).get("accuracy").get("quality");
    assertEquals(50, accuracy.get("value").intValue());
    assertEquals(1, accuracy.get("rank").intValue());
    CommandLineRun wrong =
        refused(
            "search",
            "te-nas",
            "--table=" + table,
            "--set=tableArchitecture=cell",
            "--set=tableAccuracies=qualty");
    assertEquals(ExitCode.CONFIGURATION, wrong.code());
    assertTrue(wrong.err().contains("qualty"), wrong::err);
  }

  @Test
  void truncatedDataAreRefused() throws IOException {
    Path data = Files.createDirectories(folder.resolve("cifar"));
    Files.write(data.resolve("data_batch_1.bin"), new byte[3073 + 100]);
    CommandLineRun run = refused("search", "te-nas", "--data", "cifar10:" + data);
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains("data_batch_1.bin"), run::err);
  }

  @Test
  void aFolderWithSomethingElseIsNotTouched() throws IOException {
    Files.createDirectories(Path.of(out()));
    Files.writeString(Path.of(out(), "diary.txt"), "mine");
    CommandLineRun run = run(SmallSearch.arguments("--out", out()));
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains("not empty"), run::err);
    assertFalse(Files.exists(Path.of(out(), "events.jsonl")));
  }

  @Test
  void aReadOnlyPlaceIsNamed() throws IOException {
    Path readOnly = Files.createDirectory(folder.resolve("read-only"));
    assertTrue(readOnly.toFile().setWritable(false));
    assumeFalse(
        Files.isWritable(readOnly), "skipped: this user may write to read-only folders (root)");
    Path inside = readOnly.resolve("run");
    CommandLineRun run = run(SmallSearch.arguments("--out", inside.toString()));
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains(inside.toString()), run::err);
  }

  @Test
  void aPlaceThatIsNoFolderIsNamed() {
    assumeTrue(Files.exists(Path.of("/proc/version")), "skipped: no /proc here");
    CommandLineRun run = run(SmallSearch.arguments("--out", "/proc/version/run"));
    assertEquals(ExitCode.CONFIGURATION, run.code());
    assertTrue(run.err().contains("/proc/version"), run::err);
  }

  @Test
  void aFolderInUseIsTheUsersMistake() {
    Path path = Path.of(out());
    try (var held = dev.winnow.run.RunFolder.create(path, "method: te-nas\n")) {
      CommandLineRun run = refused("search", "--resume", held.path().toString());
      assertEquals(ExitCode.CONFIGURATION, run.code());
      assertTrue(run.err().contains("in use"), run::err);
    }
  }
}
