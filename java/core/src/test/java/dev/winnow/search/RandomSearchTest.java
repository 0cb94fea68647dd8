package dev.winnow.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.Direction;
import dev.winnow.score.GaussianComplexity;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.MacCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.ParameterCount;
import dev.winnow.score.Protocol;
import dev.winnow.score.Sampling;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.SearchSpace;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RandomSearchTest {
  private static final NasBench201 SPACE = new NasBench201();

  private static List<NetworkScore> smallScores() {
    return List.of(
        new NtkConditionNumber(4, Initialization.KAIMING_FAN_OUT),
        new LinearRegionCount(
            new Sampling(Sampling.Kind.PATCHES, 5, 3), 3, Initialization.KAIMING_FAN_IN));
  }

  private static RandomSearch search(List<? extends NetworkScore> scores, int networks) {
    return new RandomSearch(
        SPACE, Searches.images(), new RandomSearchOptions(1, networks, 3), scores);
  }

  @Test
  void scoresAsManyNetworksAsTeNasByDefault() {
    assertEquals(
        new RandomSearchOptions(5, 54, 3), RandomSearchOptions.of(SPACE, 5)); // 24 + 18 + 12
  }

  @Test
  void bestRankSumWinsAndNetworksDiffer() {
    FakeEngine engine = new FakeEngine();
    SearchResult result = search(smallScores(), 30).run(engine);
    List<RankedCandidate> candidates = result.rounds().get(0).candidates();
    assertEquals(
        30,
        new HashSet<>(candidates.stream().map(c -> c.scored().candidate().name()).toList()).size());
    double best =
        candidates.stream()
            .mapToDouble(c -> c.ranks().get(0) + c.ranks().get(1))
            .min()
            .orElseThrow();
    RankedCandidate found =
        candidates.stream()
            .filter(c -> c.scored().candidate().name().equals(result.architecture()))
            .findFirst()
            .orElseThrow();
    assertEquals(best, found.ranks().get(0) + found.ranks().get(1));
    assertEquals(90, engine.computed.get("ntk").size());
    // Common random numbers: as many draws as repeats.
    assertEquals(
        3, new HashSet<>(engine.computed.get("ntk").stream().map(Job::parameters).toList()).size());
    assertEquals(result, search(smallScores(), 30).run(new FakeEngine(2)));
  }

  @Test
  void aScoreThatTheDeviceDoesNotHaveIsRefusedBeforeAnyWork() {
    FakeEngine engine =
        new FakeEngine() {
          @Override
          public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
            return pass.readings().contains(new Reading.LinearRegions())
                ? Optional.of("fake has no regions")
                : Optional.empty();
          }
        };
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> search(smallScores(), 3).run(engine));
    assertEquals("score regions is not on this device: fake has no regions", refused.getMessage());
    assertEquals(0, engine.plans);
  }

  /** A score of one's own may be more than passes: it says itself what a device must have. */
  @Test
  void aScoreThatIsNotMadeOfPassesIsRefusedToo() {
    FakeEngine engine =
        new FakeEngine() {
          @Override
          public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
            return pass.readings().stream().anyMatch(Reading.ActivationGrams.class::isInstance)
                ? Optional.of("fake reads no activations")
                : Optional.empty();
          }
        };
    NetworkScore zen = new GaussianComplexity(16, Initialization.STANDARD_NORMAL);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> search(List.of(zen), 3).run(engine));
    assertEquals(
        "score zen is not on this device: fake reads no activations", refused.getMessage());
    assertEquals(0, engine.plans);
  }

  /** A score of one's own: as many weighted edges as possible, computed from the graph alone. */
  private static final class ConvolutionCount implements NetworkScore {
    @Override
    public String name() {
      return "convolutions";
    }

    @Override
    public Direction direction() {
      return Direction.HIGHER_IS_BETTER;
    }

    @Override
    public Protocol protocol(SearchSpace space, ImageSet images) {
      return new MacCount().protocol(space, images);
    }

    @Override
    public void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
      long count =
          plan.graph().nodes().stream().filter(node -> node.name().endsWith(".conv")).count();
      for (int job = 0; job < jobs.size(); job++) {
        results.accept(job, Score.of(count));
      }
    }
  }

  @Test
  void searchesByAScoreOfOnesOwn() {
    SearchResult result = search(List.of(new ConvolutionCount()), 40).run(new FakeEngine());
    long most =
        result.rounds().get(0).candidates().stream()
            .mapToLong(c -> convolutions(c.scored().candidate().name()))
            .max()
            .orElseThrow();
    assertEquals(most, convolutions(result.architecture()));
  }

  private static long convolutions(String architecture) {
    return architecture.split("nor_conv", -1).length - 1;
  }

  @Test
  void countsAreThoseOfTheTrainedNetwork() {
    SearchResult result =
        search(List.of(new ParameterCount(), new MacCount()), 10).run(new FakeEngine());
    for (RankedCandidate candidate : result.rounds().get(0).candidates()) {
      var graph = SPACE.network(candidate.scored().candidate().name(), SPACE.standard(10, 4));
      assertEquals(graph.parameters(), candidate.scored().measure("parameters").value().mean());
      assertEquals(graph.macs(), candidate.scored().measure("macs").value().mean());
    }
  }

  private static String message(Runnable action) {
    return assertThrows(IllegalArgumentException.class, action::run).getMessage();
  }

  @Test
  void badOptionsNameTheRangeAndTheValue() {
    assertEquals(
        "networks must be in [1, 15625] in space nas-bench-201 but was 15626",
        message(() -> search(smallScores(), 15626)));
    assertEquals(
        "scores must have different names but were [macs, macs]",
        message(() -> search(List.of(new MacCount(), new MacCount()), 3)));
    assertTrue(
        message(() -> search(List.of(new NtkConditionNumber()), 3))
            .contains("score ntk needs a batch of 72 but images noise are 20"));
    assertEquals(
        "repeats must be in [1, 1000] but was 0", message(() -> new RandomSearchOptions(0, 1, 0)));
  }
}
