package dev.winnow.search;

import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.random.Stream;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Score;
import dev.winnow.search.DrawSchedule.Place;
import dev.winnow.search.PruningRule.Decision;
import dev.winnow.space.Supernet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One run of {@link TeNas}: the loop over rounds. Used once, by one thread. */
final class TeNasRun {
  private final TeNas search;
  private final TeNasOptions options;
  private final DrawSchedule schedule;
  private final PruningRule rule;
  private final Net ntk;
  private final Net regions;
  private final Journal journal;
  private final SearchListener listener;
  private final Monitor monitor;
  private final Pruning pruning;
  private final boolean[][] start;
  private final ProgressCounter progress;

  /** NTK evaluations that may still be made. */
  private long budget;

  /** Candidates of the rounds before this one. */
  private long ordinal;

  private long evaluations;

  /** The round before which groups began to lose edges, and what was alive then; null earlier. */
  private Grouping grouping;

  private record Grouping(int round, boolean[][] alive) {}

  /** A supernet and what scores its candidates. */
  record Net(Supernet supernet, Evaluator evaluator) {}

  TeNasRun(
      TeNas search,
      DrawSchedule schedule,
      Net ntk,
      Net regions,
      Journal journal,
      SearchListener listener,
      Monitor monitor) {
    this.search = search;
    this.options = search.options();
    this.schedule = schedule;
    this.rule = PruningRule.of(options);
    this.ntk = ntk;
    this.regions = regions;
    this.journal = journal;
    this.listener = listener;
    this.monitor = monitor;
    this.pruning = new Pruning(search.space(), options.pruneNumber());
    this.start = pruning.alive();
    this.budget = Math.max(least(), schedule.common() ? options.budget() : 0);
    this.progress = new ProgressCounter(listener, pruning.candidatesPerRound().length, 2 * budget);
  }

  SearchResult run() {
    List<Round> rounds = new ArrayList<>();
    while (!pruning.done()) {
      Round round = round(rounds.size() + 1);
      rounds.add(round);
      journal.roundEnded(round);
      listener.roundEnded(round);
    }
    return new SearchResult(
        search.method(),
        options.mode().label(),
        search.space().name(),
        search.images().name(),
        options.seed(),
        search.space().architecture(pruning.chosen()),
        List.of(
            new SearchResult.Evaluations(RoundScores.NTK, evaluations),
            new SearchResult.Evaluations(RoundScores.REGIONS, evaluations)),
        rounds,
        spectra());
  }

  /** NTK evaluations of one repeat of a round with so many candidates. */
  private long perRepeat(int candidates) {
    return schedule.common() ? candidates + 1L : 2L * candidates;
  }

  /** NTK evaluations of one repeat of this round and all later ones. */
  private long perRepeatToTheEnd() {
    return Arrays.stream(pruning.candidatesPerRound()).mapToLong(this::perRepeat).sum();
  }

  private long least() {
    return options.repeats() * perRepeatToTheEnd();
  }

  private Round round(int number) {
    List<Candidate> candidates = pruning.candidates();
    Pruning.Limits limits = pruning.limits();
    if (grouping == null && pruning.group().isPresent()) {
      grouping = new Grouping(number, pruning.alive());
    }
    // Every repeat of this round could be had in all later rounds too, so no round starves another.
    long most = budget / perRepeatToTheEnd();
    RoundScores scores = new RoundScores(candidates);
    progress.begin(number);
    int repeats = options.repeats();
    evaluate(number, candidates, limits, scores, 0, repeats);
    double stability = stability(number, scores, limits, repeats);
    while (stability < options.stability() && repeats < most) {
      evaluate(number, candidates, limits, scores, repeats, repeats + 1);
      repeats++;
      stability = stability(number, scores, limits, repeats);
    }
    ordinal += candidates.size();

    List<Removal> removals = scores.removals(repeats);
    Decision decision = rule.decide(removals, limits);
    List<RankedCandidate> ranked = new ArrayList<>();
    for (int c = 0; c < candidates.size(); c++) {
      if (decision.pruned()[c]) {
        pruning.prune(candidates.get(c));
      }
      ranked.add(ranked(removals.get(c), decision, c));
    }
    return new Round(
        number,
        repeats,
        stability,
        scores.origin(repeats, schedule.common()),
        ranked,
        pruning.names());
  }

  private static RankedCandidate ranked(Removal removal, Decision decision, int index) {
    int position = 0;
    while (decision.order()[position] != index) {
      position++;
    }
    return new RankedCandidate(
        RoundScores.scored(
            removal, decision.ntkChanges().get(index), decision.regionChanges().get(index)),
        List.of(decision.ntkRanks()[index], decision.regionRanks()[index]),
        position,
        decision.pruned()[index]);
  }

  /** NaN in the modes that have a fixed number of repeats. */
  private double stability(int round, RoundScores scores, Pruning.Limits limits, int repeats) {
    if (!(rule instanceof WinnowRule winnow)) {
      return Double.NaN;
    }
    Stream stream = schedule.root().of("stability").of(round).of(repeats);
    return winnow.stability(scores.removals(repeats), limits, options.resamples(), stream);
  }

  /** Makes repeats {@code from … to − 1} of all candidates, region counts first: they are cheap. */
  private void evaluate(
      int round,
      List<Candidate> candidates,
      Pruning.Limits limits,
      RoundScores scores,
      int from,
      int to) {
    List<Slot> slots = slots(candidates.size(), from, to);
    evaluations += slots.size();
    budget -= slots.size();
    progress.plan(2L * slots.size());
    for (boolean ofNtk : new boolean[] {false, true}) {
      Net net = ofNtk ? ntk : regions;
      String score = ofNtk ? RoundScores.NTK : RoundScores.REGIONS;
      List<Evaluation> wanted = new ArrayList<>();
      for (Slot slot : slots) {
        wanted.add(evaluation(round, candidates, slot, ofNtk));
      }
      boolean[] told = new boolean[candidates.size()];
      net.evaluator()
          .evaluate(
              wanted,
              (index, value, recalled) -> {
                put(scores, score, slots.get(index), candidates.size(), value);
                progress.count(recalled);
                tell(round, scores, limits, to, told);
              },
              monitor);
    }
  }

  /** Tells the listener of candidates that are complete now and were not before. */
  private void tell(
      int round, RoundScores scores, Pruning.Limits limits, int repeats, boolean[] told) {
    for (int c = 0; c < told.length; c++) {
      if (!told[c] && scores.complete(c, repeats)) {
        told[c] = true;
        Removal removal = scores.removal(c, repeats);
        Decision alone = rule.decide(List.of(removal), limits);
        listener.scored(
            round,
            RoundScores.scored(removal, alone.ntkChanges().get(0), alone.regionChanges().get(0)));
      }
    }
  }

  /**
   * One evaluation's place in a round.
   *
   * @param candidate index; {@link #ALL} for an origin that all candidates share
   * @param origin whether it is the supernet with the candidate's operation
   */
  private record Slot(int candidate, boolean origin, int repeat) {
    private static final int ALL = -1;
  }

  private List<Slot> slots(int candidates, int from, int to) {
    List<Slot> slots = new ArrayList<>();
    if (schedule.common()) {
      for (int r = from; r < to; r++) {
        slots.add(new Slot(Slot.ALL, true, r));
      }
    }
    for (int c = 0; c < candidates; c++) {
      for (int r = from; r < to; r++) {
        if (!schedule.common()) {
          slots.add(new Slot(c, true, r));
        }
        slots.add(new Slot(c, false, r));
      }
    }
    return slots;
  }

  private Evaluation evaluation(int round, List<Candidate> candidates, Slot slot, boolean ofNtk) {
    boolean shared = slot.candidate() == Slot.ALL;
    String name = shared ? "origin" : candidates.get(slot.candidate()).name();
    // The program makes one origin network for all groups: its weights and its edges stay.
    boolean kept = grouping != null && options.mode() == Mode.RELEASED;
    int drawn = kept ? grouping.round() : round;
    long place = ordinal + Math.max(slot.candidate(), 0);
    Place draws = new Place(round, drawn, name, place, slot.repeat());
    boolean[][] alive =
        !slot.origin()
            ? pruning.without(candidates.get(slot.candidate()))
            : kept && ofNtk ? grouping.alive() : pruning.alive();
    String job =
        round
            + "/"
            + name
            + "/"
            + slot.repeat()
            + "/"
            + (slot.origin() && !shared ? "origin." : "")
            + (ofNtk ? RoundScores.NTK : RoundScores.REGIONS);
    Row row = (ofNtk ? ntk : regions).supernet().row(alive);
    return ofNtk
        ? new Evaluation(job, row, schedule.ntkWeights(draws), schedule.images(draws))
        : new Evaluation(job, row, schedule.regionWeights(draws), schedule.patches(draws));
  }

  private static void put(
      RoundScores scores, String score, Slot slot, int candidates, Score value) {
    if (slot.candidate() == Slot.ALL) {
      for (int c = 0; c < candidates; c++) {
        scores.putOrigin(score, c, slot.repeat(), value);
      }
    } else if (slot.origin()) {
      scores.putOrigin(score, slot.candidate(), slot.repeat(), value);
    } else {
      scores.putCandidate(score, slot.candidate(), slot.repeat(), value);
    }
  }

  /** Kernels of the supernet before and after the search, on weights and images of their own. */
  private List<Spectrum> spectra() {
    Parameters weights =
        new Parameters.Drawn(schedule.ntkInitialization(), schedule.root().of("spectrum.weights"));
    Evaluation.Draw draw = new Evaluation.Draw(schedule.root().of("spectrum.images"), 0);
    Job whole =
        new Job(ntk.supernet().row(start), weights, ntk.evaluator().draw(draw)).noisy(draw.noise());
    List<Job> jobs =
        List.of(
            whole,
            new Job(
                ntk.supernet().row(pruning.alive()),
                whole.parameters(),
                whole.images(),
                whole.noise()));
    List<Spectrum> spectra = new ArrayList<>();
    ntk.evaluator()
        .plan()
        .ntk(
            jobs,
            (job, theta) ->
                spectra.add(
                    new Spectrum(
                        job == 0 ? "start" : "end",
                        Arrays.stream(NtkConditionNumber.spectrum(theta)).boxed().toList())),
            monitor);
    return spectra;
  }
}
