package dev.winnow.verify;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Recorded gradients of the mean cross-entropy with batch statistics: of every parameter and of the
 * input, entry by entry, in float32; in float64 the norm of every parameter's, which is what is
 * recorded.
 */
final class LossGradients {
  private final RecordedJson json;
  private final RecordedTensors tensors;
  private final List<Check> checks;

  LossGradients(RecordedJson json, RecordedTensors tensors, List<Check> checks) {
    this.json = json;
    this.tensors = tensors;
    this.checks = checks;
  }

  void verify(Plan plan, Job job, Monitor monitor) {
    int samples = plan.options().batch();
    int classes = (int) plan.graph().nodes().get(plan.graph().output()).shape().elements();
    int[] labels = tensors.labels("target", samples, classes);
    plan.gradients(
        List.of(job),
        new Cotangent.CrossEntropy(Arrays.stream(labels).boxed().toList()),
        NormMode.BATCH,
        true,
        (i, gradients) -> {
          if (plan.options().precision() == Precision.FLOAT32) {
            entries(gradients);
          } else {
            norms(gradients);
          }
        },
        monitor);
  }

  private void entries(Gradients gradients) {
    double relative = json.at("tolerance").at("grad").at("value").number();
    double least = 1e-3 * json.at("max_abs_gradient").number();
    Set<String> zero = structurallyZero();
    gradients
        .parameters()
        .forEach(
            (name, gradient) -> {
              double[] recorded = tensors.get("expected.grad." + name, gradient.shape()).values();
              // What is recorded of an exact zero is rounding.
              double[] expected = zero.contains(name) ? new double[recorded.length] : recorded;
              double allowed = relative * Math.max(Bounds.maxAbs(recorded), least);
              compare("gradient of " + name, expected, gradient.values(), allowed);
            });
    double[] computed = gradients.input().orElseThrow().values();
    double[] expected = tensors.get("expected.grad.input").values();
    double allowed = Bounds.stated(json.at("tolerance").at("grad.input"), Bounds.maxAbs(expected));
    compare("gradient of the input", expected, computed, allowed);
  }

  private void compare(String name, double[] expected, double[] computed, double allowed) {
    double[] bounds = Bounds.same(expected.length, allowed);
    checks.add(Check.worst(name + " float32", expected, computed, bounds));
  }

  private void norms(Gradients gradients) {
    RecordedJson recorded = json.at("grad_norms_f64");
    double largest =
        gradients.parameters().keySet().stream()
            .mapToDouble(n -> recorded.at(n).number())
            .max()
            .orElse(0);
    Set<String> zero = structurallyZero();
    gradients
        .parameters()
        .forEach(
            (name, gradient) -> {
              double norm = Math.sqrt(Arrays.stream(gradient.values()).map(g -> g * g).sum());
              double expected = zero.contains(name) ? 0 : recorded.at(name).number();
              double allowed = Bounds.FLOAT64 * Math.max(expected, 1e-3 * largest);
              checks.add(
                  new Check(
                      "norm of the gradient of " + name + " float64", expected, norm, allowed));
            });
  }

  private Set<String> structurallyZero() {
    RecordedJson names = json.at("structurally_zero_gradients");
    Set<String> zero = new HashSet<>();
    IntStream.range(0, names.size()).forEach(i -> zero.add(names.at(i).text()));
    return zero;
  }
}
