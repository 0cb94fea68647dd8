package dev.winnow.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.winnow.compute.Monitor;
import dev.winnow.score.ParameterCount;
import dev.winnow.score.Score;
import dev.winnow.search.FakeEngine;
import dev.winnow.search.Journal;
import dev.winnow.search.Mode;
import dev.winnow.search.RandomSearch;
import dev.winnow.search.RandomSearchOptions;
import dev.winnow.search.Round;
import dev.winnow.search.Search;
import dev.winnow.search.SearchListener;
import dev.winnow.search.SearchResult;
import dev.winnow.search.Searches;
import dev.winnow.search.TeNas;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final String CONFIGURATION = "mode: winnow\n";

  @TempDir Path temporary;

  /** Few evaluations, so that a kill at every write stays cheap. */
  private static Search search() {
    TeNasOptions options =
        Searches.small(Mode.WINNOW)
            .with()
            .seed(11)
            .regionBatches(1)
            .repeats(2)
            .pruneNumber(2)
            .budget(90)
            .resamples(20)
            .build();
    return new TeNas(new NasBench201(), Searches.images(), options);
  }

  private static SearchResult run(RunFolder folder, int threads) {
    SearchResult result =
        search().run(new FakeEngine(threads), folder.journal(), SearchListener.NONE, Monitor.NONE);
    folder.finish(result);
    return result;
  }

  private static byte[] bytes(Path folder, String file) throws IOException {
    return Files.readAllBytes(folder.resolve(file));
  }

  private static void assertSameResults(Path expected, Path actual) throws IOException {
    for (String file : List.of(RunFolder.RESULT, RunFolder.SCORES)) {
      assertArrayEquals(bytes(expected, file), bytes(actual, file), file);
    }
    assertEquals(events(expected), events(actual));
  }

  /** Lines by job, without their times. */
  private static Map<String, String> events(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve(RunFolder.EVENTS)).stream()
        .collect(
            Collectors.toMap(
                line -> line.replaceAll(".*\"job\":\"([^\"]*)\".*", "$1"),
                line -> line.replaceAll(",\"time\":\"[^\"]*\"", "")));
  }

  private Path uninterrupted() {
    Path whole = temporary.resolve("whole");
    try (RunFolder folder = RunFolder.create(whole, CONFIGURATION)) {
      run(folder, 1);
    }
    return whole;
  }

  /** Dies like a killed process would, after so many lines of the ledger. */
  private static final class Dying implements Journal {
    private final Journal journal;
    private int left;

    Dying(Journal journal, int left) {
      this.journal = journal;
      this.left = left;
    }

    private void spend() {
      if (left-- == 0) {
        throw new Killed();
      }
    }

    @Override
    public Optional<Score> recall(String job) {
      return journal.recall(job);
    }

    @Override
    public void record(String job, Score score) {
      spend();
      journal.record(job, score);
    }

    @Override
    public void roundEnded(Round round) {
      spend();
      journal.roundEnded(round);
    }
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static void runUntilKilled(RunFolder folder, int lines) {
    Journal dying = new Dying(folder.journal(), lines);
    assertThrows(
        Killed.class,
        () -> search().run(new FakeEngine(), dying, SearchListener.NONE, Monitor.NONE));
  }

  @Test
  void interruptedAtEveryWriteOfTheLedgerAndResumedGivesTheSameBytes() throws IOException {
    Path whole = uninterrupted();
    int lines = Files.readAllLines(whole.resolve(RunFolder.EVENTS)).size();
    assertTrue(lines > 100);
    for (int kill = 0; kill < lines; kill++) {
      Path killed = temporary.resolve("killed-" + kill);
      try (RunFolder folder = RunFolder.create(killed, CONFIGURATION)) {
        runUntilKilled(folder, kill);
      }
      try (RunFolder folder = RunFolder.resume(killed)) {
        assertEquals(CONFIGURATION, folder.configuration());
        run(folder, 1);
      }
      assertSameResults(whole, killed);
    }
  }

  @Test
  void tornAtEveryByteOfTheLastLineGivesTheSameBytes() throws IOException {
    Path whole = uninterrupted();
    byte[] events = bytes(whole, RunFolder.EVENTS);
    int start = events.length / 2;
    while (events[start - 1] != '\n') {
      start++;
    }
    int end = start;
    while (events[end] != '\n') {
      end++;
    }
    for (int length = start; length <= end; length++) {
      Path torn = temporary.resolve("torn-" + length);
      Files.createDirectory(torn);
      Files.writeString(torn.resolve(RunFolder.CONFIGURATION), CONFIGURATION);
      Files.write(torn.resolve(RunFolder.EVENTS), java.util.Arrays.copyOf(events, length));
      try (RunFolder folder = RunFolder.resume(torn)) {
        run(folder, 1);
      }
      assertSameResults(whole, torn);
    }
  }

  @Test
  void manyRandomKillsGiveTheSameBytes() throws IOException {
    Path whole = uninterrupted();
    Random random = new Random(20);
    Path killed = temporary.resolve("killed");
    try (RunFolder folder = RunFolder.create(killed, CONFIGURATION)) {
      runUntilKilled(folder, 3);
    }
    for (int kill = 0; kill < 20; kill++) {
      Files.writeString(
          killed.resolve(RunFolder.EVENTS), "{\"v\":1,\"jo", StandardOpenOption.APPEND);
      try (RunFolder folder = RunFolder.resume(killed)) {
        runUntilKilled(folder, random.nextInt(6));
      }
    }
    try (RunFolder folder = RunFolder.resume(killed)) {
      run(folder, 2);
    }
    assertSameResults(whole, killed);
  }

  @Test
  void twoThreadsAndFinishedRunsGiveTheSameBytes() throws IOException {
    Path whole = uninterrupted();
    Path threads = temporary.resolve("threads");
    try (RunFolder folder = RunFolder.create(threads, CONFIGURATION)) {
      run(folder, 2);
    }
    assertSameResults(whole, threads);
    try (RunFolder folder = RunFolder.resume(threads)) {
      run(folder, 1);
    }
    assertSameResults(whole, threads);
  }

  @Test
  void recordedRunReadsBackWhatWasFound() {
    Path path = temporary.resolve("run");
    SearchResult result;
    try (RunFolder folder = RunFolder.create(path, CONFIGURATION)) {
      assertEquals(List.of(), folder.begin(provenance("avx2", "d1")));
      assertTrue(RecordedRun.read(path).result().isEmpty()); // while it is held
      result = run(folder, 1);
    }
    RecordedRun recorded = RecordedRun.read(path);
    assertEquals(Optional.of(result), recorded.result()); // doubles exact, NaN as null
    assertEquals(result.rounds(), recorded.rounds());
    assertEquals(CONFIGURATION, recorded.configuration());
    assertEquals(List.of(provenance("avx2", "d1")), recorded.sessions());
    assertEquals(
        result.evaluations().stream().mapToLong(SearchResult.Evaluations::networks).sum(),
        recorded.evaluations().size());
  }

  @Test
  void undefinedScoresReadBack() throws IOException {
    Path path = temporary.resolve("run");
    Score undefined = Score.undefined("no \"kernel\"\n", Double.MAX_VALUE);
    try (RunFolder folder = RunFolder.create(path, CONFIGURATION)) {
      folder.journal().record("1/a/0/ntk", undefined);
      folder.journal().record("1/b/0/ntk", Score.of(0.1 + 0.2));
    }
    try (RunFolder folder = RunFolder.resume(path)) {
      assertEquals(Optional.of(undefined), folder.journal().recall("1/a/0/ntk"));
      assertEquals(Optional.of(Score.of(0.1 + 0.2)), folder.journal().recall("1/b/0/ntk"));
      assertEquals(Optional.empty(), folder.journal().recall("1/c/0/ntk"));
    }
  }

  @Test
  void scoresTableHasALinePerCandidate() throws IOException {
    Path path = temporary.resolve("random");
    RandomSearch search =
        new RandomSearch(
            new NasBench201(),
            Searches.images(),
            new RandomSearchOptions(0, 5, 1),
            List.of(new ParameterCount()));
    try (RunFolder folder = RunFolder.create(path, CONFIGURATION)) {
      folder.finish(search.run(new FakeEngine()));
    }
    List<String> lines = Files.readAllLines(path.resolve(RunFolder.SCORES));
    assertEquals(
        "round,candidate,repeats,parameters,parameters_se,parameters_change,parameters_change_se,"
            + "parameters_rank,parameters_undefined,position,pruned",
        lines.get(0));
    assertEquals(6, lines.size());
    assertTrue(lines.get(1).matches("1,\\|.*\\|,1,[0-9.E]+,,,,[0-9.]+,,[0-4],false"), lines.get(1));
  }

  private static Provenance provenance(String variant, String data) {
    return new Provenance(
        Map.of(
            Provenance.DATA_SHA256,
            data,
            Provenance.ENGINE + "variant",
            variant,
            Provenance.ENGINE + "threads",
            variant));
  }

  @Test
  void provenanceOfThisProcessNamesEngineAndData() {
    Map<String, String> facts = Provenance.of("1.2", new FakeEngine(), "noise", "abc").facts();
    assertEquals("fake", facts.get("engine.device"));
    assertEquals("abc", facts.get(Provenance.DATA_SHA256));
    assertEquals(System.getProperty("java.version"), facts.get("java.version"));
  }

  @Test
  void resumeOnOtherDataIsRefusedAndOnAnotherVariantReported() {
    Path path = temporary.resolve("run");
    try (RunFolder folder = RunFolder.create(path, CONFIGURATION)) {
      folder.begin(provenance("avx2", "d1"));
    }
    try (RunFolder folder = RunFolder.resume(path)) {
      assertEquals(
          "run folder " + path + " was begun on data of SHA-256 d1 but these are d2",
          assertThrows(IllegalArgumentException.class, () -> folder.begin(provenance("avx2", "d2")))
              .getMessage());
      assertEquals(
          List.of(
              "engine.variant was 'avx2' and is 'avx512':"
                  + " the last bits of new numbers may differ"),
          folder.begin(provenance("avx512", "d1")));
    }
    assertEquals(2, RecordedRun.read(path).sessions().size());
  }

  @Test
  void secondHolderIsToldWhoHasTheFolder() {
    Path path = temporary.resolve("run");
    String message =
        "run folder "
            + path
            + " is in use by process "
            + ProcessHandle.current().pid()
            + "; wait for it or stop it";
    try (RunFolder folder = RunFolder.create(path, CONFIGURATION)) {
      assertEquals(path, folder.path());
      assertEquals(
          message,
          assertThrows(IllegalStateException.class, () -> RunFolder.resume(path)).getMessage());
    }
    RunFolder.resume(path).close(); // free again
  }

  private static String message(Runnable action) {
    return assertThrows(IllegalArgumentException.class, action::run).getMessage();
  }

  @Test
  void foreignAndMissingFoldersAreRefused() throws IOException {
    Path foreign = Files.createDirectory(temporary.resolve("foreign"));
    Files.writeString(foreign.resolve("thesis.tex"), "");
    assertEquals(
        foreign + " is not empty and not a run folder; choose another folder",
        message(() -> RunFolder.create(foreign, CONFIGURATION)));
    assertFalse(Files.exists(foreign.resolve(".lock")));
    assertEquals(
        foreign + " is not a run folder: it has no config.resolved.yaml",
        message(() -> RunFolder.resume(foreign)));
    Path run = temporary.resolve("run");
    RunFolder.create(run, CONFIGURATION).close();
    assertEquals(
        run + " already holds a run; resume it or choose another folder",
        message(() -> RunFolder.create(run, CONFIGURATION)));
  }

  @Test
  void leftoversOfARunThatDiedBeforeItsConfigurationDoNotMatter() throws IOException {
    Path run = Files.createDirectory(temporary.resolve("run"));
    Files.writeString(run.resolve(".lock"), "process 1\n");
    Files.writeString(run.resolve(".config.resolved.yaml.tmp"), "mo");
    RunFolder.create(run, CONFIGURATION).close();
    assertEquals(CONFIGURATION, RecordedRun.read(run).configuration());
  }

  @Test
  void filesOfANewerVersionAreRefused() throws IOException {
    Path run = temporary.resolve("run");
    RunFolder.create(run, CONFIGURATION).close();
    Path events = run.resolve(RunFolder.EVENTS);
    String newer = "{\"v\":2,\"job\":\"a\",\"value\":{\"mean\":1}}\n";
    Files.writeString(events, "{\"v\":1,\"job\":\"b\",\"value\":1}\n" + newer);
    assertEquals(
        events
            + ":2: written by a newer Winnow (format 2, this one reads up to 1);"
            + " use that version to continue",
        message(() -> RunFolder.resume(run)));
    assertTrue(Files.readString(events).endsWith(newer)); // nothing was cut off
    Files.delete(events);
    Files.writeString(run.resolve(RunFolder.RUN), "{\"format\":3,\"sessions\":[]}");
    assertTrue(message(() -> RunFolder.resume(run)).contains("newer Winnow (format 3"));
    Files.writeString(run.resolve(RunFolder.RESULT), "{\"format\":1.5}");
    Files.delete(run.resolve(RunFolder.RUN));
    assertTrue(message(() -> RecordedRun.read(run)).contains("no format version"));
  }

  @Test
  void damagedLinesAreNamed() throws IOException {
    Path run = temporary.resolve("run");
    RunFolder.create(run, CONFIGURATION).close();
    Path events = run.resolve(RunFolder.EVENTS);
    String good = "{\"v\":1,\"job\":\"b\",\"value\":1}\n";
    Files.writeString(events, "{\"v\":1,\n" + good);
    assertTrue(message(() -> RunFolder.resume(run)).startsWith(events + ":1: not a line"));
    Files.writeString(events, good + "{\"v\":1,\"job\":\"c\"}\n" + good);
    assertTrue(message(() -> RunFolder.resume(run)).startsWith(events + ":2: a line of a ledger"));
    Files.writeString(events, good + good.replace("1}", "2}"));
    assertEquals(
        events + ":2: job b was recorded before with another value",
        message(() -> RunFolder.resume(run)));
  }

  @Test
  void fullDiskIsNamedAndLosesNothing() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "skipped: no /dev/full on this system");
    Path run = temporary.resolve("run");
    RunFolder.create(run, CONFIGURATION).close();
    Path events = run.resolve(RunFolder.EVENTS);
    Files.delete(events);
    Files.createSymbolicLink(events, full);
    RunFolder folder = RunFolder.resume(run);
    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> folder.journal().record("a", Score.of(1)));
    assertEquals(
        "cannot write "
            + events
            + ": No space left on device; the 0 evaluations before are kept and the run can be"
            + " resumed",
        e.getMessage());
  }

  @Test
  void folderThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "");
    Path below = file.resolve("run");
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> RunFolder.create(below, CONFIGURATION))
            .getMessage()
            .startsWith("cannot make run folder " + below));
    Path system = Path.of("/proc/self/winnow");
    assumeTrue(Files.exists(Path.of("/proc/self")), "skipped: no read-only /proc on this system");
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> RunFolder.create(system, CONFIGURATION))
            .getMessage()
            .startsWith("cannot make run folder " + system));
  }
}
