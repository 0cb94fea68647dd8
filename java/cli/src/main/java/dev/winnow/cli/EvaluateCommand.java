package dev.winnow.cli;

import dev.winnow.cli.evaluate.EvaluationJson;
import dev.winnow.cli.evaluate.EvaluationTables;
import dev.winnow.cli.report.EvaluationPage;
import dev.winnow.evaluation.Assessment;
import dev.winnow.evaluation.Choosing;
import dev.winnow.evaluation.Combination;
import dev.winnow.evaluation.Combined;
import dev.winnow.evaluation.Criterion;
import dev.winnow.evaluation.Evaluation;
import dev.winnow.evaluation.Measurements;
import dev.winnow.file.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code winnow evaluate}: how well scores rank architectures whose accuracy is known. */
@Command(
    name = "evaluate",
    description = {
      "Compares scores with true accuracies: rank correlations, top and bottom criteria with",
      "intervals and what random ranking gives, partial correlations, biases, agreement."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class EvaluateCommand implements Callable<Integer> {
  private static final int MOST_RESAMPLES = 100_000;

  private final Session session;

  EvaluateCommand(Session session) {
    this.session = session;
  }

  @Mixin private EvaluationFiles files;

  @Mixin private TruthFile table;

  @Option(
      names = "--given",
      paramLabel = "A,B",
      split = ",",
      description =
          "Scores or table columns for partial correlation and complexity groups. Default: those"
              + " of params, flops and macs that the scores have.")
  private List<String> given;

  @Option(
      names = "--combine",
      paramLabel = "NAME=HOW:A,B",
      description =
          "A score made of others by rank-log, borda, z-mean or vote, as in"
              + " best=rank-log:jacov,params; may be repeated.")
  private List<String> combinations = new ArrayList<>();

  @Option(
      names = "--choose",
      paramLabel = "N",
      description =
          "Choose N scores by information gain on one random half of the architectures, and"
              + " evaluate everything, their rank-log among it, on the other half.")
  private Integer choose;

  @Option(
      names = "--k",
      paramLabel = "K,K",
      split = ",",
      description = "Shares for the top and bottom criteria, in (0, 1]. Default: .001 to .5.")
  private List<Double> shares = Criterion.SHARES;

  @Option(
      names = "--ties",
      paramLabel = "HOW",
      defaultValue = "stable",
      description =
          "Equal values rank in the order of the file (stable), or P@top and P@bottom are averaged"
              + " over all orders of equals (average). Default: ${DEFAULT-VALUE}.")
  private Criterion.Ties ties;

  @Option(
      names = "--drop-undefined",
      description = "Leave out architectures that a score has no value for; else they rank worst.")
  private boolean dropUndefined;

  @Option(
      names = "--bootstrap",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Resamples of the architectures; 0 for none. Default: ${DEFAULT-VALUE}.")
  private int resamples;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the resamples. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write report.html and evaluation.json here.")
  private Path out;

  @Option(names = "--json", description = "Print one JSON object instead of tables.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    checkOptions();
    Map<String, List<String>> repeated = new LinkedHashMap<>();
    List<Measurements> scores = Evaluation.distinguished(files.scores(), repeated);
    Set<String> lower = lower(scores, repeated);
    List<Measurements> variables = variables(scores);
    List<Evaluation> evaluations = new ArrayList<>();
    List<Measurements> truths = table.truths(files, scores.get(0).values().keySet());
    Set<String> names = new LinkedHashSet<>(repeated.keySet());
    Stream.concat(scores.stream(), truths.stream()).map(Measurements::name).forEach(names::add);
    files.requireLowerAmong(names);
    for (Measurements truth : truths) {
      List<Combined> combined = combined();
      requireNew(combined, scores);
      Measurements judged = truth;
      if (choose != null) {
        Choosing choosing = Choosing.of(truth, scores, lower, choose, seed);
        combined.add(choosing.combined());
        judged = choosing.rest();
        tell(choosing);
      }
      Evaluation.Question question =
          new Evaluation.Question(
              new Assessment.Options(shares, ties, resamples, seed),
              combined,
              lower,
              dropUndefined,
              EvaluationFiles::words,
              files.form());
      evaluations.add(Evaluation.of(judged, scores, repeated, variables, question));
    }
    String machine =
        JsonOutput.of(Map.of("evaluations", evaluations.stream().map(EvaluationJson::of).toList()));
    if (out != null) {
      Files.createDirectories(out);
      WholeFile.write(out.resolve("evaluation.json"), machine + "\n");
      WholeFile.write(
          out.resolve("report.html"),
          EvaluationPage.of("Evaluation of scores", compared(), evaluations));
    }
    if (json) {
      session.console().out().println(machine);
    } else {
      session.console().out().println(compared());
      for (Evaluation evaluation : evaluations) {
        new EvaluationTables(evaluation).all().forEach(t -> t.print(session.console().out()));
      }
    }
    return ExitCode.DONE;
  }

  private String compared() {
    return files.describe() + " against " + table.describe();
  }

  private void checkOptions() {
    for (double share : shares) {
      if (!(share > 0 && share <= 1)) {
        throw new UsageException("--k must be in (0, 1] but was " + share);
      }
    }
    if (resamples < 0 || resamples == 1 || resamples > MOST_RESAMPLES) {
      throw new UsageException(
          "--bootstrap must be 0 or in [2, " + MOST_RESAMPLES + "] but was " + resamples);
    }
  }

  private List<Combined> combined() {
    List<Combined> combined = new ArrayList<>();
    Map<String, String> recipes = EvaluationFiles.byKey("--combine", "NAME=HOW:A,B", combinations);
    recipes.forEach(
        (name, recipe) -> {
          String[] parts = recipe.split(":", 2);
          Combination how =
              Arrays.stream(Combination.values())
                  .filter(c -> c.label().equals(parts[0]))
                  .findFirst()
                  .orElse(null);
          if (how == null || parts.length < 2 || parts[1].isEmpty()) {
            throw new UsageException(
                "--combine must be NAME=HOW:A,B with HOW among "
                    + Arrays.stream(Combination.values()).map(Combination::label).toList()
                    + " but was '"
                    + name
                    + "="
                    + recipe
                    + "'");
          }
          combined.add(new Combined(name, how, List.of(parts[1].split(",")), Set.of()));
        });
    return combined;
  }

  private static void requireNew(List<Combined> combined, List<Measurements> scores) {
    for (Combined each : combined) {
      if (scores.stream().anyMatch(score -> score.name().equals(each.name()))) {
        throw new UsageException("--combine needs a new name but " + each.name() + " is a score");
      }
    }
  }

  private void tell(Choosing choosing) {
    choosing
        .choices()
        .forEach(
            (score, choice) ->
                session
                    .console()
                    .err()
                    .printf(
                        Locale.ROOT,
                        "winnow: chosen on %,d architectures: %s, %.3f of %.3f bits left%n",
                        choosing.chosenOn(),
                        score,
                        choice.after(),
                        choice.before()));
  }

  /** Names of which lower is better; those of a score of several protocols under every new name. */
  private Set<String> lower(List<Measurements> scores, Map<String, List<String>> repeated) {
    Set<String> lower = new LinkedHashSet<>(files.lower());
    files.lower().forEach(name -> lower.addAll(repeated.getOrDefault(name, List.of())));
    return lower;
  }

  private List<Measurements> variables(List<Measurements> scores) throws IOException {
    Map<String, Measurements> byName =
        scores.stream().collect(Collectors.toMap(Measurements::name, score -> score));
    if (given == null) {
      return List.of("params", "flops", "macs").stream()
          .filter(byName::containsKey)
          .map(byName::get)
          .toList();
    }
    List<Measurements> variables = new ArrayList<>();
    List<String> columns = given.stream().filter(name -> !byName.containsKey(name)).toList();
    given.stream().filter(byName::containsKey).map(byName::get).forEach(variables::add);
    if (!columns.isEmpty()) {
      variables.addAll(table.columns(files, columns, scores.get(0).values().keySet()));
    }
    return variables;
  }
}
