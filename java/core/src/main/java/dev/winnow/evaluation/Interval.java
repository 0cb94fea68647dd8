package dev.winnow.evaluation;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.hipparchus.stat.descriptive.rank.Percentile;
import org.hipparchus.stat.descriptive.rank.Percentile.EstimationType;

/**
 * Percentile bootstrap interval of a criterion: architectures are drawn with replacement, as many
 * as there are, and the criterion is computed on every draw. It says how much a number depends on
 * which architectures were scored, not how much on the seed of the networks.
 *
 * @param low 2.5 % of the draws are below
 * @param high 2.5 % of the draws are above
 * @param undefined draws on which the criterion has no value; they are left out
 */
public record Interval(double low, double high, int undefined) {
  /** No interval. */
  public static final Interval NONE = new Interval(Double.NaN, Double.NaN, 0);

  private static final double LOW = 2.5;
  private static final double HIGH = 97.5;

  /**
   * Intervals of several criteria over the same draws. Draw b depends on the seed, b and the number
   * of architectures alone, so the estimates of the same architectures are compared on the same
   * draws.
   *
   * @param resamples number of draws, at least 2
   * @param seed of the draws
   */
  public static List<Interval> bootstrap(
      PairedSample sample, List<Criterion> criteria, int resamples, long seed) {
    if (resamples < 2) {
      throw new IllegalArgumentException("a bootstrap needs at least 2 draws but got " + resamples);
    }
    double[][] values = new double[criteria.size()][resamples];
    Stream stream = Stream.root(seed).of("bootstrap");
    IntStream.range(0, resamples)
        .parallel()
        .forEach(
            draw -> {
              PairedSample drawn = sample.take(copies(sample.size(), stream.of(draw).generator()));
              for (int c = 0; c < values.length; c++) {
                values[c][draw] = criteria.get(c).value().applyAsDouble(drawn);
              }
            });
    return Arrays.stream(values).map(Interval::of).toList();
  }

  private static int[] copies(int size, Philox random) {
    int[] copies = new int[size];
    for (int i = 0; i < size; i++) {
      copies[random.nextInt(size)]++;
    }
    return copies;
  }

  private static Interval of(double[] values) {
    double[] defined = Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
    int undefined = values.length - defined.length;
    if (defined.length == 0) {
      return new Interval(Double.NaN, Double.NaN, undefined);
    }
    Percentile percentile = new Percentile().withEstimationType(EstimationType.R_7);
    percentile.setData(defined);
    return new Interval(percentile.evaluate(LOW), percentile.evaluate(HIGH), undefined);
  }
}
