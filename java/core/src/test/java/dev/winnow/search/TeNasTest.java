package dev.winnow.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The loop of TE-NAS on an engine whose scores are a pure function of the job. */
class TeNasTest {
  private static final NasBench201 SPACE = new NasBench201();

  private static TeNas search(TeNasOptions options) {
    return new TeNas(SPACE, Searches.images(), options);
  }

  private static TeNas search(Mode mode) {
    return search(Searches.small(mode));
  }

  @Test
  void nasBench201HasFiftyFourCandidates() {
    assertEquals(24 + 18 + 12, TeNas.candidates(SPACE, 1)); // specification, section 5.2
    assertEquals(24 + 12, TeNas.candidates(SPACE, 2)); // 4 → 2 → 1 live operations
    assertEquals(24, TeNas.candidates(SPACE, 64)); // 4 → 1: the last of an edge stays
  }

  @Test
  void aDeviceWithoutOneOfTheScoresIsRefusedBeforeAnyWork() {
    for (Reading<?> reading : List.of(new Reading.TangentKernel(), new Reading.LinearRegions())) {
      FakeEngine engine =
          new FakeEngine() {
            @Override
            public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
              return pass.readings().contains(reading)
                  ? Optional.of("fake has none")
                  : Optional.empty();
            }
          };
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> search(Mode.RELEASED).run(engine));
      String score = reading instanceof Reading.TangentKernel ? "ntk" : "regions";
      assertEquals(
          "score " + score + " is not on this device: fake has none", refused.getMessage());
      assertEquals(0, engine.plans);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"RELEASED", "PAPER"})
  void publishedModesMake324OfEachEvaluation(Mode mode) {
    FakeEngine engine = new FakeEngine();
    SearchResult result = search(mode).run(engine);
    assertEquals(3, result.rounds().size());
    assertEquals(
        List.of(24, 18, 12), result.rounds().stream().map(r -> r.candidates().size()).toList());
    assertEquals(
        List.of(
            new SearchResult.Evaluations("ntk", 324), new SearchResult.Evaluations("regions", 324)),
        result.evaluations());
    assertEquals(324 + 2, engine.computed.get("ntk").size()); // and the two spectra
    assertEquals(324, engine.computed.get("regions").size());
    assertEquals(2, engine.plans); // one supernet plan per network
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void everyRoundPrunesOneOperationOfEachEdgeAndNeverTheLast(Mode mode) {
    SearchResult result = search(mode).run(new FakeEngine());
    for (Round round : result.rounds()) {
      int left = 4 - round.number();
      assertTrue(round.alive().stream().allMatch(operations -> operations.size() == left));
      for (int e = 0; e < 6; e++) {
        int edge = e;
        assertEquals(
            1,
            round.candidates().stream()
                .filter(c -> c.pruned() && c.scored().candidate().edge() == edge)
                .count());
      }
    }
    List<List<String>> last = result.rounds().get(2).alive();
    int[] chosen = SPACE.parse(result.architecture());
    for (int e = 0; e < 6; e++) {
      assertEquals(last.get(e), List.of(SPACE.edges().get(e).operations().get(chosen[e])));
    }
    assertFalse(result.architecture().contains("none"));
  }

  @Test
  void largePruneNumberStopsAtTheLastOperation() {
    TeNasOptions all = Searches.small(Mode.RELEASED).with().pruneNumber(64).build();
    SearchResult result = search(all).run(new FakeEngine());
    assertEquals(1, result.rounds().size());
    assertTrue(result.rounds().get(0).alive().stream().allMatch(names -> names.size() == 1));
  }

  private static int distinct(List<Job> jobs, java.util.function.Function<Job, Object> part) {
    return new HashSet<>(jobs.stream().map(part).toList()).size();
  }

  /** The table of draws of the specification, sections 2.2 to 4. */
  @Test
  void releasedDraws() {
    FakeEngine engine = new FakeEngine();
    search(Mode.RELEASED).run(engine);
    List<Job> ntk = engine.computed.get("ntk").subList(0, 324);
    List<Job> regions = engine.computed.get("regions");
    assertEquals(3, distinct(ntk, Job::parameters)); // one per round
    assertEquals(54, distinct(regions, Job::parameters)); // one per candidate
    assertEquals(54 * 3, distinct(ntk, Job::images)); // one per candidate and repeat
    assertEquals(54 * 3, distinct(regions, Job::images));
    assertOriginAndCandidateShareTheirImages(ntk);
    assertOriginAndCandidateShareTheirImages(regions);
    assertEquals(Initialization.PYTORCH_DEFAULT, initialization(ntk));
    assertEquals(Initialization.PYTORCH_DEFAULT, initialization(regions));
    assertEquals(15, regions.get(0).images().samples()); // 3 batches of 5
  }

  @Test
  void paperDraws() {
    FakeEngine engine = new FakeEngine();
    search(Mode.PAPER).run(engine);
    List<Job> ntk = engine.computed.get("ntk").subList(0, 324);
    List<Job> regions = engine.computed.get("regions");
    assertEquals(54 * 3, distinct(ntk, Job::parameters)); // redrawn for each repeat
    assertEquals(54 * 3, distinct(regions, Job::parameters));
    assertOriginAndCandidateShareTheirImages(ntk);
    assertEquals(Initialization.KAIMING_FAN_OUT, initialization(ntk));
    assertEquals(Initialization.KAIMING_FAN_IN, initialization(regions));
    assertEquals(25, regions.get(0).images().samples()); // 5 batches of 5
  }

  @Test
  void winnowSharesTheDrawsOfARepeatAmongOriginAndCandidates() {
    FakeEngine engine = new FakeEngine();
    SearchResult result = search(Mode.WINNOW).run(engine);
    int repeats = result.rounds().stream().mapToInt(Round::repeats).sum();
    for (String score : List.of("ntk", "regions")) {
      List<Job> jobs = engine.computed.get(score);
      jobs = score.equals("ntk") ? jobs.subList(0, jobs.size() - 2) : jobs;
      assertEquals(repeats, distinct(jobs, Job::parameters));
      assertEquals(repeats, distinct(jobs, Job::images));
      int expected = 0;
      for (Round round : result.rounds()) {
        expected += round.repeats() * (round.candidates().size() + 1);
      }
      assertEquals(expected, jobs.size());
      assertEquals(expected, result.evaluations().get(0).networks());
    }
  }

  private static Initialization initialization(List<Job> jobs) {
    return ((Parameters.Drawn) jobs.get(0).parameters()).initialization();
  }

  private static void assertOriginAndCandidateShareTheirImages(List<Job> jobs) {
    Map<Images, Set<Row>> rows = new HashMap<>();
    for (Job job : jobs) {
      rows.computeIfAbsent(job.images(), images -> new HashSet<>()).add(job.row());
    }
    assertTrue(rows.values().stream().allMatch(both -> both.size() == 2));
  }

  /** Patches come from one endless shuffle: 20 images in batches of 5 are 4 batches an epoch. */
  @Test
  void releasedPatchesAreConsecutiveBatchesOfOneStream() {
    DrawSchedule schedule = new DrawSchedule(Searches.small(Mode.RELEASED));
    DrawSchedule.Place first = new DrawSchedule.Place(1, 1, "a", 0, 0);
    DrawSchedule.Place later = new DrawSchedule.Place(2, 2, "b", 24, 2);
    assertEquals(0, schedule.patches(first).number());
    assertEquals((24 * 3 + 2) * 3, schedule.patches(later).number());
    assertEquals(schedule.patches(first).stream(), schedule.patches(later).stream());
  }

  @Test
  void winnowNeverPassesItsBudgetAndAlwaysMakesItsFirstRepeats() {
    for (int budget : new int[] {1, 228, 300, 480}) {
      TeNasOptions options = Searches.small(Mode.WINNOW).with().budget(budget).stability(1).build();
      SearchResult result = search(options).run(new FakeEngine());
      long made = result.evaluations().get(0).networks();
      assertTrue(result.rounds().stream().allMatch(round -> round.repeats() >= 4));
      assertTrue(made <= Math.max(budget, 4 * (25 + 19 + 13)), made + " of " + budget);
      // An unreachable stability spends the budget evenly: the first round gets budget / 57.
      double stability = result.rounds().get(0).stability();
      assertTrue(stability == 1 || result.rounds().get(0).repeats() == Math.max(4, budget / 57));
    }
  }

  @Test
  void winnowStopsAsSoonAsTheDecisionIsStable() {
    TeNasOptions options = Searches.small(Mode.WINNOW).with().stability(0).build();
    SearchResult result = search(options).run(new FakeEngine());
    assertTrue(result.rounds().stream().allMatch(round -> round.repeats() == 4));
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void sameResultAgainAndWithThreadsInAnotherOrder(Mode mode) {
    SearchResult result = search(mode).run(new FakeEngine(1));
    assertEquals(result, search(mode).run(new FakeEngine(1)));
    assertEquals(result, search(mode).run(new FakeEngine(2)));
  }

  @Test
  void anotherSeedDrawsOtherNumbers() {
    SearchResult result = search(Mode.WINNOW).run(new FakeEngine());
    SearchResult other =
        search(Searches.small(Mode.WINNOW).with().seed(4).build()).run(new FakeEngine());
    assertNotEquals(result.rounds().get(0).origin(), other.rounds().get(0).origin());
  }

  /** An engine on which the supernet without one given operation has a singular kernel. */
  private static final class Breaking extends FakeEngine {
    private final Row broken;

    Breaking(Row broken) {
      this.broken = broken;
    }

    @Override
    protected double kappa(NetworkGraph graph, Job job) {
      return job.row().equals(broken) ? Double.NaN : super.kappa(graph, job);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void removalThatBreaksTheKernelIsReportedAndRankedLast(Mode mode) {
    TeNas search = search(mode);
    Pruning pruning = new Pruning(SPACE, 1);
    Candidate broken = pruning.candidates().get(6);
    NetworkOptionsOf options = new NetworkOptionsOf(search);
    Row row = SPACE.supernet(options.ntk()).row(pruning.without(broken));
    Round round = search.run(new Breaking(row)).rounds().get(0);
    RankedCandidate ranked = round.candidates().get(6);
    Measure ntk = ranked.scored().measure("ntk");
    assertTrue(ntk.undefined().contains("singular"), ntk.undefined());
    assertFalse(ntk.value().defined());
    assertTrue(
        round.candidates().stream()
            .allMatch(other -> other.ranks().get(0) <= ranked.ranks().get(0)));
    assertEquals(mode == Mode.RELEASED, ntk.change().defined());
  }

  /** The NTK network of a search. */
  private record NetworkOptionsOf(TeNas search) {
    dev.winnow.space.NetworkOptions ntk() {
      return new dev.winnow.space.NetworkOptions(3, 1, 3, true, 10, search.images().shape());
    }
  }

  @Test
  void listenerHearsOfEveryCandidateRoundAndTheEnd() {
    List<String> heard = new ArrayList<>();
    List<Progress> progress = new ArrayList<>();
    SearchListener listener =
        new SearchListener() {
          @Override
          public void progressed(Progress now) {
            progress.add(now);
          }

          @Override
          public void scored(int round, ScoredCandidate candidate) {
            heard.add("scored " + round);
          }

          @Override
          public void roundEnded(Round round) {
            heard.add("round " + round.number());
          }

          @Override
          public void ended(SearchResult result) {
            heard.add("end");
          }
        };
    search(Mode.RELEASED).run(new FakeEngine(), Journal.NONE, listener, Monitor.NONE);
    assertEquals(54 + 3 + 1, heard.size());
    assertEquals(24, heard.indexOf("round 1"));
    assertEquals("end", heard.get(57));
    assertEquals(648, progress.size());
    assertEquals(new Progress(1, 3, 1, 288, 1, 648, 0), progress.get(0)); // 24·3·2·2
    assertEquals(new Progress(3, 3, 144, 144, 648, 648, 0), progress.get(647));
  }

  /** A journal in memory. */
  private static final class Memory implements Journal {
    private final Map<String, Score> scores = new HashMap<>();

    @Override
    public Optional<Score> recall(String job) {
      return Optional.ofNullable(scores.get(job));
    }

    @Override
    public void record(String job, Score score) {
      assertEquals(null, scores.put(job, score), job);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void cancelledSearchContinuesToTheSameResult(Mode mode) {
    SearchResult whole = search(mode).run(new FakeEngine());
    Memory memory = new Memory();
    int sessions = 0;
    SearchResult result = null;
    while (result == null) {
      int[] polls = {0};
      try {
        result =
            search(mode).run(new FakeEngine(), memory, SearchListener.NONE, () -> ++polls[0] > 101);
      } catch (CancelledException e) {
        sessions++;
      }
    }
    assertEquals(whole, result);
    assertTrue(sessions > 3);
    FakeEngine engine = new FakeEngine();
    assertEquals(whole, search(mode).run(engine, memory, SearchListener.NONE, Monitor.NONE));
    assertEquals(2, engine.computed.get("ntk").size()); // only the spectra are not journaled
    assertEquals(null, engine.computed.get("regions"));
  }

  @Test
  void spectraAreOfTheStartAndTheEnd() {
    SearchResult result = search(Mode.WINNOW).run(new FakeEngine());
    assertEquals(List.of("start", "end"), result.spectra().stream().map(Spectrum::name).toList());
    assertTrue(result.spectra().stream().allMatch(s -> s.eigenvalues().size() == 4));
  }

  private static String message(Runnable action) {
    return assertThrows(IllegalArgumentException.class, action::run).getMessage();
  }

  @Test
  void badOptionsNameTheRangeAndTheValue() {
    assertEquals(
        "ntkBatch must be in [2, 4096] but was 1",
        message(() -> TeNasOptions.builder(Mode.RELEASED).ntkBatch(1).build()));
    assertEquals(
        "repeats must be in [2, 1000] but was 1", // no standard error otherwise
        message(() -> TeNasOptions.builder(Mode.WINNOW).repeats(1).build()));
    assertEquals(
        "stability must be in [0, 1] but was NaN",
        message(() -> TeNasOptions.builder(Mode.WINNOW).stability(Double.NaN).build()));
    assertEquals(
        "ntkBatch must be at most 20 with images noise (20 images of 1x4x4) but was 72",
        message(() -> search(TeNasOptions.of(Mode.WINNOW))));
  }
}
