package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.BlockTrainability;
import dev.winnow.score.ChannelSaliency;
import dev.winnow.score.EffectiveRank;
import dev.winnow.score.FeatureEntropy;
import dev.winnow.score.GaussianComplexity;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.SmallestCorrelationEigenvalue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a GPU does not have is said before work, by name, on machines without one too. */
class RefusalTest {
  private static final NetworkGraph GRAPH = Networks.everyOperation();
  private static final Initialization INIT = Initialization.PYTORCH_DEFAULT;
  private static final List<PassScore> ELSEWHERE =
      List.of(new GradientSignalPreservation(6, INIT), new ChannelSaliency(6, INIT));
  private static final List<NetworkScore> EVERYWHERE =
      List.of(new LinearRegionCount(), new NtkConditionNumber(), new GradientNorm(6, INIT));

  /** As an engine of that kind of device answers; it computes nothing. */
  private record Device(String name, int kind) implements Engine {
    @Override
    public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
      return NativeEngine.refusal(name, kind, graph, precision, pass);
    }

    @Override
    public Plan plan(NetworkGraph graph, PlanOptions options) {
      throw new AssertionError("work began");
    }

    @Override
    public Map<String, String> provenance() {
      return Map.of();
    }

    @Override
    public void close() {}
  }

  @Test
  void scoresThatAGpuDoesNotHaveAreRefusedByName() {
    Engine gpu = new Device("cuda:1", Winnow.WINNOW_CUDA);
    assertEquals(
        "score grasp is not on this device: cuda:1 has no backward pass with tangents in"
            + " float32",
        refusal(gpu, ELSEWHERE.get(0)));
    assertEquals(
        "score fisher is not on this device: cuda:1 has no backward pass with channels' saliencies"
            + " in float32",
        refusal(gpu, ELSEWHERE.get(1)));
  }

  @Test
  void scoresOfBlocksAreToo() {
    NetworkGraph network = Networks.supernet().graph();
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    Passes.require(
                        new Device("cuda:1", Winnow.WINNOW_CUDA),
                        network,
                        new BlockTrainability(6, INIT)))
            .getMessage();
    assertEquals(
        "score az_trainability is not on this device: cuda:1 has no backward pass with tangents in"
            + " float32",
        message);
  }

  /** Activations are read on every device. */
  @Test
  void scoresOfFeaturesAreNot() {
    Engine gpu = new Device("cuda:1", Winnow.WINNOW_CUDA);
    NetworkGraph network = Networks.supernet().graph();
    for (NetworkScore score :
        List.of(
            new GaussianComplexity(6, INIT),
            new FeatureEntropy(FeatureEntropy.Kind.EXPRESSIVITY, 6, INIT),
            new EffectiveRank(6, INIT),
            new SmallestCorrelationEigenvalue(
                SmallestCorrelationEigenvalue.Channels.ALL, 1, INIT))) {
      Passes.require(gpu, network, score);
    }
  }

  @Test
  void scoresOfForwardAndBackwardPassesAreNot() {
    Engine gpu = new Device("cuda:1", Winnow.WINNOW_CUDA);
    EVERYWHERE.forEach(score -> Passes.require(gpu, GRAPH, score));
  }

  @Test
  void aCpuHasThemAll() {
    try (Engine cpu = NativeEngine.open("cpu", 1)) {
      EVERYWHERE.forEach(score -> Passes.require(cpu, GRAPH, score));
      ELSEWHERE.forEach(score -> Passes.require(cpu, GRAPH, score));
    }
  }

  private static String refusal(Engine engine, NetworkScore score) {
    return assertThrows(IllegalArgumentException.class, () -> Passes.require(engine, GRAPH, score))
        .getMessage();
  }
}
