package dev.winnow.cli.evaluate;

import dev.winnow.evaluation.Assessment;
import dev.winnow.evaluation.CrossMatrix;
import dev.winnow.evaluation.Evaluation;
import dev.winnow.evaluation.IsomorphismBias;
import dev.winnow.evaluation.KendallTau;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An evaluation as maps and lists, in which a number without a value is null. */
public final class EvaluationJson {
  private EvaluationJson() {}

  /** Everything but the values of single architectures. */
  public static Map<String, Object> of(Evaluation evaluation) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("truth", evaluation.truth());
    json.put("architectures", evaluation.architectures().size());
    json.put("scores", evaluation.estimates().stream().map(e -> score(evaluation, e)).toList());
    json.put("matrix", matrix(evaluation.matrix()));
    json.put("stability", evaluation.stability());
    return json;
  }

  private static Map<String, Object> score(Evaluation evaluation, Evaluation.Estimate estimate) {
    Assessment assessment = estimate.assessment();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", assessment.name());
    json.put("protocol", estimate.measurements().protocol());
    json.put("undefined", assessment.sample().undefined());
    json.put("pairs", assessment.kendall());
    Map<String, Object> criteria = new LinkedHashMap<>();
    for (Assessment.Result result : assessment.results()) {
      Map<String, Object> criterion = new LinkedHashMap<>();
      criterion.put("value", result.value());
      criterion.put("low", result.interval().low());
      criterion.put("high", result.interval().high());
      criterion.put("random", result.random());
      criteria.put(result.criterion().label(), criterion);
    }
    json.put("criteria", criteria);
    Map<String, Object> pick = new LinkedHashMap<>();
    pick.put("architecture", evaluation.architectures().get(assessment.pick()));
    pick.put("truth", assessment.sample().truth(assessment.pick()));
    pick.put("trueRank", assessment.trueRank(assessment.pick()));
    json.put("pick", pick);
    Map<String, Object> partial = new LinkedHashMap<>();
    assessment.partial().forEach((given, r) -> partial.put(given, r));
    json.put("partialSpearman", partial);
    json.put("noise", estimate.noise());
    json.put("complexity", estimate.complexity());
    json.put("mutations", estimate.mutations());
    json.put("mutationsOfLargest", estimate.mutationsOfLargest());
    json.put("isomorphism", estimate.isomorphism().map(EvaluationJson::isomorphism).orElse(null));
    return json;
  }

  private static Map<String, Object> isomorphism(IsomorphismBias bias) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("groups", bias.groups());
    json.put("shared", bias.shared());
    json.put("largest", bias.largest());
    json.put("truthWithin", bias.truthWithin());
    json.put("estimateWithin", bias.estimateWithin());
    json.put("tauBOfMeans", KendallTau.of(bias.means()).tauB());
    return json;
  }

  private static Map<String, Object> matrix(CrossMatrix matrix) {
    List<List<Double>> rows = new ArrayList<>();
    for (double[] row : matrix.tau()) {
      rows.add(Arrays.stream(row).boxed().toList());
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("names", matrix.names());
    json.put("tauB", rows);
    return json;
  }
}
