package dev.winnow.cli.evaluate;

import dev.winnow.evaluation.Assessment;
import dev.winnow.evaluation.ComplexityBias;
import dev.winnow.evaluation.Correlation;
import dev.winnow.evaluation.Criterion;
import dev.winnow.evaluation.CrossMatrix;
import dev.winnow.evaluation.Evaluation;
import dev.winnow.evaluation.IsomorphismBias;
import dev.winnow.evaluation.KendallTau;
import dev.winnow.evaluation.MutationBias;
import dev.winnow.evaluation.PairedSample;
import dev.winnow.evaluation.RankDifference;
import dev.winnow.evaluation.Stability;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The tables of an evaluation. */
public final class EvaluationTables {
  private static final int EXAMPLES = 3;
  private static final List<String> CORRELATIONS =
      List.of("spearman", "tau-b", "tau-a", "weighted-tau", "pearson");

  private final Evaluation evaluation;

  /**
   * @param evaluation of at least one score
   */
  public EvaluationTables(Evaluation evaluation) {
    this.evaluation = evaluation;
  }

  /** All tables, the most important first. */
  public List<Grid> all() {
    List<Grid> tables = new ArrayList<>();
    tables.add(correlations());
    tables.add(picks());
    shares().forEach(share -> tables.add(top(share)));
    partial().ifPresent(tables::add);
    tables.addAll(complexity());
    tables.add(mutations(false));
    if (evaluation.estimates().stream().anyMatch(e -> !e.mutationsOfLargest().isEmpty())) {
      tables.add(mutations(true));
    }
    isomorphism().ifPresent(tables::add);
    tables.add(examples());
    stability().ifPresent(tables::add);
    tables.add(matrix());
    return tables;
  }

  private Grid correlations() {
    List<List<String>> rows = new ArrayList<>();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      List<String> row = new ArrayList<>();
      row.add(estimate.assessment().name());
      CORRELATIONS.forEach(name -> row.add(result(estimate.assessment().result(name), "%.3f")));
      KendallTau kendall = estimate.assessment().kendall();
      row.add(count(kendall.estimateTies()));
      row.add(count(estimate.assessment().sample().undefined()));
      row.add(number("%.3f", estimate.noise()));
      rows.add(row);
    }
    rows.add(List.of("random ranking", "0", "0", "0", "0", "0", "", "", ""));
    long ties = evaluation.estimates().get(0).assessment().kendall().truthTies();
    return new Grid(
        "Correlation with " + evaluation.truth(),
        String.format(
            Locale.ROOT,
            "%,d architectures; %,d pairs tied in truth; noise: share of the differences between"
                + " architectures that another seed would change",
            evaluation.architectures().size(),
            ties),
        Stream.of(
                Stream.of("score"), CORRELATIONS.stream(), Stream.of("ties", "undefined", "noise"))
            .flatMap(s -> s)
            .toList(),
        rows);
  }

  private Grid picks() {
    List<List<String>> rows = new ArrayList<>();
    PairedSample sample = null;
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      Assessment assessment = estimate.assessment();
      sample = assessment.sample();
      int pick = assessment.pick();
      rows.add(
          List.of(
              assessment.name(),
              number("%.3f", sample.truth(pick)),
              count(assessment.trueRank(pick)),
              result(assessment.result("regret@1"), "%.3f"),
              evaluation.architectures().get(pick)));
    }
    Assessment.Result random = evaluation.estimates().get(0).assessment().result("regret@1");
    double best = sample.truth(sample.byTruth(0));
    rows.add(
        List.of(
            "random ranking",
            number("%.3f", best - random.random()),
            "",
            number("%.3f", random.random()),
            "in expectation"));
    rows.add(
        List.of(
            "the best",
            number("%.3f", best),
            "1",
            "0",
            evaluation.architectures().get(sample.byTruth(0))));
    return new Grid(
        "What each score would pick",
        "the architecture of the best score, its truth, its true rank, what it loses to the best",
        List.of("score", "truth", "true rank", "regret", "architecture"),
        rows);
  }

  private List<Double> shares() {
    return evaluation.estimates().get(0).assessment().results().stream()
        .filter(r -> r.criterion().name().equals("P@top") && !Double.isNaN(r.value()))
        .map(r -> r.criterion().share())
        .toList();
  }

  private Grid top(double share) {
    List<String> header = new ArrayList<>(List.of("score"));
    List<String> random = new ArrayList<>(List.of("random ranking"));
    List<List<String>> rows = new ArrayList<>();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      List<String> row = new ArrayList<>(List.of(estimate.assessment().name()));
      for (Assessment.Result result : estimate.assessment().results()) {
        if (result.criterion().share() != share || result.criterion().name().indexOf('@') < 0) {
          continue;
        }
        if (result.criterion().label().equals("regret@1")) {
          continue;
        }
        row.add(result(result, format(result)));
        if (rows.isEmpty()) {
          header.add(result.criterion().label());
          random.add(number(format(result), result.random()));
        }
      }
      rows.add(row);
    }
    rows.add(random);
    return new Grid(
        String.format(
            Locale.ROOT,
            "Top and bottom %s (%,d)",
            Criterion.percent(share),
            Criterion.count(share, evaluation.architectures().size())),
        "BR, WR and regret: lower is better",
        header,
        rows);
  }

  /** Ranks divided by the number of architectures need a digit more. */
  private static String format(Assessment.Result result) {
    return result.criterion().label().matches("[BW]R.*") ? "%.4f" : "%.3f";
  }

  private Optional<Grid> partial() {
    List<String> given = List.copyOf(evaluation.estimates().get(0).assessment().partial().keySet());
    if (given.isEmpty()) {
      return Optional.empty();
    }
    List<List<String>> rows = new ArrayList<>();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      List<String> row = new ArrayList<>();
      row.add(estimate.assessment().name());
      row.add(number("%.3f", estimate.assessment().result("spearman").value()));
      estimate.assessment().partial().values().forEach(r -> row.add(number("%.3f", r)));
      rows.add(row);
    }
    List<String> header = new ArrayList<>(List.of("score", "spearman"));
    given.forEach(name -> header.add("given " + name));
    return Optional.of(
        new Grid(
            "Partial correlation",
            "Spearman's ρ after what the given variables say is removed from score and truth",
            header,
            rows));
  }

  private List<Grid> complexity() {
    List<Grid> tables = new ArrayList<>();
    int variables = evaluation.estimates().get(0).complexity().size();
    for (int v = 0; v < variables; v++) {
      List<List<String>> rows = new ArrayList<>();
      List<String> header = new ArrayList<>(List.of("score"));
      for (Evaluation.Estimate estimate : evaluation.estimates()) {
        ComplexityBias bias = estimate.complexity().get(v);
        List<String> row = new ArrayList<>(List.of(estimate.assessment().name()));
        for (ComplexityBias.Group group : bias.groups()) {
          row.add(number("%.3f", group.tau()) + " " + number("%+.1f%%", 100 * group.relative()));
          if (rows.isEmpty()) {
            header.add(number("%.4g", group.least()) + "–" + number("%.4g", group.most()));
          }
        }
        rows.add(row);
      }
      String name = evaluation.estimates().get(0).complexity().get(v).complexity();
      tables.add(
          new Grid(
              "Bias by " + name,
              "five groups of equal counts; τ-b within the group, and mean over-estimation in ranks"
                  + " (share of all architectures)",
              header,
              rows));
    }
    return tables;
  }

  private Grid mutations(boolean largest) {
    List<List<String>> rows = new ArrayList<>();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      List<MutationBias> all = largest ? estimate.mutationsOfLargest() : estimate.mutations();
      all.stream()
          .sorted(Comparator.comparingDouble(m -> m.truthUp() - m.estimateUp()))
          .limit(EXAMPLES)
          .forEach(
              m ->
                  rows.add(
                      List.of(
                          estimate.assessment().name(),
                          m.from() + " → " + m.to(),
                          count(m.pairs()),
                          number("%.1f%%", 100 * m.truthUp()),
                          number("%.1f%%", 100 * m.estimateUp()))));
    }
    return new Grid(
        largest ? "Bias by operation among the largest fifth" : "Bias by operation",
        "pairs that differ in one operation: how often truth and score increase; the three most"
            + " over-estimated replacements of each score",
        List.of("score", "replacement", "pairs", "truth up", "score up"),
        rows);
  }

  private Optional<Grid> isomorphism() {
    List<List<String>> rows = new ArrayList<>();
    int groups = 0;
    int shared = 0;
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      if (estimate.isomorphism().isPresent()) {
        IsomorphismBias bias = estimate.isomorphism().get();
        groups = bias.groups();
        shared = bias.shared();
        rows.add(
            List.of(
                estimate.assessment().name(),
                number("%.1f%%", 100 * bias.truthWithin()),
                number("%.1f%%", 100 * bias.estimateWithin()),
                number("%.3f", Correlation.spearman(bias.means())),
                number("%.3f", KendallTau.of(bias.means()).tauB())));
      }
    }
    if (shared == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Grid(
            "Architectures that compute the same function",
            String.format(
                Locale.ROOT,
                "%,d functions, %,d of them with several architectures; share of the variance of"
                    + " ranks within functions, and correlation of the functions' means",
                groups,
                shared),
            List.of("score", "truth within", "score within", "spearman", "tau-b"),
            rows));
  }

  private Grid examples() {
    List<List<String>> rows = new ArrayList<>();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      PairedSample sample = estimate.assessment().sample();
      int[] difference = RankDifference.of(sample);
      List<Integer> order =
          IntStream.range(0, difference.length)
              .boxed()
              .sorted(Comparator.comparingInt(i -> difference[i]))
              .toList();
      rows.add(example(estimate, "over-estimated", order.get(order.size() - 1), difference));
      rows.add(example(estimate, "under-estimated", order.get(0), difference));
    }
    return new Grid(
        "Most over- and under-estimated architectures",
        "RD: true rank minus rank by score",
        List.of("score", "which", "RD", "truth", "architecture"),
        rows);
  }

  private List<String> example(
      Evaluation.Estimate estimate, String which, int index, int[] difference) {
    return List.of(
        estimate.assessment().name(),
        which,
        String.format(Locale.ROOT, "%+,d", difference[index]),
        number("%.3f", estimate.assessment().sample().truth(index)),
        evaluation.architectures().get(index));
  }

  private Optional<Grid> stability() {
    if (evaluation.stability().isEmpty()) {
      return Optional.empty();
    }
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<String, Stability> entry : evaluation.stability().entrySet()) {
      Stability s = entry.getValue();
      rows.add(
          List.of(
              entry.getKey(),
              count(s.repeats()),
              number("%.3f", s.mean()) + " ± " + number("%.3f", s.deviation()),
              number("%.3f", s.agreement()),
              number("%.3f", s.leastAgreement()),
              number("%.1f%%", 100 * s.ofArchitectures()),
              number("%.1f%%", 100 * s.ofRepeats()),
              number("%.1f%%", 100 * s.ofNoise())));
    }
    return Optional.of(
        new Grid(
            "Stability of scores computed several times",
            "Spearman's ρ with the truth, between two repeats, and what the variance belongs to",
            List.of(
                "score",
                "repeats",
                "with truth",
                "agreement",
                "least",
                "architectures",
                "repeats",
                "noise"),
            rows));
  }

  private Grid matrix() {
    CrossMatrix matrix = evaluation.matrix();
    List<String> header = new ArrayList<>(List.of("τ-b"));
    header.addAll(matrix.names());
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < matrix.names().size(); i++) {
      double[] tau = matrix.tau()[i];
      rows.add(
          Stream.concat(
                  Stream.of(matrix.names().get(i)),
                  IntStream.range(0, tau.length).mapToObj(j -> number("%.2f", tau[j])))
              .collect(Collectors.toList()));
    }
    return new Grid("Agreement of scores", "", header, rows);
  }

  private static String result(Assessment.Result result, String format) {
    String value = number(format, result.value());
    return Double.isNaN(result.interval().low())
        ? value
        : value
            + " ["
            + number(format, result.interval().low())
            + ", "
            + number(format, result.interval().high())
            + "]";
  }

  private static String number(String format, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "–";
  }

  private static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
