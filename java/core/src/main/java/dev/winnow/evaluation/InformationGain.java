package dev.winnow.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Chooses scores one by one, each the one that tells most about the truth beside those chosen
 * before: the conditional entropy H(truth | chosen scores) falls most.
 *
 * <p>Truth and scores are cut into b = round(1 + 3.322 log₁₀ n) bins of equal counts (values that
 * are equal share a bin; undefined scores are the worst), and entropies are those of the observed
 * frequencies, in bits. With k scores there are up to bᵏ cells, so that the entropy also falls by
 * chance once bᵏ approaches n: what is chosen must be judged on other architectures.
 *
 * @see <a href="https://arxiv.org/abs/2210.03230">NAS-Bench-Suite-Zero, Krishnakumar et al. 2022,
 *     section 4</a>
 */
public final class InformationGain {
  private static final double STURGES = 3.322;

  private InformationGain() {}

  /**
   * One step.
   *
   * @param score index of what was chosen
   * @param before H(truth | those chosen before), in bits
   * @param after H(truth | those and this one), in bits
   */
  public record Choice(int score, double before, double after) {}

  /**
   * Chooses.
   *
   * @param truth finite
   * @param scores a value per architecture, NaN where undefined; the direction does not matter
   * @param count how many to choose
   * @return the choices in order; of equal ones the first
   * @throws IllegalArgumentException for a count not in [1, number of scores]
   */
  public static List<Choice> choose(double[] truth, List<double[]> scores, int count) {
    if (count < 1 || count > scores.size()) {
      throw new IllegalArgumentException(
          "the number of scores to choose must be in ["
              + 1
              + ", "
              + scores.size()
              + "] but was "
              + count);
    }
    int[] target = bins(truth);
    List<int[]> binned = scores.stream().map(InformationGain::bins).toList();
    int[] cell = new int[truth.length];
    double before = conditionalEntropy(target, cell);
    List<Choice> choices = new ArrayList<>();
    TreeSet<Integer> left = new TreeSet<>();
    for (int s = 0; s < scores.size(); s++) {
      left.add(s);
    }
    while (choices.size() < count) {
      int best = -1;
      double after = Double.POSITIVE_INFINITY;
      for (int s : left) {
        double entropy = conditionalEntropy(target, joined(cell, binned.get(s)));
        if (entropy < after) {
          best = s;
          after = entropy;
        }
      }
      choices.add(new Choice(best, before, after));
      cell = joined(cell, binned.get(best));
      left.remove(best);
      before = after;
    }
    return choices;
  }

  /** Bins of equal counts by value. */
  private static int[] bins(double[] values) {
    int size = values.length;
    long bins = Math.round(1 + STURGES * Math.log10(size));
    PairedSample sorted = PairedSample.of(new double[size], values);
    int[] order = sorted.estimateOrder();
    int[] levels = sorted.estimateLevels();
    int[] bin = new int[size];
    for (int place = 0; place < size; place++) {
      boolean tied = place > 0 && levels[order[place]] == levels[order[place - 1]];
      bin[order[place]] = tied ? bin[order[place - 1]] : (int) (place * bins / size);
    }
    return bin;
  }

  /** Numbers the pairs of two cells. */
  private static int[] joined(int[] first, int[] second) {
    Map<Long, Integer> numbers = new HashMap<>();
    int[] joined = new int[first.length];
    for (int i = 0; i < joined.length; i++) {
      long pair = (long) first[i] << Integer.SIZE | second[i];
      Integer known = numbers.putIfAbsent(pair, numbers.size());
      joined[i] = known == null ? numbers.size() - 1 : known;
    }
    return joined;
  }

  /** H(target | cell) = H(target, cell) − H(cell). */
  private static double conditionalEntropy(int[] target, int[] cell) {
    return entropy(joined(cell, target)) - entropy(cell);
  }

  private static double entropy(int[] numbers) {
    Map<Integer, Integer> counts = new HashMap<>();
    for (int number : numbers) {
      counts.merge(number, 1, Integer::sum);
    }
    double entropy = 0;
    for (int count : counts.values()) {
      double share = (double) count / numbers.length;
      entropy -= share * Math.log(share) / Math.log(2);
    }
    return entropy;
  }
}
