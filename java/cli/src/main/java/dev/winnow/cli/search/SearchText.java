package dev.winnow.cli.search;

import dev.winnow.score.Estimate;
import dev.winnow.search.Measure;
import dev.winnow.search.RankedCandidate;
import dev.winnow.search.Round;
import dev.winnow.search.SearchResult;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Prints the result of a search for people. */
public final class SearchText {
  /** Lines of a sampling search, which has a candidate per network. */
  private static final int BEST_SHOWN = 5;

  private final PrintStream out;

  /**
   * @param out where to
   */
  public SearchText(PrintStream out) {
    this.out = out;
  }

  /** Method, cell, its size, and its place in the benchmark. */
  public void found(SearchResult result, FoundCell cell) {
    String mode = result.mode().isEmpty() ? "" : ", mode " + result.mode();
    print(
        "%s on %s%s, seed %d, %s images%n",
        result.method(), result.space(), mode, result.seed(), result.images());
    print("%n  %s%n%n", cell.architecture());
    print("  %-14s %,d%n", "parameters", cell.parameters());
    print("  %-14s %,d%n", "MACs", cell.macs());
    for (SearchResult.Evaluations evaluations : result.evaluations()) {
      print("  %-14s %,d evaluations%n", evaluations.score(), evaluations.networks());
    }
    if (!cell.mainAccuracies().isEmpty()) {
      int width =
          cell.mainAccuracies().stream().mapToInt(a -> a.description().length()).max().orElse(0);
      String name = "  %-" + width + "s";
      print("%n" + name + " %8s %8s   %s%n", "benchmark, percent", "found", "best", "rank");
      for (Accuracy a : cell.mainAccuracies()) {
        print(
            name + " %8.2f %8.2f   %,d of %,d%n",
            a.description(),
            a.value(),
            a.best(),
            a.rank(),
            a.rows());
      }
    }
  }

  /** The rounds: what was pruned, or the best of those sampled, with one standard error. */
  public void trace(SearchResult result) {
    for (Round round : result.rounds()) {
      boolean pruning = round.candidates().stream().anyMatch(RankedCandidate::pruned);
      String stability =
          Double.isNaN(round.stability())
              ? ""
              : String.format(Locale.ROOT, ", decision stable in %.0f %%", 100 * round.stability());
      print(
          "%nRound %d: %d candidates, %d %s%s%n",
          round.number(),
          round.candidates().size(),
          round.repeats(),
          round.repeats() == 1 ? "repeat" : "repeats",
          stability);
      List<RankedCandidate> shown =
          round.candidates().stream()
              .filter(candidate -> pruning ? candidate.pruned() : candidate.position() < BEST_SHOWN)
              .sorted(Comparator.comparingInt(RankedCandidate::position))
              .toList();
      if (!shown.isEmpty()) {
        table(pruning, shown);
      }
    }
  }

  private void table(boolean pruning, List<RankedCandidate> rows) {
    int width =
        rows.stream().mapToInt(row -> row.scored().candidate().name().length()).max().orElse(0);
    List<String> header = new ArrayList<>();
    for (Measure measure : rows.get(0).scored().measures()) {
      header.add(pruning ? "change of " + measure.score() : measure.score());
    }
    print("  %-" + width + "s", pruning ? "pruned" : "best");
    header.forEach(name -> print("  %22s", name));
    print("%n");
    for (RankedCandidate row : rows) {
      print("  %-" + width + "s", row.scored().candidate().name());
      for (Measure measure : row.scored().measures()) {
        print("  %22s", estimate(pruning ? measure.change() : measure.value()));
      }
      print("%n");
    }
  }

  private static String estimate(Estimate value) {
    if (!value.defined()) {
      return "undefined";
    }
    String mean = Significant.digits(value.mean(), 4);
    return Double.isNaN(value.standardError())
        ? mean
        : mean + " ± " + Significant.digits(value.standardError(), 2);
  }

  /** A line of its own. */
  public void line(String name, String value) {
    print("  %-14s %s%n", name, value);
  }

  private void print(String format, Object... values) {
    out.printf(Locale.ROOT, format, values);
  }
}
