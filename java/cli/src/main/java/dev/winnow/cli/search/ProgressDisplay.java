package dev.winnow.cli.search;

import dev.winnow.search.Progress;
import dev.winnow.search.SearchListener;
import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A line on the terminal with the share of evaluations done, their rate, and the time that the rest
 * will take. In mode winnow the total is the budget, so the time is an upper bound.
 */
public final class ProgressDisplay implements SearchListener, AutoCloseable {
  private static final int MILLISECONDS = 200;
  private static final int COLUMNS = 78;

  private final String task;
  private final PrintStream err;
  private ProgressBar bar;

  /**
   * @param task what is under way
   * @param err a terminal
   */
  public ProgressDisplay(String task, PrintStream err) {
    this.task = task;
    this.err = err;
  }

  @Override
  public void progressed(Progress progress) {
    if (bar == null) {
      if (progress.searchDone() == progress.recalled()) {
        return; // replayed ones take no time and would spoil the estimate
      }
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(progress.searchTotal())
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(MILLISECONDS)
              .showSpeed(new DecimalFormat("#.##", DecimalFormatSymbols.getInstance(Locale.ROOT)))
              .setConsumer(new ConsoleProgressBarConsumer(err, COLUMNS))
              .startsFrom(progress.recalled(), Duration.ZERO)
              .build();
    }
    bar.maxHint(progress.searchTotal());
    bar.stepTo(progress.searchDone());
    if (progress.rounds() > 1) {
      bar.setExtraMessage(" round " + progress.round() + "/" + progress.rounds());
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
