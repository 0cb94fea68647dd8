package dev.winnow.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.hipparchus.stat.ranking.NaNStrategy;
import org.hipparchus.stat.ranking.NaturalRanking;
import org.hipparchus.stat.ranking.TiesStrategy;

/**
 * Ways to make one score of several, all oriented so that higher is better, and so is the result.
 *
 * <p>A combined score depends on the architectures that it is computed among: with one more of them
 * every value may change. Ranks are 1 for the worst to m for the best of m architectures, equal
 * values sharing the mean of their ranks.
 */
public enum Combination {
  /**
   * Σ log(rank/m), which punishes one bad rank more than it rewards one good rank. An undefined
   * score ranks worst, tied.
   *
   * @see <a href="https://arxiv.org/abs/2403.19232">AZ-NAS, Lee and Ham 2024</a>
   */
  RANK_LOG {
    @Override
    double[] combined(List<double[]> scores) {
      return sum(scores, Combination::logRanks);
    }
  },

  /** Borda count: Σ rank. An undefined score ranks worst, tied. */
  BORDA {
    @Override
    double[] combined(List<double[]> scores) {
      return sum(scores, Combination::ranks);
    }
  },

  /**
   * Mean of the scores in standard units, (value − mean)/standard deviation over the architectures.
   * Undefined where one of the scores is, or is constant.
   */
  Z_MEAN {
    @Override
    double[] combined(List<double[]> scores) {
      double[] sum = sum(scores, Combination::standardised);
      return Arrays.stream(sum).map(value -> value / scores.size()).toArray();
    }
  },

  /**
   * Majority vote as a Copeland count: architecture a beats b when more than half of the scores
   * give a the higher value; the result is the number beaten minus the number that beat. Unlike
   * sorting by the vote, which can be cyclic, it depends on no order. <b>Cost</b>: O(m² · scores).
   */
  VOTE {
    @Override
    double[] combined(List<double[]> scores) {
      double[][] ranks = scores.stream().map(Combination::ranks).toArray(double[][]::new);
      int size = ranks[0].length;
      return IntStream.range(0, size)
          .parallel()
          .mapToDouble(i -> IntStream.range(0, size).map(j -> duel(ranks, i, j)).sum())
          .toArray();
    }
  };

  /** Its name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The combined score of every architecture.
   *
   * @param scores at least one; a value per architecture, NaN where undefined
   */
  public double[] of(List<double[]> scores) {
    if (scores.isEmpty()) {
      throw new IllegalArgumentException("a combination needs at least one score");
    }
    return combined(scores);
  }

  abstract double[] combined(List<double[]> scores);

  private interface Part {
    double[] of(double[] score);
  }

  private static double[] sum(List<double[]> scores, Part part) {
    double[] sum = new double[scores.get(0).length];
    for (double[] score : scores) {
      double[] own = part.of(score);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += own[i];
      }
    }
    return sum;
  }

  private static double[] ranks(double[] score) {
    return new NaturalRanking(NaNStrategy.MINIMAL, TiesStrategy.AVERAGE).rank(score);
  }

  private static double[] logRanks(double[] score) {
    return Arrays.stream(ranks(score)).map(rank -> Math.log(rank / score.length)).toArray();
  }

  private static double[] standardised(double[] score) {
    double[] defined = Arrays.stream(score).filter(value -> !Double.isNaN(value)).toArray();
    double mean = Arrays.stream(defined).average().orElse(Double.NaN);
    double variance =
        Arrays.stream(defined).map(v -> (v - mean) * (v - mean)).average().orElse(Double.NaN);
    double deviation = variance > 0 ? Math.sqrt(variance) : Double.NaN;
    return Arrays.stream(score).map(value -> (value - mean) / deviation).toArray();
  }

  /** 1 where i beats j, −1 where j beats i, else 0. */
  private static int duel(double[][] ranks, int i, int j) {
    int higher = 0;
    int lower = 0;
    for (double[] score : ranks) {
      higher += score[i] > score[j] ? 1 : 0;
      lower += score[i] < score[j] ? 1 : 0;
    }
    int half = ranks.length / 2;
    return (higher > half ? 1 : 0) - (lower > half ? 1 : 0);
  }
}
