package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Populations in parts: the law is that parts, kills and orders leave no trace in the bytes. */
class PopulationTest {
  private static final String[] SMALL = {
    "--sample=11",
    "--scores=ntk,params",
    "--data=generated:16",
    "--set=ntk.batch=4",
    "--repeats=2",
    "--seed=3"
  };

  @TempDir private Path folder;

  private static CommandLineRun run(String command, String... arguments) {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(arguments));
    return CommandLineRun.of(NativeEngines::open, all.toArray(String[]::new));
  }

  private static void done(CommandLineRun run) {
    assertEquals(ExitCode.DONE, run.code(), run::err);
  }

  private String whole() throws IOException {
    Path file = folder.resolve("whole.csv");
    done(run("score", with(SMALL, "--out=" + file)));
    return Files.readString(file);
  }

  private static String[] with(String[] arguments, String... more) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private String plan(int shards) {
    Path plan = folder.resolve("plan" + shards);
    done(run("plan", with(SMALL, plan.toString(), "--shards=" + shards)));
    return plan.toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 11, 20})
  void shardsJoinToTheBytesOfOneProcess(int shards) throws IOException {
    String plan = plan(shards);
    for (int i = shards - 1; i >= 0; i--) { // in any order
      done(run("run", plan, "--shard=" + i, "--threads=" + (1 + i % 2)));
    }
    done(run("collect", plan));
    assertEquals(whole(), Files.readString(Path.of(plan, "scores.csv")));
  }

  @Test
  void shardsOfScoreAreThoseOfRun() throws IOException {
    String plan = plan(3);
    done(run("run", plan, "--shard=1/3"));
    Path file = folder.resolve("part.csv");
    done(run("score", with(SMALL, "--shard=1/3", "--out=" + file)));
    assertEquals(Files.readString(Path.of(plan, "shard-00001.csv")), Files.readString(file));
  }

  @Test
  void collectNamesWhatIsMissing() throws IOException {
    String plan = plan(4);
    done(run("run", plan, "--shard=0"));
    done(run("run", plan, "--shard=2"));
    Path cut = Path.of(plan, "shard-00002.csv");
    List<String> lines = Files.readAllLines(cut);
    Files.writeString(
        cut, lines.get(0) + "\n" + lines.get(1) + "\n" + lines.get(2).substring(0, 9));
    CommandLineRun run = run("collect", plan);
    assertEquals(ExitCode.CHECK_FAILED, run.code());
    assertEquals(
        List.of(
            "winnow: missing shard 1/4: 0 of 3 architectures",
            "winnow: missing shard 2/4: 1 of 3 architectures",
            "winnow: missing shard 3/4: 0 of 2 architectures"),
        run.err().lines().toList());
    assertFalse(Files.exists(Path.of(plan, "scores.csv")));
    JsonNode json = new ObjectMapper().readTree(run("collect", plan, "--json").out());
    assertTrue(json.get("scores").isNull());
    assertEquals(3, json.get("missing").size());
    for (int i = 1; i < 4; i++) {
      done(run("run", plan, "--shard=" + i)); // continues the torn one
    }
    done(run("collect", plan));
    assertEquals(whole(), Files.readString(Path.of(plan, "scores.csv")));
  }

  @Test
  void partsOfOtherVariantsAreNotMixed() throws IOException {
    String plan = plan(2);
    done(run("run", plan, "--shard=0"));
    done(run("run", plan, "--shard=1"));
    Path file = Path.of(plan, "shard-00001.csv");
    String text = Files.readString(file);
    String variant =
        text.lines().skip(1).findFirst().orElseThrow().replaceAll(".*,cpu,(\\w+),.*", "$1");
    Files.writeString(file, text.replace(",cpu," + variant + ",", ",cpu,other,"));
    CommandLineRun run = run("collect", plan);
    assertEquals(ExitCode.CONFIGURATION, run.code(), run::err);
    assertTrue(run.err().contains("shard-00001.csv:2: its protocol is"), run::err);
    assertTrue(run.err().contains("variant=other"), run::err);
    CommandLineRun resumed = run("run", plan, "--shard=1");
    assertEquals(ExitCode.CONFIGURATION, resumed.code());
    assertTrue(resumed.err().contains("variant is other there but " + variant), resumed::err);
  }

  @Test
  void aPlanReportsBrokenAndRepeatedLinesAndKeepsTheRest() throws IOException {
    String cell =
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";
    Path file = folder.resolve("cells.txt");
    Files.writeString(file, cell + "\n|none~0|\n" + cell + "\n");
    Path plan = folder.resolve("plan");
    CommandLineRun run =
        run("plan", plan.toString(), "--archs=" + file, "--scores=macs", "--shards=2");
    assertEquals(ExitCode.CHECK_FAILED, run.code());
    assertTrue(run.err().contains(file + ":2: not a NAS-Bench-201 cell"), run::err);
    assertTrue(run.err().contains(file + ":3: " + cell + " is in line 1 already"), run::err);
    assertEquals(cell + "\n", Files.readString(plan.resolve("architectures.txt")));
    CommandLineRun again =
        run("plan", plan.toString(), "--archs=" + file, "--scores=macs", "--shards=2");
    assertEquals(ExitCode.CONFIGURATION, again.code());
    assertTrue(again.err().contains("has a plan already"), again::err);
  }

  @Test
  void costsAreKeptBesideTheScores() throws IOException {
    whole();
    List<String> sessions = Files.readAllLines(folder.resolve("whole.csv.sessions.jsonl"));
    assertEquals(1, sessions.size());
    JsonNode session = new ObjectMapper().readTree(sessions.get(0));
    assertEquals(11, session.get("architectures").intValue());
    double each = session.get("milliseconds").get("ntk").doubleValue();
    assertTrue(each > 0 && each * 11 <= 1000 * session.get("seconds").doubleValue());
    assertTrue(session.get("engine").has("variant"));
  }

  @Test
  void aDryRunEstimatesAndWritesNothing() throws IOException {
    CommandLineRun run = run("score", with(SMALL, "--dry-run", "--json"));
    done(run);
    JsonNode cost = new ObjectMapper().readTree(run.out());
    assertEquals(11, cost.get("architectures").intValue());
    assertEquals(11, cost.get("timed").intValue());
    double each = cost.get("milliseconds").get("ntk").doubleValue();
    assertTrue(each > 0 && each * 11 / 1000 <= cost.get("seconds").doubleValue());
    assertTrue(cost.get("peakBytes").longValue() > 1 << 20);
    CommandLineRun file = run("score", with(SMALL, "--dry-run", "--out=x.csv"));
    assertEquals(ExitCode.USAGE, file.code());
    assertTrue(run("score", with(SMALL, "--dry-run")).out().startsWith("11 architectures take"));
  }

  /** SIGKILL at seeded random points of a run, which is then started again. */
  @Test
  void killsLeaveNoTrace() throws Exception {
    String expected = whole();
    String plan = plan(1);
    Path file = Path.of(plan, "shard-00000.csv");
    Philox random = Stream.root(1).of("kills").generator();
    int kills = Integer.getInteger("winnow.kills", 3);
    for (int kill = 0; kill < kills; kill++) {
      long bytes = size(file) + random.nextInt(2 * expected.length() / kills);
      Process process = start(plan);
      while (process.isAlive() && size(file) < bytes) {
        Thread.sleep(1);
      }
      process.destroyForcibly().waitFor();
    }
    Process last = start(plan);
    assertTrue(last.waitFor(120, TimeUnit.SECONDS));
    assertEquals(ExitCode.DONE, last.exitValue(), Files.readString(folder.resolve("log")));
    done(run("collect", plan));
    assertEquals(expected, Files.readString(Path.of(plan, "scores.csv")));
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private Process start(String plan) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of("run", plan, "--shard=0", "--threads=1"));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }

  @Test
  void aRepeatedScoreHasMeanAndStandardError() throws IOException {
    String whole = whole();
    String[] rows = whole.split("\n");
    assertTrue(rows[0].startsWith("architecture,ntk,ntk_stderr,ntk_note,params,params_stderr"));
    assertTrue(rows[0].contains(",space,seed,repeats,data,device,variant,ntk_protocol,"));
    // Every repeat alone: seeds of a repeat do not depend on how many there are.
    String[] one = SMALL.clone();
    one[4] = "--repeats=1";
    double first = number(run("score", one).out(), 1);
    double mean = number(whole, 1);
    double error = number(whole, 2);
    // Of two values a and b: mean (a + b)/2, standard error |a − b|/2; one of the two is a.
    assertEquals(Math.abs(first - mean), error, 1e-9 * mean);
  }

  private static double number(String table, int column) {
    return Double.parseDouble(table.split("\n")[1].split(",")[column]);
  }

  @Test
  void twoProcessesDoNotWriteOneFile() throws IOException {
    String plan = plan(1);
    Path file = Path.of(plan, "shard-00000.csv");
    try (var channel =
            java.nio.channels.FileChannel.open(
                file,
                java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertTrue(lock.isValid());
      CommandLineRun run = run("run", plan, "--shard=0");
      assertEquals(ExitCode.CONFIGURATION, run.code());
      assertTrue(run.err().contains("is being written by another process"), run::err);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "run PLAN --shard 3; 2; a shard of 3 must be in [0, 2] but was 3",
        "run PLAN --shard 0/4; 2; the plan has 3 shards but 0/4 says 4",
        "run PLAN --shard x; 2; a shard must be i/n",
        "run /nowhere --shard 0; 3; no planned population",
        "collect /nowhere; 3; no planned population",
        "plan /tmp/unused --sample 3 --scores macs --shards 0; 2; [1, 100000] but was 0",
        "plan /tmp/unused --scores macs --shards 2; 2; one of --archs, --sample and --all",
        "plan /tmp/unused --all --scores ntk --set ntk.batch=1 --shards 2; 3; [2, 4096] but was 1",
        "score --all --scores macs --shard 5/5; 2; a shard of 5 must be in [0, 4] but was 5",
      })
  void mistakesAreTold(String line, int code, String hint) {
    String plan = line.contains("PLAN") ? plan(3) : "";
    String[] words = line.replace("PLAN", plan).split(" ");
    CommandLineRun run = run(words[0], Arrays.copyOfRange(words, 1, words.length));
    assertEquals(code, run.code(), run::err);
    assertTrue(run.err().contains(hint), run::err);
    assertFalse(Files.exists(Path.of("/tmp/unused")));
  }
}
