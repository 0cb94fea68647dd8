package dev.winnow.cli.search;

import dev.winnow.score.Estimate;
import dev.winnow.search.Measure;
import dev.winnow.search.RankedCandidate;
import dev.winnow.search.Round;
import dev.winnow.search.SearchResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The object that {@code search --json} prints. */
public final class SearchJson {
  private SearchJson() {}

  /**
   * @param accuracies null without a table, else a map from column to value, best, rank and rows
   */
  public static Map<String, Object> of(SearchResult result, FoundCell cell) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", result.method());
    json.put("mode", result.mode().isEmpty() ? null : result.mode());
    json.put("space", result.space());
    json.put("data", result.images());
    json.put("seed", result.seed());
    json.put("genotype", cell.architecture());
    json.put("parameters", cell.parameters());
    json.put("macs", cell.macs());
    json.put("accuracy", accuracy(cell));
    Map<String, Object> evaluations = new LinkedHashMap<>();
    result.evaluations().forEach(e -> evaluations.put(e.score(), e.networks()));
    json.put("evaluations", evaluations);
    json.put("rounds", result.rounds().stream().map(SearchJson::round).toList());
    return json;
  }

  private static Map<String, Object> accuracy(FoundCell cell) {
    if (cell.accuracies().isEmpty()) {
      return null;
    }
    Map<String, Object> columns = new LinkedHashMap<>();
    for (Accuracy a : cell.accuracies()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("value", a.value());
      one.put("best", a.best());
      one.put("rank", a.rank());
      one.put("rows", a.rows());
      columns.put(a.column(), one);
    }
    return columns;
  }

  private static Map<String, Object> round(Round round) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("number", round.number());
    json.put("repeats", round.repeats());
    json.put("stability", number(round.stability()));
    List<Map<String, Object>> candidates = new ArrayList<>();
    for (RankedCandidate candidate : round.candidates()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("candidate", candidate.scored().candidate().name());
      one.put("position", candidate.position());
      one.put("pruned", candidate.pruned());
      for (Measure measure : candidate.scored().measures()) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        put(numbers, "value", "standardError", measure.value());
        put(numbers, "change", "changeStandardError", measure.change());
        one.put(measure.score(), numbers);
      }
      candidates.add(one);
    }
    json.put("candidates", candidates);
    return json;
  }

  private static void put(Map<String, Object> json, String mean, String error, Estimate value) {
    json.put(mean, number(value.mean()));
    json.put(error, number(value.standardError()));
  }

  /** JSON has no NaN. */
  private static Double number(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
