package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.NetworkJson;
import dev.winnow.net.Shape;
import dev.winnow.space.NasBench201;
import dev.winnow.tensor.Dtype;
import dev.winnow.tensor.Safetensors;
import dev.winnow.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScoreCommandTest {
  private static final String CELL =
      "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";
  private static final String OTHER =
      "|nor_conv_1x1~0|+|skip_connect~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|none~2|";

  @TempDir private Path folder;

  private static CommandLineRun run(String... arguments) {
    return CommandLineRun.of(NativeEngines::open, arguments);
  }

  /** {@code score} on little batches. */
  private static CommandLineRun score(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "score",
                "--data=generated:16",
                "--set=ntk.batch=4",
                "--set=nwot.batch=4",
                "--set=swap.batch=4",
                "--set=zen.batch=4",
                "--set=swap.draws=1",
                "--set=regions.batch=50",
                "--set=regions.batches=2"));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  private static CommandLineRun given(String... arguments) {
    List<String> all = new ArrayList<>(List.of("score", "--set=regions.batch=50"));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  private static List<CSVRecord> rows(String text) throws IOException {
    try (CSVParser parser =
        CSVParser.parse(
            text, CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get())) {
      return parser.getRecords();
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  /** κ as the TE-NAS program computed it, in double precision, on recorded weights and images. */
  @Test
  void givenWeightsGiveThePublishedCondition() throws IOException {
    Path place = SharedFiles.find("golden/c1_nb201_best");
    JsonNode golden = new ObjectMapper().readTree(place.resolve("case.json").toFile());
    CommandLineRun run =
        run(
            "score",
            "--arch",
            golden.get("architecture").asText(),
            "--scores",
            "ntk,regions,nwot",
            "--params",
            place.resolve("tensors.safetensors").toString(),
            "--json");
    assertEquals(ExitCode.DONE, run.code(), run::err);
    assertTrue(run.err().contains("not the network's and left alone: expected."), run::err);
    JsonNode kappa = golden.get("proxies").get("ntk_cond");
    double expected = kappa.get("value").doubleValue();
    double tolerance = kappa.get("tolerance").get("value").doubleValue();
    JsonNode score = new ObjectMapper().readTree(run.out()).get("architectures").get(0);
    assertEquals(expected, score.get("ntk").get("value").doubleValue(), tolerance * expected);
    JsonNode nwot = golden.get("proxies").get("nwot");
    double logarithm = nwot.get("value").doubleValue();
    assertEquals(
        logarithm,
        score.get("nwot").get("value").doubleValue(),
        nwot.get("tolerance").get("value").doubleValue() * logarithm);
    // 32 whole images of a wide network never share a pattern.
    assertEquals(32, score.get("regions").get("value").intValue());
  }

  /** As zero-cost-nas and NASLib computed them, on recorded weights, images and labels. */
  @Test
  void givenWeightsGiveThePublishedSumsTogetherAndAlone() throws IOException {
    Path place = SharedFiles.find("golden/c1_nb201_none");
    JsonNode golden = new ObjectMapper().readTree(place.resolve("case.json").toFile());
    String tensors = place.resolve("tensors.safetensors").toString();
    String cell = golden.get("architecture").asText();
    String[] names = {
      "grad_norm", "synflow_bn", "snip", "grasp", "plain", "epe_nas", "l2_norm", "synflow", "jacov"
    };
    CommandLineRun run =
        given("--arch", cell, "--scores", String.join(",", names), "--params", tensors);
    assertEquals(ExitCode.DONE, run.code(), run::err);
    CSVRecord together = rows(run.out()).get(0);
    for (String name : names) {
      JsonNode proxy = golden.get("proxies").get(name.replace("jacov", "jacob_cov"));
      double expected = proxy.get("value").doubleValue();
      double tolerance = proxy.get("tolerance").get("value").doubleValue();
      double value = Double.parseDouble(together.get(name));
      assertEquals(expected, value, tolerance * Math.abs(expected), name);
      CommandLineRun alone = given("--arch", cell, "--scores", name, "--params", tensors);
      assertEquals(rows(alone.out()).get(0).get(name), together.get(name));
    }
    assertTrue(together.get("synflow_protocol").endsWith("1 ones; no normalisation; float64"));
  }

  /** Two scores of one pass; the protocol says how often weights were drawn and the size. */
  @Test
  void unitPatternsAreCountedOnceForBoth() throws IOException {
    String[] size = {"--set=swap_regularised.mu=0.1", "--set=swap_regularised.sigma=2"};
    String[] small = {"--arch", CELL, "--set=channels=4", "--set=cellsPerStage=1"};
    CSVRecord row =
        rows(score(join(small, size, "--scores", "swap,swap_regularised,params")).out()).get(0);
    double off = Double.parseDouble(row.get("params")) / 1e6 - 0.1;
    assertEquals(
        Double.parseDouble(row.get("swap")) * Math.exp(-off * off / 2),
        Double.parseDouble(row.get("swap_regularised")),
        1e-9);
    String protocol = row.get("swap_regularised_protocol");
    assertTrue(
        protocol.endsWith(
            "standard-normal; 4 plain_images; batch statistics; float32; draws=1 mu=0.1 sigma=2.0"),
        protocol);
    CommandLineRun without = score(join(small, new String[0], "--scores", "swap_regularised"));
    assertEquals(ExitCode.CONFIGURATION, without.code(), without::err);
    assertTrue(without.err().contains("swap_regularised.mu must be given"), without::err);
  }

  @Test
  void aScoreOfTheLossNeedsLabelsAndSaysSoBeforeItWrites() {
    Path file = folder.resolve("scores.csv");
    Path plan = folder.resolve("plan");
    for (String name : List.of("snip", "grasp", "epe_nas", "lswag", "gradsign")) {
      String[][] lines = {
        {"score", "--arch", CELL, "--scores", "params," + name},
        {"score", "--arch", CELL, "--scores", name, "--out", file.toString()},
        {"plan", plan.toString(), "--sample", "2", "--scores", name, "--shards", "1"}
      };
      for (String[] line : lines) {
        CommandLineRun run = run(line);
        assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
        assertTrue(run.err().contains(name + " needs the class of every image"), run::err);
        assertEquals("", run.out());
      }
    }
    assertFalse(Files.exists(file));
    assertFalse(Files.exists(plan));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ntk", "regions", "nwot", "synflow", "l2_norm", "jacov", "swap", "zen"})
  void drawnWeightsCarriedElsewhereGiveTheSameScore(String score) throws IOException {
    String file = path("drawn.safetensors");
    CommandLineRun drawn =
        score("--arch", CELL, "--scores", score, "--seed", "5", "--save-params", file);
    assertEquals(ExitCode.DONE, drawn.code(), drawn::err);
    CommandLineRun again = given("--arch", CELL, "--scores", score, "--params", file);
    assertEquals(ExitCode.DONE, again.code(), again::err);
    assertEquals("", again.err());
    assertEquals(rows(drawn.out()).get(0).get(score), rows(again.out()).get(0).get(score));
  }

  @Test
  void aScoreDependsOnNeitherThreadsNorCompany() throws IOException {
    CommandLineRun alone = score("--arch", CELL, "--scores", "ntk,regions", "--threads", "1");
    CommandLineRun both =
        score("--arch", OTHER, "--arch", CELL, "--scores", "ntk,regions", "--threads", "2");
    assertEquals(rows(alone.out()).get(0).toList(), rows(both.out()).get(1).toList());
    assertFalse(rows(alone.out()).get(0).get("ntk_stderr").isEmpty());
  }

  /**
   * A cell of S4 with noise on half of its edges, by every score: the seed decides, threads do not.
   * Weights that are carried elsewhere leave the noise to the seed, which is then said.
   */
  @Test
  void noiseIsDrawnFromTheSeed() throws IOException {
    String half = "noise~0;sep_conv_3x3~1;".repeat(4);
    String cell = half.substring(0, half.length() - 1);
    String[] noisy = {"--space", "darts-s4", "--arch", cell + "/" + cell};
    String all = "ntk,regions,nwot,synflow,near";
    String[] small = {"--set=channels=2", "--set=cellsPerStage=1", "--scores", all};
    List<String> first = values(all, score(join(noisy, small, "--seed", "4", "--threads", "2")));
    assertFalse(first.contains(""), first::toString);
    assertEquals(first, values(all, score(join(noisy, small, "--seed", "4", "--threads", "1"))));

    String file = path("weights.safetensors");
    String[] ntk = {"--set=channels=2", "--set=cellsPerStage=1", "--scores", "ntk"};
    CommandLineRun saved = score(join(noisy, ntk, "--seed", "4", "--save-params", file));
    String drawn = values("ntk", saved).get(0);
    String[] carried = join(noisy, ntk, "--set=stages=2", "--params", file);
    List<String> again = values("ntk,seed", given(join(carried, new String[] {"--seed", "4"})));
    assertEquals(List.of(drawn, "4"), again);
    List<String> other = values("ntk,seed", given(join(carried, new String[] {"--seed", "5"})));
    assertEquals("5", other.get(1));
    assertNotEquals(drawn, other.get(0));
  }

  private static String[] join(String[] first, String[] second, String... rest) {
    return Stream.of(first, second, rest).flatMap(Arrays::stream).toArray(String[]::new);
  }

  /** Columns of the only row. */
  private static List<String> values(String columns, CommandLineRun run) throws IOException {
    assertEquals(ExitCode.DONE, run.code(), run::err);
    CSVRecord row = rows(run.out()).get(0);
    return Arrays.stream(columns.split(",")).map(row::get).toList();
  }

  /**
   * The same network, by its cell or as a graph: weights have the same names, so the same values.
   */
  @Test
  void aNetworkOfOnesOwnIsScored() throws IOException {
    NasBench201 space = new NasBench201();
    Path file = folder.resolve("mine.json");
    NetworkGraph graph = space.network(CELL, space.reduced(10, new Shape(3, 16, 16)));
    Files.writeString(file, NetworkJson.write(graph));
    CommandLineRun own = score("--network", file.toString(), "--scores", "ntk,params,macs");
    assertEquals(ExitCode.DONE, own.code(), own::err);
    CommandLineRun cell = score("--arch", CELL, "--scores", "ntk");
    CSVRecord row = rows(own.out()).get(0);
    assertEquals("mine.json", row.get("architecture"));
    assertEquals(rows(cell.out()).get(0).get("ntk"), row.get("ntk"));
    assertEquals(Long.toString(graph.parameters()), row.get("params"));
    assertEquals(Long.toString(graph.macs()), row.get("macs"));
    assertTrue(row.get("ntk_protocol").startsWith("classes=10 input=3x16x16; "));
  }

  @Test
  void aNetworkOfOnesOwnThatDoesNotFitIsExplained() throws IOException {
    Path file = folder.resolve("mine.json");
    NasBench201 space = new NasBench201();
    NetworkGraph graph = space.network(CELL, space.reduced(10, new Shape(3, 32, 32)));
    Files.writeString(file, NetworkJson.write(graph).replace("\"kernel\":3", "\"kernel\":0"));
    CommandLineRun broken = score("--network", file.toString(), "--scores", "params");
    assertEquals(ExitCode.CONFIGURATION, broken.code());
    assertTrue(broken.err().contains("mine.json:5: node 1: "), broken::err);
    Files.writeString(file, NetworkJson.write(graph));
    CommandLineRun images = score("--network", file.toString(), "--scores", "ntk");
    assertTrue(images.err().contains("takes 3x32x32 but the images are 3x16x16"), images::err);
    CommandLineRun sized =
        score("--network", file.toString(), "--scores", "params", "--set", "channels=4");
    assertEquals(ExitCode.USAGE, sized.code());
    CommandLineRun both =
        score("--network", file.toString(), "--scores", "params", "--space", "nas-bench-201");
    assertEquals(ExitCode.USAGE, both.code());
  }

  @Test
  void brokenLinesAreReportedAndTheRestScored() throws IOException {
    Path file = folder.resolve("cells.txt");
    Files.writeString(
        file, "# cells\n" + CELL + "\n|nor_conv_3x3~0|\n\n" + OTHER + "\n|max_pool~0|+|\n");
    CommandLineRun run = score("--archs", file.toString(), "--scores", "macs");
    assertEquals(ExitCode.CHECK_FAILED, run.code());
    assertEquals(2, run.err().lines().count(), run::err);
    assertTrue(run.err().contains(file + ":3: "), run::err);
    assertTrue(run.err().contains(file + ":6: "), run::err);
    assertEquals(List.of(CELL, OTHER), rows(run.out()).stream().map(row -> row.get(0)).toList());
  }

  @Test
  void countsAreThoseOfTheGraphAndNeedNoEngine() throws IOException {
    EngineOpener none =
        (device, threads) -> {
          throw new AssertionError("counts need no engine");
        };
    CommandLineRun run =
        CommandLineRun.of(
            none,
            "score",
            "--arch=" + CELL,
            "--scores=params,macs",
            "--set=channels=8",
            "--set=cellsPerStage=2",
            "--set=classes=7");
    NasBench201 space = new NasBench201();
    var size =
        new dev.winnow.space.NetworkOptions(8, 2, 3, true, 7, new dev.winnow.net.Shape(3, 32, 32));
    var graph = space.network(CELL, size);
    assertEquals(Long.toString(graph.parameters()), rows(run.out()).get(0).get("params"));
    assertEquals(Long.toString(graph.macs()), rows(run.out()).get(0).get("macs"));
  }

  /** A device that is there and can run nothing. */
  private record Incapable() implements Engine {
    @Override
    public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
      return Optional.of("it has no such pass");
    }

    @Override
    public Plan plan(NetworkGraph graph, PlanOptions options) {
      throw new AssertionError("work began");
    }

    @Override
    public Map<String, String> provenance() {
      return Map.of("kind", "incapable");
    }

    @Override
    public void close() {}
  }

  @Test
  void whatTheDeviceRefusesIsRefusedBeforeAnythingIsWritten() {
    EngineOpener absent =
        (device, threads) -> {
          throw new IllegalArgumentException(device + " is not here");
        };
    EngineOpener incapable = (device, threads) -> new Incapable();
    Path file = folder.resolve("scores.csv");
    Map.of(
            absent,
            "cuda:3 is not here",
            incapable,
            "score regions is not on this device: it has no")
        .forEach(
            (opener, reason) -> {
              List<String> command =
                  List.of("score", "--arch=" + CELL, "--scores=regions", "--device=cuda:3");
              CommandLineRun printed = CommandLineRun.of(opener, command.toArray(String[]::new));
              assertEquals(3, printed.code());
              assertEquals("", printed.out());
              assertTrue(printed.err().contains(reason), printed::err);
              List<String> filed = new ArrayList<>(command);
              filed.add("--out=" + file);
              assertEquals(3, CommandLineRun.of(opener, filed.toArray(String[]::new)).code());
              assertFalse(Files.exists(file));
            });
  }

  @Test
  void theWholeSpaceIsEachCellOnce() throws IOException {
    CommandLineRun run =
        score("--all", "--scores", "params", "--set=channels=1", "--set=cellsPerStage=1");
    List<CSVRecord> rows = rows(run.out());
    assertEquals(15_625, rows.size());
    assertEquals(15_625, rows.stream().map(row -> row.get(0)).distinct().count());
  }

  @Test
  void aSampleIsOfDifferentCellsAndRepeats() throws IOException {
    CommandLineRun one = score("--sample", "50", "--scores", "params", "--seed", "4");
    CommandLineRun two = score("--sample", "50", "--scores", "params", "--seed", "4");
    assertEquals(one.out(), two.out());
    assertEquals(50, rows(one.out()).stream().map(row -> row.get(0)).distinct().count());
    assertFalse(one.out().equals(score("--sample", "50", "--scores", "params").out()));
  }

  @Test
  void aCutTableContinuesToTheSameBytes() throws IOException {
    String whole = path("whole.csv");
    String[] command = {"--sample", "6", "--scores", "ntk", "--out", whole};
    assertEquals(ExitCode.DONE, score(command).code());
    byte[] bytes = Files.readAllBytes(Path.of(whole));
    for (int cut : List.of(0, 10, bytes.length / 2, bytes.length - 1, bytes.length)) {
      Path file = folder.resolve("cut" + cut + ".csv");
      Files.write(file, Arrays.copyOf(bytes, cut));
      CommandLineRun run =
          score("--sample", "6", "--scores", "ntk", "--resume", "--out", file.toString());
      assertEquals(ExitCode.DONE, run.code(), run::err);
      assertEquals(Files.readString(Path.of(whole)), Files.readString(file), "cut at " + cut);
    }
    CommandLineRun again = score(command);
    assertEquals(ExitCode.CONFIGURATION, again.code());
    assertTrue(again.err().contains("--resume"), again::err);
  }

  @Test
  void anInterruptedTableSaysHowToGoOn() {
    Interruption interruption = new Interruption();
    interruption.request();
    String file = path("scores.csv");
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open, interruption, "score", "--all", "--scores=macs", "--out", file);
    assertEquals(ExitCode.INTERRUPTED, run.code());
    assertTrue(run.err().contains("--resume continues " + file), run::err);
  }

  private String damaged(String name, java.util.function.Consumer<Map<String, Tensor>> damage)
      throws IOException {
    Path drawn = folder.resolve("drawn.safetensors");
    score("--arch", CELL, "--scores", "ntk", "--save-params", drawn.toString());
    Map<String, Tensor> tensors = new HashMap<>(Safetensors.read(drawn));
    damage.accept(tensors);
    Path file = folder.resolve(name);
    Safetensors.write(file, tensors, Dtype.F32);
    return file.toString();
  }

  private static void assertRefused(String file, String hint) {
    CommandLineRun run = given("--arch", CELL, "--scores", "ntk", "--params", file);
    assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
    assertEquals(1, run.err().lines().count(), run::err);
  }

  @Test
  void weightsThatAreNotNumbersAreNamed() throws IOException {
    String file =
        damaged("nan.safetensors", t -> t.get("stem.conv.weight").values()[7] = Double.NaN);
    assertRefused(file, file + ": tensor 'stem.conv.weight' must be finite but element 7 is NaN");
  }

  @Test
  void aMissingWeightIsNamed() throws IOException {
    String file = damaged("less.safetensors", t -> t.remove("last.bn.bias"));
    assertRefused(file, file + ": has no tensor 'last.bn.bias'");
  }

  @Test
  void aWeightOfAnotherShapeIsNamed() throws IOException {
    String file =
        damaged(
            "shape.safetensors",
            t -> t.put("last.bn.bias", new Tensor(new int[] {2}, new double[2])));
    assertRefused(file, "tensor 'last.bn.bias' must have shape [12] but has [2]");
  }

  @Test
  void aFileWithoutABatchIsNamed() throws IOException {
    String file = damaged("alone.safetensors", t -> t.remove("input"));
    assertRefused(file, "has no tensor 'input'");
  }

  @Test
  void aBatchOfOneIsRefused() throws IOException {
    String file =
        damaged(
            "one.safetensors",
            t -> {
              double[] first = Arrays.copyOf(t.get("input").values(), 3 * 16 * 16);
              t.put("input", new Tensor(new int[] {1, 3, 16, 16}, first));
            });
    assertRefused(file, "NTK batch must be in [2, 4096] but was 1");
  }

  @Test
  void aTruncatedFileIsNamed() throws IOException {
    Path whole = Path.of(damaged("whole.safetensors", t -> {}));
    Path cut = folder.resolve("cut.safetensors");
    byte[] bytes = Files.readAllBytes(whole);
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 4));
    assertRefused(cut.toString(), cut.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "score --scores macs; 2; one of --arch, --archs, --sample, --all and --network",
        "score --all --sample 3 --scores macs; 2; one of --arch, --archs, --sample, --all and"
            + " --network",
        "score --all --scores nothing; 2; scores must be among ntk, ",
        "score --all --scores macs,macs; 2; twice",
        "score --all; 2; --scores",
        "score --arch |none~0| --scores macs; 2; --arch:",
        "score --sample 0 --scores macs; 3; [1, 15625]",
        "score --sample 15626 --scores macs; 3; [1, 15625]",
        "score --all --scores macs --repeats 0; 2; [1, 100]",
        "score --all --scores macs --resume; 2; --out",
        "score --all --scores macs --batch x; 2; --params",
        "score --all --scores ntk --set ntk.batch=1; 3; [2, 4096] but was 1",
        "score --all --scores ntk --set chanels=1; 2; did you mean 'channels'",
        "score --all --scores macs --set channels=0; 3; channels",
        "score --all --scores ntk --save-params x; 2; one --arch",
        "score --archs /nowhere --scores macs; 3; /nowhere: no such file",
        "score --all --scores macs --out /proc/version/x; 3; /proc/version/x",
        "score --all --scores ntk --params /nowhere; 3; /nowhere",
      })
  void mistakesAreTold(String line, int code, String hint) {
    CommandLineRun run =
        CommandLineRun.of(
            (device, threads) -> {
              throw new AssertionError("nothing should have been computed");
            },
            line.split(" "));
    assertEquals(code, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
  }
}
