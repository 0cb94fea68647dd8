package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.score.GaussianComplexity;
import dev.winnow.score.Score;
import dev.winnow.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code zen} where its value is known; {@code verify} holds it against the published program. */
class GaussianComplexityTest extends OnOneThread {
  private static final GaussianComplexity ZEN =
      new GaussianComplexity(2, Initialization.STANDARD_NORMAL);

  /**
   * f = 2 x before the pool; a norm of momentum 1/4 sees x and leads nowhere. Noise 2 and −4 moves
   * f by 0.04 and 0.08. The norm's variance goes from 1 to 3/4 + 2/4 (of 1 and 3: 2), and then with
   * 1.02 and 2.96, of variance 1.94²/2, to 3/4 · 5/4 + 1.94²/8.
   */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void aLinearNetworkHasItsClosedForm(Precision precision) {
    Job job = job(2, 1, 3, 2, -4);
    double variance = 0.75 * 1.25 + 1.94 * 1.94 / 8;
    double expected = Math.log(0.06) + Math.log(variance) / 2;
    try (Plan plan = engine.plan(network(true), new PlanOptions(2, precision))) {
      assertEquals(expected, ZEN.compute(plan, job).value().orElseThrow(), 1e-5);
    }
  }

  /** Jobs see neither each other nor each other's statistics. */
  @Test
  void jobsAreApart() {
    List<Job> jobs = List.of(job(2, 1, 3, 2, -4), job(1, 5, -3, 2, 1), job(2, 1, 3, 2, -4));
    double[] together = new double[3];
    try (Plan plan = engine.plan(network(true), PlanOptions.batch(2))) {
      ZEN.compute(
          plan, jobs, (j, score) -> together[j] = score.value().orElseThrow(), Monitor.NONE);
      for (int j = 0; j < 3; j++) {
        assertEquals(ZEN.compute(plan, jobs.get(j)).value().orElseThrow(), together[j]);
      }
    }
  }

  @Test
  void featuresThatDoNotMoveHaveNoScore() {
    try (Plan plan = engine.plan(network(true), PlanOptions.batch(2))) {
      Score.Undefined none =
          assertInstanceOf(Score.Undefined.class, ZEN.compute(plan, job(0, 1, 3, 2, -4)));
      assertEquals("noise in the input does not move the features", none.reason());
      assertEquals(Double.NEGATIVE_INFINITY, none.published());
    }
  }

  @Test
  void whatItCannotTakeIsNamed() {
    try (Plan pooled = engine.plan(network(true), PlanOptions.batch(2));
        Plan other = engine.plan(network(false), PlanOptions.batch(2))) {
      assertMistake(
          "zen is about the features before a global average pool, but the network has none",
          () -> ZEN.compute(other, job(2, 1, 3, 2, -4)));
      assertMistake(
          "zen needs 2 inputs and as many samples of noise but got 2 images",
          () -> ZEN.compute(pooled, job(2, 1, 3)));
      assertMistake(
          "node must be in [0, 3] but was 4",
          () -> pooled.trainingPass(List.of(), 4, (j, pass) -> {}, Monitor.NONE));
    }
    assertMistake(
        "zen takes inputs and as many samples of noise, but there are 5 images",
        () -> ZEN.batchOf(5));
    assertMistake(
        "zen batch must be in [1, 4096] but was 0",
        () -> new GaussianComplexity(0, Initialization.STANDARD_NORMAL));
  }

  private static NetworkGraph network(boolean pooled) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    builder.add("norm", new Operation.BatchNorm(false, 1e-5, 0.25), NetworkGraph.ALWAYS, 0);
    int conv =
        builder.add(
            "conv",
            new Operation.Convolution(1, Pair.of(1), Pair.of(1), Pair.of(0), Pair.of(1), 1, false),
            NetworkGraph.ALWAYS,
            0);
    return builder.build(
        pooled
            ? builder.add("gap", new Operation.GlobalAveragePool(), NetworkGraph.ALWAYS, conv)
            : conv);
  }

  private static Job job(double weight, float... x) {
    Parameters weights =
        new Parameters.Given(
            Map.of("conv.weight", new Tensor(new int[] {1, 1, 1, 1}, new double[] {weight})));
    return new Job(Row.NONE, weights, new Images(x, x.length, 1, 1, 1));
  }
}
