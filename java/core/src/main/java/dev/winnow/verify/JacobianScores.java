package dev.winnow.verify;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.score.ClassJacobianCorrelation;
import dev.winnow.score.JacobianCovariance;
import dev.winnow.score.JacobianScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The scores of a golden case that are made of the gradients by the images. */
final class JacobianScores {
  private static final Map<String, JacobianScore> SCORES = new LinkedHashMap<>();

  static {
    Initialization any = Initialization.PYTORCH_DEFAULT; // weights are given
    SCORES.put("jacob_cov", new JacobianCovariance(2, any));
    SCORES.put("epe_nas", new ClassJacobianCorrelation(2, any));
  }

  /** Names of the recorded scores. */
  static final List<String> NAMES = List.copyOf(SCORES.keySet());

  private final RecordedJson json;
  private final List<Check> checks;
  private final Monitor monitor;

  JacobianScores(RecordedJson json, List<Check> checks, Monitor monitor) {
    this.json = json;
    this.checks = checks;
    this.monitor = monitor;
  }

  /**
   * @param job of labelled images
   */
  void verify(Plan plan, Job job) {
    List<String> recorded = NAMES.stream().filter(json.at("proxies")::has).toList();
    if (recorded.isEmpty()) {
      return;
    }
    Passes.compute(
        plan,
        List.of(job),
        recorded.stream().map(SCORES::get).toList(),
        (j, values) -> {
          for (int s = 0; s < values.size(); s++) {
            compare(recorded.get(s), values.get(s).score(), plan.options().precision());
          }
        },
        monitor);
  }

  private void compare(String name, Score score, Precision precision) {
    RecordedJson proxy = json.at("proxies").at(name);
    boolean float32 = precision == Precision.FLOAT32;
    double expected = proxy.at(float32 ? "value" : "value_f64").number();
    String label = name + " " + Bounds.label(precision);
    if (Double.isNaN(expected)) {
      boolean none = score.value().isEmpty() && Double.isNaN(score.published());
      checks.add(new Check(label + " undefined", 1, none ? 1 : 0, 0));
      return;
    }
    double allowed =
        float32
            ? Bounds.stated(proxy.at("tolerance"), expected)
            : Bounds.FLOAT64 * Math.abs(expected);
    checks.add(new Check(label, expected, score.published(), allowed));
  }
}
