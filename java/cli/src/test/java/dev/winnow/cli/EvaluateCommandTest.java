package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.evaluation.MutationBias;
import dev.winnow.evaluation.PairedSample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluateCommandTest {
  private static final String HEADER =
      "architecture,ntk,ntk_stderr,ntk_note,space,seed,repeats,data,ntk_protocol\n";
  private static final String[] CELLS = {
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|"
  };

  @TempDir private Path folder;

  private static CommandLineRun evaluate(String... arguments) {
    List<String> all = new ArrayList<>(List.of("evaluate"));
    all.addAll(List.of(arguments));
    return CommandLineRun.of(
        (device, threads) -> {
          throw new AssertionError("an evaluation computes no network");
        },
        all.toArray(String[]::new));
  }

  private static JsonNode json(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--json");
    CommandLineRun run = evaluate(all.toArray(String[]::new));
    assertEquals(ExitCode.DONE, run.code(), run::err);
    return new ObjectMapper().readTree(run.out()).get("evaluations").get(0);
  }

  private static double spearman(JsonNode evaluation, String score) {
    for (JsonNode each : evaluation.get("scores")) {
      if (each.get("name").asText().equals(score)) {
        return each.get("criteria").get("spearman").get("value").doubleValue();
      }
    }
    throw new AssertionError("no score " + score);
  }

  private static String shared(String file) {
    return SharedFiles.find("data/" + file).toString();
  }

  /** Recorded scores and accuracies; ρ as computed elsewhere, beside the data, to three digits. */
  @Test
  void recordedScoresOfNasBench201() throws IOException {
    List<String> scores =
        List.of(
                "jacov .799, nwot .811, synflow .778, params .799, flops .770, epe_nas .772",
                "l2_norm .746, snip .603, grad_norm .600, fisher .552, grasp .537, zen .115")
            .stream()
            .flatMap(line -> List.of(line.split(", ")).stream())
            .toList();
    JsonNode evaluation =
        json(
            "--scores=" + shared("nb201/nb201_zc_suitezero_cifar10.csv.gz"),
            "--scores-columns="
                + String.join(",", scores.stream().map(s -> s.split(" ")[0]).toList()),
            "--table=" + shared("nb201/nb201_accuracy.csv.gz"),
            "--accuracy=c10_test_200_mean",
            "--bootstrap=0");
    assertEquals(9445, evaluation.get("architectures").intValue());
    for (String score : scores) {
      String name = score.split(" ")[0];
      double expected = Double.parseDouble(score.split(" ")[1]);
      assertEquals(expected, spearman(evaluation, name), 0.0005, name);
    }
  }

  @ParameterizedTest
  @CsvSource({"nwot, .555", "params, .517", "l2_norm, .516", "flops, .480", "synflow, .216"})
  void recordedScoresOfNasBench301(String score, double expected) throws IOException {
    String file = shared("nb301/nb301_zc_naslib_early.csv.gz");
    JsonNode evaluation =
        json(
            "--scores=" + file,
            "--scores-architecture=genotype_compact",
            "--scores-columns=" + score,
            "--drop-undefined", // 493 rows have no nwot
            "--table=" + file,
            "--table-architecture=genotype_compact",
            "--accuracy=surrogate_val",
            "--bootstrap=0");
    assertEquals(score.equals("nwot") ? 725 : 1218, evaluation.get("architectures").intValue());
    assertEquals(expected, spearman(evaluation, score), 0.0005);
  }

  /** Cells of one hash are in the file in several notations, each with scores of its own. */
  @ParameterizedTest
  @CsvSource({"flops, .720", "params, .716", "synflow, .648", "snip, .454", "jacov, -.499"})
  void recordedScoresOfNasBench101(String score, double expected) throws IOException {
    String file = shared("nb101/nb101_zc_naslib_early.csv.gz");
    JsonNode evaluation =
        json(
            "--scores=" + file,
            "--scores-architecture=adjacency,ops",
            "--scores-columns=" + score,
            "--table=" + file,
            "--table-architecture=adjacency,ops",
            "--accuracy=valid_108",
            "--bootstrap=0");
    assertEquals(expected, spearman(evaluation, score), 0.0005);
  }

  /** A published table that knows its own columns, and cells spelled as the space does. */
  @Test
  void cellsOfNasBench101AreFoundInTheirTable() throws IOException {
    Path scores = folder.resolve("nb101.csv");
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open,
            "score",
            "--space=nas-bench-101",
            "--sample=300",
            "--scores=params",
            "--out=" + scores);
    assertEquals(ExitCode.DONE, run.code(), run::err);
    JsonNode evaluation =
        json(
            "--scores=" + scores,
            "--table=" + shared("nb101/nb101_accuracy.csv.gz"),
            "--accuracy=valid_108",
            "--given=params,train_time_108_s",
            "--bootstrap=0");
    // The table has 30,001 of 423,624 cells: about 21 of 300, give or take five deviations.
    int found = evaluation.get("architectures").intValue();
    assertTrue(found > 0 && found < 50, () -> found + " cells");
  }

  /** Two architectures that differ in one operation: that is the word that differs. */
  @ParameterizedTest
  @CsvSource({
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,"
        + " |none~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|, none, skip_connect",
    "sep_conv_3x3~0;skip_connect~1/dil_conv_3x3~0, sep_conv_3x3~0;skip_connect~1/skip_connect~0,"
        + " dil_conv_3x3, skip_connect",
    "011|001|000:input;conv3x3-bn-relu;output, 011|001|000:input;maxpool3x3;output,"
        + " conv3x3-bn-relu, maxpool3x3",
    "110101110001000100010:3mm31, 110101110001000100010:3m131, m, 1",
    "02-130--51-02-4-10--3, 02-130--51-02-4-10-53, -, 5",
    "22212202, 22212201, 2, 1",
    "64-41414-1_02_333, 64-41414-1_02_330, 3, 0",
  })
  void aMutationExchangesOneWord(String one, String other, String from, String to) {
    List<MutationBias> found =
        MutationBias.of(
            PairedSample.of(new double[] {1, 0}, new double[] {0, 1}),
            MutationBias.families(
                List.of(EvaluationFiles.words(one), EvaluationFiles.words(other))),
            i -> true);
    assertTrue(found.contains(new MutationBias(from, to, 1, 0, 1)), found::toString);
    assertEquals(2, found.size());
  }

  /** One of three data sets in a file; published Spearman of NWOT there is .80, on other cells. */
  @Test
  void rowsOfOneDataSet() throws IOException {
    String[] file = {
      "--scores=" + shared("nb201/nb201_zc_naslib_early.csv.gz"),
      "--scores-columns=nwot",
      "--drop-undefined",
      "--table=" + shared("nb201/nb201_accuracy.csv.gz"),
      "--accuracy=c100_test_200_mean",
      "--bootstrap=0",
      "--where=dataset=cifar100"
    };
    JsonNode evaluation = json(file); // 379 are empty and 2 are -inf
    assertEquals(1386 - 379 - 2, evaluation.get("architectures").intValue());
    assertEquals(.80, spearman(evaluation, "nwot"), 0.05);
    file[6] = "--space=none";
    CommandLineRun mixed = evaluate(file);
    assertEquals(ExitCode.CONFIGURATION, mixed.code());
    assertTrue(mixed.err().contains("already"), mixed::err);
  }

  @Test
  void tablesAndPageSayWhatJsonSays() throws IOException {
    Path out = folder.resolve("evaluation");
    CommandLineRun run =
        evaluate(
            "--scores=" + shared("nb201/nb201_zc_suitezero_cifar10.csv.gz"),
            "--scores-columns=nwot,params,flops",
            "--space=nas-bench-201",
            "--table=" + shared("nb201/nb201_accuracy.csv.gz"),
            "--bootstrap=20",
            "--k=0.05",
            "--out=" + out);
    assertEquals(ExitCode.DONE, run.code(), run::err);
    JsonNode all = new ObjectMapper().readTree(out.resolve("evaluation.json").toFile());
    assertEquals(3, all.get("evaluations").size()); // three data sets
    JsonNode nwot = all.get("evaluations").get(0).get("scores").get(0);
    JsonNode rho = nwot.get("criteria").get("spearman");
    assertTrue(rho.get("low").doubleValue() < rho.get("value").doubleValue());
    assertTrue(rho.get("high").doubleValue() > rho.get("value").doubleValue());
    String printed = String.format(java.util.Locale.ROOT, "%.3f [", rho.get("value").doubleValue());
    String page = Files.readString(out.resolve("report.html"));
    for (String text : List.of(run.out(), page)) {
      assertTrue(text.contains(printed), text);
      assertTrue(text.contains("Bias by operation"));
      assertTrue(text.contains("4,930 functions"));
      assertTrue(text.contains("given params and flops"));
      assertTrue(text.contains(nwot.get("pick").get("architecture").asText()));
    }
    assertFalse(page.contains("http:") || page.contains("https:") || page.contains("src="));
    // Given itself nothing is left of a score.
    JsonNode params = all.get("evaluations").get(0).get("scores").get(1);
    assertTrue(params.get("partialSpearman").get("params").isNull());
  }

  /**
   * ρ of Σ log(rank/m) by SciPy 1.17.1; the chosen scores are judged on cells they were not chosen
   * on.
   */
  @Test
  void combinedScores() throws IOException {
    String[] files = {
      "--scores=" + shared("nb201/nb201_zc_suitezero_cifar10.csv.gz"),
      "--scores-columns=jacov,params,nwot,plain",
      "--table=" + shared("nb201/nb201_accuracy.csv.gz"),
      "--accuracy=c10_test_200_mean",
      "--bootstrap=0",
      "--combine=both=rank-log:jacov,params",
      "--space=none"
    };
    assertEquals(0.928238648068993, spearman(json(files), "both"), 1e-9);
    files[6] = "--choose=2";
    JsonNode other = json(files);
    int half = other.get("architectures").intValue();
    assertTrue(Math.abs(half - 9445 / 2) < 5 * Math.sqrt(9445) / 2); // a fair coin, five deviations
    assertTrue(spearman(other, "chosen") > spearman(other, "nwot"));
  }

  /** What {@code winnow score} writes is what {@code winnow evaluate} reads. */
  @Test
  void scoresOfWinnowAreRead() throws IOException {
    Path scores = folder.resolve("own.csv");
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open,
            "score",
            "--sample=40",
            "--scores=regions,params",
            "--data=generated:16",
            "--set=regions.batch=50",
            "--set=regions.batches=1",
            "--out=" + scores);
    assertEquals(ExitCode.DONE, run.code(), run::err);
    JsonNode evaluation =
        json(
            "--scores=" + scores,
            "--table=" + shared("nb201/nb201_accuracy.csv.gz"),
            "--accuracy=c10_test_200_mean");
    assertEquals(40, evaluation.get("architectures").intValue());
    // ρ of parameters over all cells is .80 by the data's description; of 40 cells ± 3 (1 −
    // ρ²)/√40.
    assertEquals(.80, spearman(evaluation, "params"), 0.2);
    JsonNode regions = evaluation.get("scores").get(0);
    assertEquals("3", regions.get("protocol").get("repeats").asText());
    assertTrue(regions.get("noise").doubleValue() > 0); // three repeats, so standard errors
    assertTrue(evaluation.get("scores").get(1).get("partialSpearman").get("params").isNull());
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, text);
    return file;
  }

  private Path table() throws IOException {
    StringBuilder text = new StringBuilder("arch,c10_test_200_mean\n");
    for (int i = 0; i < CELLS.length; i++) {
      text.append(CELLS[i]).append(',').append(90 - i).append('\n');
    }
    return write("table.csv", text.toString());
  }

  private static String row(int cell, String ntk, String seed, String protocol) {
    return CELLS[cell]
        + ","
        + ntk
        + ",0.5,,nas-bench-201,"
        + seed
        + ",3,generated,"
        + protocol
        + "\n";
  }

  @Test
  void lowerKappaIsBetterAndSeedsAreKeptApart() throws IOException {
    Path first =
        write(
            "a.csv",
            HEADER + row(0, "1", "0", "p") + row(1, "2", "0", "p") + row(2, "3", "0", "p"));
    Path second =
        write(
            "b.csv",
            HEADER + row(0, "1", "1", "p") + row(1, "3", "1", "p") + row(2, "2", "1", "p"));
    JsonNode evaluation =
        json("--scores=" + first, "--scores=" + second, "--table=" + table(), "--bootstrap=0");
    assertEquals(1, spearman(evaluation, "ntk [seed=0]"));
    assertEquals(0.5, spearman(evaluation, "ntk [seed=1]"));
    assertEquals(0.75, evaluation.get("stability").get("ntk").get("mean").doubleValue());
    CommandLineRun twice =
        evaluate("--scores=" + first, "--scores=" + first, "--table=" + table(), "--bootstrap=0");
    assertEquals(ExitCode.CONFIGURATION, twice.code());
    assertTrue(twice.err().contains("twice with the same protocol"), twice::err);
  }

  @Test
  void filesThatMixAreRefused() throws IOException {
    assertRefused(
        HEADER + row(0, "1", "0", "p") + row(1, "2", "1", "p"), ":3: seed is '1' but '0'");
    assertRefused(
        HEADER + row(0, "1", "0", "avx2") + row(1, "2", "0", "avx512"),
        ":3: ntk_protocol is 'avx512' but 'avx2'");
    assertRefused(HEADER + row(0, "1", "0", "p") + row(0, "2", "0", "p"), ":3: architecture");
    assertRefused(HEADER.replace("seed", "sede") + row(0, "1", "0", "p"), "unknown columns [sede]");
    assertRefused(HEADER + row(0, "x", "0", "p"), ":2: column ntk: 'x' is not a number");
    assertRefused(
        HEADER.replace("space", "variant").replace("seed", "device")
            + row(0, "1", "0", "p").replace("nas-bench-201", "avx2")
            + row(1, "1", "0", "p").replace("nas-bench-201", "avx512"),
        ":3: variant is 'avx512' but 'avx2'");
  }

  private void assertRefused(String scores, String hint) throws IOException {
    Path file = write("refused.csv", scores);
    CommandLineRun run = evaluate("--scores=" + file, "--table=" + table());
    assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
    assertEquals(1, run.err().lines().count(), run::err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--k=0; 2; --k must be in (0, 1] but was 0.0",
        "--bootstrap=1; 2; --bootstrap must be 0 or in [2, 100000] but was 1",
        "--where=a=b; 2; --scores-columns",
        "--accuracy=none; 2; no column none",
        "--given=depth; 2; no column depth",
        "--iso=round; 2; --iso",
        "--combine=a=mean:ntk; 2; --combine must be NAME=HOW:A,B",
        "--combine=ntk=borda:ntk; 2; --combine needs a new name",
        "--combine=a; 2; --combine must be NAME=HOW:A,B but was 'a'",
        "--lower=ntkk; 2; --lower must be among [ntk, c10_test_200_mean] but one was 'ntkk'",
        "--combine=a=borda:depth; 3; a combines depth, but there are only [ntk]",
        "--choose=2; 3; must be in [1, 1] but was 2",
        "--space=moon; 2; --space must be one of",
      })
  void mistakesAreTold(String option, int code, String hint) throws IOException {
    Path file = write("scores.csv", HEADER + row(0, "1", "0", "p") + row(1, "2", "0", "p"));
    CommandLineRun run = evaluate("--scores=" + file, "--table=" + table(), option);
    assertEquals(code, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
  }

  @Test
  void aKeyGivenTwiceIsRefused() throws IOException {
    Path file = write("scores.csv", "arch,b\nx,1\ny,2\n");
    for (List<String> twice :
        List.of(
            List.of("--combine=q=borda:b", "--combine=q=vote:b"),
            List.of("--where=arch=x", "--where=arch=y"))) {
      CommandLineRun run =
          evaluate(
              "--scores=" + file,
              "--scores-columns=b",
              "--table=" + file,
              "--accuracy=b",
              twice.get(0),
              twice.get(1));
      assertEquals(ExitCode.USAGE, run.code(), run::err);
      assertTrue(run.err().contains(" twice: ["), run::err);
    }
  }

  /** A column as it is in another file, or after fewer epochs. */
  @Test
  void aScoreMayHaveTheNameOfTheTruth() throws IOException {
    Path scores = write("scores.csv", "arch,acc,b\nx,1,2\ny,2,3\nz,3,1\n");
    Path truth = write("truth.csv", "arch,acc\nx,1\ny,3\nz,2\n");
    JsonNode evaluation =
        json(
            "--scores=" + scores,
            "--scores-columns=acc,b",
            "--table=" + truth,
            "--accuracy=acc",
            "--combine=same=borda:acc",
            "--bootstrap=0");
    assertEquals(
        "[\"acc\",\"acc\",\"b\",\"same\"]", evaluation.get("matrix").get("names").toString());
    assertEquals(1 / 3.0, evaluation.get("matrix").get("tauB").get(0).get(1).doubleValue(), 1e-12);
    assertEquals(spearman(evaluation, "acc"), spearman(evaluation, "same"), 1e-12);
  }
}
