package dev.winnow.search;

/** Counts evaluations and tells the listener. */
final class ProgressCounter {
  private final SearchListener listener;
  private final int rounds;
  private final long searchTotal;
  private int round;
  private long done;
  private long total;
  private long searchDone;
  private long recalled;

  ProgressCounter(SearchListener listener, int rounds, long searchTotal) {
    this.listener = listener;
    this.rounds = rounds;
    this.searchTotal = searchTotal;
  }

  void begin(int round) {
    this.round = round;
    done = 0;
    total = 0;
  }

  void plan(long evaluations) {
    total += evaluations;
  }

  void count(boolean fromJournal) {
    done++;
    searchDone++;
    recalled += fromJournal ? 1 : 0;
    listener.progressed(
        new Progress(round, rounds, done, total, searchDone, searchTotal, recalled));
  }
}
