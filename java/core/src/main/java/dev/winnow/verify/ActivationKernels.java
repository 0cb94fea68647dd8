package dev.winnow.verify;

import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.score.ActivationKernelLogDeterminant;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import java.util.Arrays;
import java.util.List;

/**
 * The activation kernels of a golden case and their log-determinants, as three programs have them.
 */
final class ActivationKernels {
  private record Variant(String name, Hooks hooks, NormMode norm) {}

  private static final List<Variant> VARIANTS =
      List.of(
          new Variant("nwot", Hooks.RELUS_AND_WRAPPERS, NormMode.BATCH),
          new Variant("nwot_naslib", Hooks.RELUS, NormMode.BATCH),
          new Variant("nwot_zcpt", Hooks.RELUS_AND_WRAPPERS, NormMode.RUNNING));

  /** Names of the recorded scores. */
  static final List<String> NAMES = VARIANTS.stream().map(Variant::name).toList();

  /**
   * Units by which an entry may differ in float32: a unit within rounding of 0 may lie on the other
   * side in one of the two samples, or in both. Nowhere have more than two been seen (README of the
   * cases: signs flip with the order of summation).
   *
   * @param multiplicity how often a unit counts at most
   */
  static long flipped(long multiplicity) {
    return 2 * 2 * multiplicity;
  }

  private final RecordedJson json;
  private final RecordedTensors tensors;
  private final List<Check> checks;

  ActivationKernels(RecordedJson json, RecordedTensors tensors, List<Check> checks) {
    this.json = json;
    this.tensors = tensors;
    this.checks = checks;
  }

  void verify(Plan plan, Job job, Monitor monitor) {
    for (Variant variant : VARIANTS) {
      if (json.at("proxies").has(variant.name())) {
        plan.activationKernel(
            List.of(job),
            variant.hooks().multiplicities(plan.graph()),
            variant.norm(),
            (i, kernel) -> compare(variant.name(), kernel, plan.options().precision()),
            monitor);
      }
    }
  }

  private void compare(String name, long[][] kernel, Precision precision) {
    RecordedJson proxy = json.at("proxies").at(name);
    String label = Bounds.label(precision);
    boolean float32 = precision == Precision.FLOAT32;
    // The recorded matrix is float32's; where it is float64's too, that one must be met exactly.
    if (float32 || proxy.at("K_entries_differing_f32_f64").integer() == 0) {
      double[] recorded =
          tensors.get("expected." + name + ".K", kernel.length, kernel.length).values();
      double[] computed =
          Arrays.stream(kernel).flatMapToLong(Arrays::stream).asDoubleStream().toArray();
      double[] allowed = Bounds.same(recorded.length, float32 ? flipped(2) : 0);
      checks.add(Check.worst(name + " K " + label, recorded, computed, allowed));
    }
    double expected = proxy.at(float32 ? "value" : "value_f64").number();
    double allowed = float32 ? Bounds.stated(proxy.at("tolerance"), expected) : FLOAT64;
    double score = ActivationKernelLogDeterminant.of(kernel).published();
    checks.add(new Check(name + " " + label, expected, score, allowed));
  }

  /**
   * Of the log-determinant of the same integers: a factorisation's backward error, n·ε·K_ii, over
   * the smallest eigenvalue, for each of n pivots; both sides have it.
   */
  private static final double FLOAT64 = 1e-9;
}
