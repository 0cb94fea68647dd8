package dev.winnow.search;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.data.ImageSet;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.Direction;
import dev.winnow.score.Estimate;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Passes;
import dev.winnow.score.Protocol;
import dev.winnow.score.Score;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Scores random architectures and takes the best by the sum of ranks: the baseline of every table,
 * and the simplest way to search by a score of one's own.
 *
 * <p>Architectures are uniform over the space's operations, each edge on its own, without
 * repetition. Every score is computed on stand-alone networks under its own protocol; weights and
 * images are common to all architectures in a repeat. An architecture's value is the mean over
 * repeats; ranks are averaged over ties; one without a value in some repeat is ranked last by that
 * score. Equal rank sums keep the order of drawing.
 *
 * <p>The result has one round, with an architecture per candidate.
 */
public final class RandomSearch implements Search {
  private final CellSpace space;
  private final ImageSet images;
  private final RandomSearchOptions options;
  private final List<NetworkScore> scores;

  /** By the two scores of TE-NAS. */
  public RandomSearch(CellSpace space, ImageSet images, RandomSearchOptions options) {
    this(space, images, options, List.of(new NtkConditionNumber(), new LinearRegionCount()));
  }

  /**
   * @param space what is searched
   * @param images what the networks see
   * @param options settings
   * @param scores at least one, of different names
   * @throws IllegalArgumentException for no scores, two of a name, more networks than the space
   *     has, or images that do not fill a batch
   */
  public RandomSearch(
      CellSpace space,
      ImageSet images,
      RandomSearchOptions options,
      List<? extends NetworkScore> scores) {
    this.space = Objects.requireNonNull(space, "space");
    this.images = Objects.requireNonNull(images, "images");
    this.options = Objects.requireNonNull(options, "options");
    this.scores = List.copyOf(scores);
    if (options.networks() > space.size()) {
      throw new IllegalArgumentException(
          "networks must be in [1, "
              + space.size()
              + "] in space "
              + space.name()
              + " but was "
              + options.networks());
    }
    if (this.scores.isEmpty()) {
      throw new IllegalArgumentException("a random search needs at least one score");
    }
    List<String> names = this.scores.stream().map(NetworkScore::name).toList();
    if (Set.copyOf(names).size() < names.size()) {
      throw new IllegalArgumentException("scores must have different names but were " + names);
    }
    for (NetworkScore score : this.scores) {
      int batch = score.protocol(space, images).sampling().batch();
      if (batch > images.size()) {
        throw new IllegalArgumentException(
            "score "
                + score.name()
                + " needs a batch of "
                + batch
                + " but images "
                + images.name()
                + " are "
                + images.size());
      }
    }
  }

  @Override
  public String method() {
    return "random";
  }

  /** The settings. */
  public RandomSearchOptions options() {
    return options;
  }

  @Override
  public SearchResult run(
      Engine engine, Journal journal, SearchListener listener, Monitor monitor) {
    List<String> architectures = draw();
    for (NetworkScore score : scores) {
      NetworkOptions size = score.protocol(space, images).network();
      Passes.require(engine, space.network(architectures.get(0), size), score);
    }
    long evaluations = (long) architectures.size() * options.repeats();
    ProgressCounter progress = new ProgressCounter(listener, 1, evaluations * scores.size());
    progress.begin(1);
    progress.plan(evaluations * scores.size());
    List<ScoredCandidate> scored = new ArrayList<>();
    for (String architecture : architectures) {
      List<Measure> measures = new ArrayList<>();
      for (NetworkScore score : scores) {
        measures.add(measure(score, architecture, engine, journal, progress, monitor));
      }
      ScoredCandidate candidate = new ScoredCandidate(Candidate.of(architecture), measures);
      scored.add(candidate);
      listener.scored(1, candidate);
    }
    Round round = rank(scored);
    journal.roundEnded(round);
    listener.roundEnded(round);
    SearchResult result =
        new SearchResult(
            method(),
            "",
            space.name(),
            images.name(),
            options.seed(),
            best(round),
            scores.stream()
                .map(score -> new SearchResult.Evaluations(score.name(), evaluations))
                .toList(),
            List.of(round),
            List.of());
    listener.ended(result);
    return result;
  }

  private Stream root() {
    return Stream.root(options.seed()).of("random-search");
  }

  private List<String> draw() {
    Philox random = root().of("architectures").generator();
    Set<String> architectures = new LinkedHashSet<>();
    while (architectures.size() < options.networks()) {
      architectures.add(space.sample(random));
    }
    return List.copyOf(architectures);
  }

  private Measure measure(
      NetworkScore score,
      String architecture,
      Engine engine,
      Journal journal,
      ProgressCounter progress,
      Monitor monitor) {
    Protocol protocol = score.protocol(space, images);
    Stream root = root().of(score.name());
    List<Evaluation> evaluations = new ArrayList<>();
    for (int r = 0; r < options.repeats(); r++) {
      evaluations.add(
          new Evaluation(
              architecture + "/" + r + "/" + score.name(),
              Row.NONE,
              new Parameters.Drawn(protocol.initialization(), root.of("weights").of(r)),
              new Evaluation.Draw(root.of("images").of(r), 0)));
    }
    Score[] values = new Score[options.repeats()];
    try (Evaluator evaluator =
        new Evaluator(
            score,
            space.network(architecture, protocol.network()),
            protocol,
            images,
            engine,
            journal)) {
      evaluator.evaluate(
          evaluations,
          (index, value, recalled) -> {
            values[index] = value;
            progress.count(recalled);
          },
          monitor);
    }
    return RoundScores.measure(score.name(), Arrays.asList(values), Estimate.NONE);
  }

  private Round rank(List<ScoredCandidate> scored) {
    double[] sums = new double[scored.size()];
    double[][] ranks = new double[scores.size()][];
    for (int s = 0; s < ranks.length; s++) {
      int index = s;
      int sign = scores.get(s).direction() == Direction.LOWER_IS_BETTER ? 1 : -1;
      double[] keys =
          scored.stream()
              .map(candidate -> candidate.measures().get(index))
              .mapToDouble(m -> m.undefined().isEmpty() ? sign * m.value().mean() : 1 / 0.0)
              .toArray();
      ranks[s] = WinnowRule.averageRanks(keys);
      for (int c = 0; c < sums.length; c++) {
        sums[c] += ranks[s][c];
      }
    }
    int[] order = PruningRule.ascending(sums);
    RankedCandidate[] ranked = new RankedCandidate[sums.length];
    for (int position = 0; position < order.length; position++) {
      int c = order[position];
      List<Double> own = Arrays.stream(ranks).map(rank -> rank[c]).toList();
      ranked[c] = new RankedCandidate(scored.get(c), own, position, false);
    }
    return new Round(1, options.repeats(), Double.NaN, List.of(), Arrays.asList(ranked), List.of());
  }

  private static String best(Round round) {
    return round.candidates().stream()
        .filter(candidate -> candidate.position() == 0)
        .findFirst()
        .orElseThrow()
        .scored()
        .candidate()
        .name();
  }
}
