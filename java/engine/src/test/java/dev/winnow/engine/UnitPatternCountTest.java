package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.Score;
import dev.winnow.score.UnitPatternCount;
import dev.winnow.score.UnitPatternCount.Size;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Distinct answers of the units, where they are known. */
class UnitPatternCountTest {
  private static final Stream STREAM = Stream.root(61);

  /**
   * Units x, x − 1.5, −x, 2x and 1 on x = −1, 1, 2 answer 011, 001, 100, 011 and 111: 4 patterns.
   * The network has 5 + 5 + 5 + 1 parameters.
   */
  @Test
  void answersOfLinearUnitsAreCounted() {
    Parameters weights =
        new Parameters.Given(
            Map.of(
                "hidden.weight", new Tensor(new int[] {5, 1}, new double[] {1, 1, -1, 2, 0}),
                "hidden.bias", new Tensor(new int[] {5}, new double[] {0, -1.5, 0, 0, 1}),
                "output.weight", new Tensor(new int[] {1, 5}, new double[5]),
                "output.bias", new Tensor(new int[] {1}, new double[1])));
    Job job = new Job(Row.NONE, weights, new Images(new float[] {-1, 1, 2}, 3, 1, 1, 1));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(Networks.hiddenUnits(5), PlanOptions.batch(3))) {
      assertEquals(4, value(plan, job, swap(1)));
      assertEquals(4, value(plan, job, swap(32))); // given weights are one draw
      assertEquals(4, value(plan, job, regularised(16e-6, 1e-12)), 1e-12);
      assertEquals(4 / Math.E, value(plan, job, regularised(1 + 16e-6, 1)), 1e-12);
      assertEquals(4 * Math.exp(-0.5), value(plan, job, regularised(1 + 16e-6, 2)), 1e-12);
    }
  }

  @Test
  void theScoreIsTheMeanOverTheDraws() {
    NetworkGraph graph =
        new NasBench201()
            .network(
                new NasBench201().example(),
                new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8)));
    Images images = Networks.images(STREAM.of("images"), 16, 3, 8, 8);
    Stream weights = STREAM.of("weights");
    try (Engine engine = NativeEngine.open("cpu", 2);
        Plan plan = engine.plan(graph, PlanOptions.batch(16))) {
      double first = value(plan, job(weights, images), swap(1));
      double second = value(plan, job(weights.of("redraw").of(1), images), swap(1));
      double third = value(plan, job(weights.of("redraw").of(2), images), swap(1));
      assertEquals((first + second + third) / 3, value(plan, job(weights, images), swap(3)), 1e-9);
    }
  }

  @Test
  void aNetworkWithoutUnitsHasNoScore() {
    Job job = job(STREAM, new Images(new float[] {1, 2}, 2, 1, 1, 1));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(2))) {
      Score.Undefined none = assertInstanceOf(Score.Undefined.class, swap(2).compute(plan, job));
      assertEquals("the network has no ReLU", none.reason());
    }
  }

  @Test
  void whatIsOutOfRangeIsNamed() {
    OnOneThread.assertMistake(
        "swap batch must be in [2, 4096] but was 1",
        () -> new UnitPatternCount(Optional.empty(), 1, 1, Initialization.STANDARD_NORMAL));
    OnOneThread.assertMistake("draws must be in [1, 65536] but were 0", () -> swap(0));
    OnOneThread.assertMistake(
        "swap_regularised mu must be a number of millions of parameters, at least 0, but was -1.0",
        () -> regularised(-1, 1));
    OnOneThread.assertMistake(
        "swap_regularised sigma must be finite and above 0 but was 0.0", () -> regularised(1, 0));
  }

  private static Job job(Stream weights, Images images) {
    return new Job(Row.NONE, new Parameters.Drawn(Initialization.STANDARD_NORMAL, weights), images);
  }

  private static UnitPatternCount swap(int draws) {
    return new UnitPatternCount(Optional.empty(), 16, draws, Initialization.STANDARD_NORMAL);
  }

  private static UnitPatternCount regularised(double mu, double sigma) {
    return new UnitPatternCount(
        Optional.of(new Size(mu, sigma)), 16, 1, Initialization.STANDARD_NORMAL);
  }

  private static double value(Plan plan, Job job, UnitPatternCount score) {
    return score.compute(plan, job).value().orElseThrow();
  }
}
