package dev.winnow.cli.score;

import dev.winnow.score.Score;
import java.util.List;
import java.util.Locale;

/**
 * A score over repeats.
 *
 * @param mean over the repeats that have a value; NaN where none has
 * @param standardError of the mean; NaN with fewer than two values
 * @param values repeats with a value
 * @param note why repeats have no value; empty where all have one
 */
public record Summary(double mean, double standardError, int values, String note) {

  /** Mean, standard error and reasons of repeated scores. */
  public static Summary of(List<Score> repeats) {
    double[] defined =
        repeats.stream().filter(s -> s.value().isPresent()).mapToDouble(Score::published).toArray();
    double sum = 0;
    for (double value : defined) {
      sum += value;
    }
    double mean = sum / defined.length;
    double squares = 0;
    for (double value : defined) {
      squares += (value - mean) * (value - mean);
    }
    double error =
        defined.length < 2
            ? Double.NaN
            : Math.sqrt(squares / (defined.length - 1) / defined.length);
    return new Summary(mean, error, defined.length, note(repeats, repeats.size() - defined.length));
  }

  private static String note(List<Score> repeats, int undefined) {
    if (undefined == 0) {
      return "";
    }
    String reason =
        repeats.stream()
            .filter(Score.Undefined.class::isInstance)
            .map(score -> ((Score.Undefined) score).reason())
            .findFirst()
            .orElse("");
    return String.format(
        Locale.ROOT, "undefined in %d of %d: %s", undefined, repeats.size(), reason);
  }
}
