package dev.winnow.verify;

import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Recorded running means and variances after one forward pass with batch statistics. They are
 * float32's; a float64 pass is held against them within the same bound.
 */
final class RunningBuffers {
  private static final String AFTER = "expected.buffer_after.";

  private final RecordedJson json;
  private final RecordedTensors tensors;
  private final List<Check> checks;

  RunningBuffers(RecordedJson json, RecordedTensors tensors, List<Check> checks) {
    this.json = json;
    this.tensors = tensors;
    this.checks = checks;
  }

  void verify(Plan plan, Job job, Monitor monitor) {
    String label = Bounds.label(plan.options().precision());
    plan.runningStatistics(List.of(job), (i, found) -> compare(found, label), monitor);
  }

  private void compare(Map<String, Tensor> found, String label) {
    found.forEach(
        (name, computed) -> {
          double[] expected = tensors.get(AFTER + name, computed.shape()).values();
          RecordedJson tolerance = json.at("tolerance").at("buffer_after");
          double allowed = Bounds.stated(tolerance, Bounds.maxAbs(expected));
          checks.add(
              Check.worst(
                  name + " after the pass " + label,
                  expected,
                  computed.values(),
                  Bounds.same(expected.length, allowed)));
        });
  }
}
