package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NoiseTest {
  private static final Stream STREAM = Stream.root(11).of("noise test");
  private static final int SAMPLES = 256;
  private static final Parameters NO_WEIGHTS = new Parameters.Given(Map.of());

  private static NativeEngine engine;

  @BeforeAll
  static void open() {
    engine = NativeEngine.open("cpu", 2);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** S4's operation as choice 0, the input as choice 1, and their sum. */
  private static NetworkGraph graph() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(3, 4, 5), 2);
    int zeros = builder.add("edge.noise.zero", new Operation.Zero(Pair.of(1)), 0, 0);
    int noise = builder.add("edge.noise", new Operation.Noise(1), 0, zeros);
    Operation sum = new Operation.WeightedSum(List.of(0, 1));
    return builder.build(builder.add("sum", sum, NetworkGraph.ALWAYS, noise, 0));
  }

  private static Row row(State noise, State input) {
    return new Row(new double[] {1, 1}, new State[] {noise, input});
  }

  private static double[] values(Plan plan, Job job) {
    List<double[]> found = new ArrayList<>();
    plan.logits(
        List.of(job),
        NormMode.BATCH,
        (j, logits) -> found.add(Arrays.stream(logits).flatMapToDouble(Arrays::stream).toArray()),
        Monitor.NONE);
    return found.get(0);
  }

  /** The same bits from two implementations; batches of an input go on in the stream. */
  @Test
  void nativeNoiseIsThePhiloxStreamOfTheNode() {
    try (Plan plan = engine.plan(graph(), new PlanOptions(SAMPLES / 4, Precision.FLOAT64))) {
      Job job =
          new Job(
                  row(State.RUN, State.SKIP),
                  NO_WEIGHTS,
                  Networks.images(STREAM.of("images"), SAMPLES, 3, 4, 5))
              .noisy(STREAM);
      Philox generator = STREAM.of("edge.noise").generator();
      double[] expected = new double[SAMPLES * 60];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = generator.nextNormal();
      }
      assertArrayEquals(expected, values(plan, job));
      assertNotEquals(values(plan, job)[0], values(plan, job.noisy(STREAM.of("other")))[0]);
    }
  }

  @Test
  void aRowThatRunsNoiseNeedsAStream() {
    try (Plan plan = engine.plan(graph(), PlanOptions.batch(SAMPLES))) {
      var images = Networks.images(STREAM.of("images"), SAMPLES, 3, 4, 5);
      Job noisy = new Job(row(State.RUN, State.RUN), NO_WEIGHTS, images);
      Exception e = assertThrows(IllegalArgumentException.class, () -> values(plan, noisy));
      assertTrue(
          e.getMessage().contains("runs node edge.noise, which adds noise: it needs a stream"),
          e::getMessage);
      for (State state : List.of(State.SKIP, State.BLOCK, State.MUTE)) {
        double[] found = values(plan, new Job(row(state, State.RUN), NO_WEIGHTS, images));
        for (int i = 0; i < found.length; i++) {
          assertEquals(images.values()[i], found[i]);
        }
      }
    }
  }
}
