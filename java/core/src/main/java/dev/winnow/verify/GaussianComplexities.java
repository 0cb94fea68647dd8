package dev.winnow.verify;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.GaussianComplexity;
import java.util.List;

/** The recorded Zen-score of a golden case, which has weights and inputs of its own. */
final class GaussianComplexities {
  static final String NAME = "zen";

  static final GaussianComplexity SCORE =
      new GaussianComplexity(1, Initialization.STANDARD_NORMAL); // all is given

  /**
   * Of float64: our inputs are float32, and a rounding of z + γε is 2⁻²⁴/γ of the noise where z is
   * near 1, 4 times that where it is as large as a normal number gets.
   */
  private static final double ROUNDED_INPUT = 4 * 0x1p-24 / GaussianComplexity.GAMMA;

  private GaussianComplexities() {}

  static void verify(
      RecordedJson proxies,
      RecordedTensors tensors,
      Engine engine,
      NetworkGraph graph,
      List<Check> checks,
      Monitor monitor) {
    Images inputs = tensors.images("zen.input");
    Images noise = tensors.images("zen.input2");
    Job job = new Job(Row.NONE, tensors.gaussianParameters(graph, "zen."), joined(inputs, noise));
    RecordedJson proxy = proxies.at(NAME);
    for (Precision precision : Precision.values()) {
      boolean float32 = precision == Precision.FLOAT32;
      try (Plan plan = engine.plan(graph, new PlanOptions(inputs.samples(), precision))) {
        double expected = proxy.at(float32 ? "value" : "value_f64").number();
        double allowed = ROUNDED_INPUT;
        if (float32) {
          allowed = Double.isFinite(expected) ? Bounds.stated(proxy.at("tolerance"), expected) : 0;
        }
        double bound = allowed;
        SCORE.compute(
            plan,
            List.of(job),
            (j, score) ->
                checks.add(
                    new Check(
                        NAME + " " + Bounds.label(precision), expected, score.published(), bound)),
            monitor);
      }
    }
  }

  private static Images joined(Images first, Images second) {
    float[] values = new float[first.values().length + second.values().length];
    System.arraycopy(first.values(), 0, values, 0, first.values().length);
    System.arraycopy(second.values(), 0, values, first.values().length, second.values().length);
    return new Images(
        values,
        first.samples() + second.samples(),
        first.channels(),
        first.height(),
        first.width());
  }
}
