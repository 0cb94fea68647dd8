package dev.winnow.search;

import dev.winnow.score.Estimate;
import dev.winnow.score.Score;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores of one round, as they come in: κ and region count of origin and candidates, repeat by
 * repeat.
 */
final class RoundScores {
  /** Names of the two scores, in the order of a candidate's measures. */
  static final String NTK = "ntk";

  static final String REGIONS = "regions";

  private final List<Candidate> candidates;
  private final List<Slots> ntk = new ArrayList<>();
  private final List<Slots> regions = new ArrayList<>();

  RoundScores(List<Candidate> candidates) {
    this.candidates = candidates;
    for (int c = 0; c < candidates.size(); c++) {
      ntk.add(new Slots(new ArrayList<>(), new ArrayList<>()));
      regions.add(new Slots(new ArrayList<>(), new ArrayList<>()));
    }
  }

  /** Scores of origin and candidate by repeat; null until they are there. */
  private record Slots(List<Score> origin, List<Score> candidate) {
    private static void put(List<Score> scores, int repeat, Score score) {
      while (scores.size() <= repeat) {
        scores.add(null);
      }
      scores.set(repeat, score);
    }

    private boolean complete(int repeats) {
      return complete(origin, repeats) && complete(candidate, repeats);
    }

    private static boolean complete(List<Score> scores, int repeats) {
      return scores.size() >= repeats && !scores.subList(0, repeats).contains(null);
    }

    private Removal.Pairs pairs(int repeats) {
      return new Removal.Pairs(
          List.copyOf(origin.subList(0, repeats)), List.copyOf(candidate.subList(0, repeats)));
    }
  }

  /** The slots of a score. */
  private List<Slots> slots(String score) {
    return score.equals(NTK) ? ntk : regions;
  }

  void putOrigin(String score, int candidate, int repeat, Score value) {
    Slots.put(slots(score).get(candidate).origin(), repeat, value);
  }

  void putCandidate(String score, int candidate, int repeat, Score value) {
    Slots.put(slots(score).get(candidate).candidate(), repeat, value);
  }

  /** Whether all scores of a candidate's first repeats are there. */
  boolean complete(int candidate, int repeats) {
    return ntk.get(candidate).complete(repeats) && regions.get(candidate).complete(repeats);
  }

  /** The measurements of one candidate. */
  Removal removal(int candidate, int repeats) {
    return new Removal(
        candidates.get(candidate),
        ntk.get(candidate).pairs(repeats),
        regions.get(candidate).pairs(repeats));
  }

  /** The measurements of all candidates. */
  List<Removal> removals(int repeats) {
    List<Removal> removals = new ArrayList<>();
    for (int c = 0; c < candidates.size(); c++) {
      removals.add(removal(c, repeats));
    }
    return removals;
  }

  /** A candidate's measures. */
  static ScoredCandidate scored(Removal removal, Estimate ntkChange, Estimate regionChange) {
    return new ScoredCandidate(
        removal.candidate(),
        List.of(
            measure(NTK, removal.ntk().candidate(), ntkChange),
            measure(REGIONS, removal.regions().candidate(), regionChange)));
  }

  /** The origin's measures over all evaluations of it; one per repeat where it is shared. */
  List<Measure> origin(int repeats, boolean shared) {
    List<Measure> measures = new ArrayList<>();
    for (String score : List.of(NTK, REGIONS)) {
      List<Score> values = new ArrayList<>();
      for (Slots slots : shared ? slots(score).subList(0, 1) : slots(score)) {
        values.addAll(slots.origin().subList(0, repeats));
      }
      measures.add(measure(score, values, Estimate.NONE));
    }
    return measures;
  }

  /** What the values of a score say of a network. */
  static Measure measure(String name, List<Score> values, Estimate change) {
    double[] defined =
        values.stream().filter(v -> v.value().isPresent()).mapToDouble(Score::published).toArray();
    String undefined =
        values.stream()
            .filter(Score.Undefined.class::isInstance)
            .map(value -> ((Score.Undefined) value).reason())
            .findFirst()
            .orElse("");
    return new Measure(name, Estimate.of(defined), change, undefined);
  }
}
