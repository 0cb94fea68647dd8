package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunningStatisticsTest {

  /**
   * One channel, momentum 1/4. Images 1 and 3: mean 2, unbiased variance 2, from (0, 1) to (1/2,
   * 5/4). Then 6 and 10: mean 8, variance 8, to (3/4 · 1/2 + 2, 3/4 · 5/4 + 2) = (2.375, 2.9375).
   * From the job's own (4, 0), images 1 and 3 lead to (3.5, 0.5). Jobs of equal parameters do not
   * see each other, and the same call again gives the same.
   */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void followTheBatchesFromTheParametersOfTheJob(Precision precision) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    NetworkGraph graph =
        builder.build(
            builder.add(
                "norm", new Operation.BatchNorm(false, 1e-5, 0.25), NetworkGraph.ALWAYS, 0));
    Parameters fresh = new Parameters.Given(Map.of());
    Parameters own =
        new Parameters.Given(Map.of("norm.running_mean", vector(4), "norm.running_var", vector(0)));
    List<Job> jobs =
        List.of(
            new Job(Row.NONE, fresh, images(1, 3)),
            new Job(Row.NONE, fresh, images(1, 3, 6, 10)),
            new Job(Row.NONE, own, images(1, 3)));
    try (NativeEngine engine = NativeEngine.open("cpu", 2);
        Plan plan = engine.plan(graph, new PlanOptions(2, precision))) {
      for (int time = 0; time < 2; time++) {
        List<Map<String, Tensor>> found = new ArrayList<>();
        plan.runningStatistics(jobs, (j, value) -> found.add(value), Monitor.NONE);
        // Small dyadic numbers: exact.
        assertStatistics(0.5, 1.25, found.get(0));
        assertStatistics(2.375, 2.9375, found.get(1));
        assertStatistics(3.5, 0.5, found.get(2));
      }
      assertArrayEquals(new double[] {4}, plan.values(own).get("norm.running_mean").values());
    }
  }

  private static void assertStatistics(double mean, double variance, Map<String, Tensor> found) {
    assertEquals(Set.of("norm.running_mean", "norm.running_var"), found.keySet());
    assertArrayEquals(new double[] {mean}, found.get("norm.running_mean").values());
    assertArrayEquals(new double[] {variance}, found.get("norm.running_var").values());
  }

  private static Tensor vector(double value) {
    return new Tensor(new int[] {1}, new double[] {value});
  }

  private static Images images(float... values) {
    return new Images(values, values.length, 1, 1, 1);
  }
}
