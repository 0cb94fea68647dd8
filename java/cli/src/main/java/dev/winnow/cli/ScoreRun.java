package dev.winnow.cli;

import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.ScoreSink;
import dev.winnow.cli.score.Scorer;
import dev.winnow.cli.score.SessionLog;
import dev.winnow.cli.search.ProgressDisplay;
import dev.winnow.compute.CancelledException;
import dev.winnow.search.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Scores a population, shows how far it is, and can be interrupted between architectures. */
final class ScoreRun {
  private final Session session;
  private final Scorer scorer;
  private final Consumer<String> first;

  /**
   * @param first takes the first architecture before it is scored
   */
  ScoreRun(Session session, Scorer scorer, Consumer<String> first) {
    this.session = session;
    this.scorer = scorer;
    this.first = first;
  }

  /**
   * Scores what the population still has.
   *
   * @param known architectures that the sink has already
   * @throws CancelledException when the user asked to stop; what is written stays
   */
  void run(Population population, long known, ScoreSink sink) throws IOException {
    long total = population.total();
    long done = known;
    try (ProgressDisplay display = new ProgressDisplay("score", session.console().err())) {
      while (population.hasNext()) {
        String architecture = population.next();
        if (session.interruption().cancelled()) {
          throw new CancelledException("");
        }
        if (done == known) {
          first.accept(architecture);
        }
        sink.write(architecture, scorer.score(architecture, session.interruption()));
        if (done == known) {
          shrinkHeap();
        }
        done++;
        if (total != Population.UNKNOWN && session.console().interactive()) {
          display.progressed(new Progress(1, 1, done, total, done, total, known));
        }
      }
    }
  }

  /**
   * A virtual machine begins with a heap of a sixty-fourth of the memory, and fills it with garbage
   * before it collects: resident memory would rise for hundreds of networks. A full collection
   * leaves a few times what is in use, and the heap grows again only where collecting takes time.
   */
  private static void shrinkHeap() {
    System.gc();
  }

  /**
   * Scores into a file, and notes beside it what it cost.
   *
   * @param known architectures that the file has already
   * @param resuming how to continue, for the message of an interruption
   */
  void run(Population population, long known, ScoreSink sink, Path file, String resuming)
      throws IOException {
    long start = System.nanoTime();
    try {
      run(population, known, sink);
    } catch (CancelledException e) {
      note(file, System.nanoTime() - start);
      throw new CancelledException("interrupted; " + resuming);
    }
    note(file, System.nanoTime() - start);
  }

  private void note(Path file, long nanos) throws IOException {
    if (scorer.scored() > 0) {
      SessionLog.append(
          file, scorer.scored(), nanos, scorer.nanoseconds(), scorer.engineProvenance());
      if (session.console().interactive()) {
        session.console().err().println("winnow: " + cost(nanos));
      }
    }
  }

  private String cost(long nanos) {
    String each =
        scorer.nanoseconds().entrySet().stream()
            .map(
                score ->
                    String.format(
                        Locale.ROOT,
                        "%s %.3g",
                        score.getKey(),
                        score.getValue() / 1e6 / scorer.scored()))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "%,d architectures in %.1f s; milliseconds each: %s",
        scorer.scored(),
        nanos / 1e9,
        each);
  }
}
