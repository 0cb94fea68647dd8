package dev.winnow.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.space.EdgeGroup;
import dev.winnow.space.darts.Darts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** TE-NAS where an architecture keeps two edges into each node: spec/te-nas.md, 5.2, 5.3, 5.5. */
class TeNasDartsTest {
  private static final Darts SPACE = new Darts();
  private static final List<Integer> GROUPS = List.of(3, 4, 5, 3, 4, 5);

  private static TeNasOptions small(Mode mode, int classes) {
    return TeNasOptions.of(mode, SPACE, classes)
        .with()
        .seed(3)
        .ntkBatch(4)
        .regionBatch(5)
        .resamples(20)
        .build();
  }

  private static SearchResult run(FakeEngine engine, TeNasOptions options) {
    return new TeNas(SPACE, Searches.images(), options).run(engine);
  }

  private static List<Integer> sizes(SearchResult result) {
    return result.rounds().stream().map(round -> round.candidates().size()).toList();
  }

  private static List<Integer> then(List<Integer> rounds) {
    List<Integer> all = new ArrayList<>(rounds);
    all.addAll(GROUPS);
    return all;
  }

  @Test
  void theDefaultsAreThePublishedSettings() {
    TeNasOptions cifar = TeNasOptions.of(Mode.RELEASED, SPACE, 10);
    assertEquals(List.of(14, 3), List.of(cifar.ntkBatch(), cifar.pruneNumber()));
    TeNasOptions imagenet = TeNasOptions.of(Mode.RELEASED, SPACE, 1000);
    assertEquals(List.of(24, 2), List.of(imagenet.ntkBatch(), imagenet.pruneNumber()));
    TeNasOptions paper = TeNasOptions.of(Mode.PAPER, SPACE, 10);
    assertEquals(List.of(32, 1), List.of(paper.ntkBatch(), paper.pruneNumber()));
    assertEquals(
        List.of(1, 1, 2), List.of(cifar.channels(), cifar.cellsPerStage(), cifar.stages()));
  }

  @ParameterizedTest
  @CsvSource({"10, 332, 1992", "1000, 444, 2664"})
  void thePublishedProgramsEvaluationsAreMade(int classes, int candidates, long evaluations) {
    FakeEngine engine = new FakeEngine();
    TeNasOptions options = small(Mode.RELEASED, classes);
    assertEquals(candidates, TeNas.candidates(SPACE, options.pruneNumber()));
    SearchResult result = run(engine, options);
    List<Integer> rounds = classes == 10 ? List.of(196, 112) : List.of(196, 140, 84);
    assertEquals(then(rounds), sizes(result));
    assertEquals(evaluations, result.evaluations().get(0).networks());
    int spectra = 2; // of the supernet and of the found network
    assertEquals(evaluations + spectra, engine.computed.get("ntk").size());
    assertEquals(evaluations, engine.computed.get("regions").size());
  }

  /** The paper's six rounds of one operation (figure 5), and what it does not describe. */
  @Test
  void thePaperRemovesOneOperationARound() {
    SearchResult result = run(new FakeEngine(), small(Mode.PAPER, 10));
    assertEquals(then(List.of(196, 168, 140, 112, 84, 56)), sizes(result));
  }

  /** All but the two that are ranked last lose their only operation. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void aGroupKeepsTheEdgesOfItsLastTwo(Mode mode) {
    SearchResult result = run(new FakeEngine(), small(mode, 10));
    assertEquals(result.architecture(), SPACE.notation(result.architecture()));
    int[] chosen = SPACE.parse(result.architecture());
    List<EdgeGroup> groups = SPACE.groups().stream().filter(g -> g.edges().size() > 2).toList();
    List<Round> rounds =
        result.rounds().subList(result.rounds().size() - 6, result.rounds().size());
    for (int g = 0; g < 6; g++) {
      List<RankedCandidate> candidates = rounds.get(g).candidates();
      Set<Integer> kept = new HashSet<>();
      for (RankedCandidate candidate : candidates) {
        int edge = candidate.scored().candidate().edge();
        assertTrue(groups.get(g).edges().contains(edge));
        assertEquals(candidate.position() < candidates.size() - 2, candidate.pruned());
        if (!candidate.pruned()) {
          kept.add(edge);
          assertEquals(candidate.scored().candidate().operation(), chosen[edge]);
        }
      }
      for (int edge : groups.get(g).edges()) {
        assertEquals(kept.contains(edge), chosen[edge] != 0, SPACE.edges().get(edge).name());
        if (!kept.contains(edge)) {
          assertEquals(List.of("none"), rounds.get(g).alive().get(edge));
        }
      }
    }
  }

  /**
   * The released program makes one origin network before the groups: its NTK always has 28 edges
   * and the same weights, while the origin of the region count and the candidates lose theirs.
   */
  @Test
  void theReleasedProgramsOriginKeepsItsEdges() {
    FakeEngine engine = new FakeEngine();
    run(engine, small(Mode.RELEASED, 10));
    int before = 6 * (196 + 112);
    List<Job> ntk = engine.computed.get("ntk").subList(before, 1992);
    List<Job> regions = engine.computed.get("regions").subList(before, 1992);
    Set<Parameters> weights = new HashSet<>();
    Set<Integer> origins = new HashSet<>();
    Set<Integer> regionOrigins = new HashSet<>();
    for (int i = 0; i < ntk.size(); i++) {
      weights.add(ntk.get(i).parameters());
      if (i % 2 == 0) {
        origins.add(edges(ntk.get(i).row()));
        regionOrigins.add(edges(regions.get(i).row()));
      }
    }
    assertEquals(1, weights.size());
    assertEquals(Set.of(28), origins);
    assertEquals(Set.of(28, 27, 25, 22, 21, 19), regionOrigins);
    assertNotEquals(
        ntk.get(0).parameters(), engine.computed.get("ntk").get(before - 1).parameters());
  }

  private static int edges(Row row) {
    int edges = 0;
    for (int choice = 0; choice < row.size(); choice++) {
      boolean none = choice % 8 == 0;
      edges += !none && row.state(choice) == Row.State.RUN ? 1 : 0;
    }
    return edges;
  }
}
