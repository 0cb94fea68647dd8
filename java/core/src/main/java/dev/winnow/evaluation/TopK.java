package dev.winnow.evaluation;

import java.util.function.IntBinaryOperator;

/**
 * How an estimate ranks the architectures that matter: the top or the bottom k = ⌊K·n⌋ of n.
 *
 * <p>Ranks of true values are 1 for the best. Equal values rank in order of their index, except
 * where a method says otherwise.
 *
 * @param sample what is ranked
 * @param k in [1, n]
 * @see <a href="https://arxiv.org/abs/2008.03064">Ning et al. 2021, section 3</a>
 */
record TopK(PairedSample sample, int k) {

  /** P@top K: share of the k with the best estimates that are among the k truly best. */
  double precisionTop() {
    int[] places = sample.truthPlaces();
    int hits = 0;
    for (int place = 0; place < k; place++) {
      hits += places[sample.byEstimate(place)] < k ? 1 : 0;
    }
    return (double) hits / k;
  }

  /** P@bottom K: share of the k with the worst estimates that are among the k truly worst. */
  double precisionBottom() {
    int[] places = sample.truthPlaces();
    int n = sample.size();
    int hits = 0;
    for (int place = n - k; place < n; place++) {
      hits += places[sample.byEstimate(place)] >= n - k ? 1 : 0;
    }
    return (double) hits / k;
  }

  /** P@top K in expectation over random orders of equal values, of truth and of estimate. */
  double expectedPrecisionTop() {
    return overlap(0, k);
  }

  /** P@bottom K in expectation over random orders of equal values. */
  double expectedPrecisionBottom() {
    return overlap(sample.size() - k, sample.size());
  }

  private double overlap(int from, int to) {
    double[] truth = shares(sample.byTruthThenEstimate(), sample.truthLevels(), from, to);
    double[] estimate = shares(sample.estimateOrder(), sample.estimateLevels(), from, to);
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      sum += truth[i] * estimate[i];
    }
    return sum / k;
  }

  /** Probability of each architecture to have a place in [from, to) when equals are shuffled. */
  private static double[] shares(int[] order, int[] levels, int from, int to) {
    double[] shares = new double[order.length];
    int start = 0;
    for (int end = 1; end <= order.length; end++) {
      if (end == order.length || levels[order[end]] != levels[order[start]]) {
        int inside = Math.max(0, Math.min(end, to) - Math.max(start, from));
        for (int place = start; place < end; place++) {
          shares[order[place]] = (double) inside / (end - start);
        }
        start = end;
      }
    }
    return shares;
  }

  /** BR@K: best true rank among the k with the best estimates, divided by n. Lower is better. */
  double bestRank() {
    return rank(Math::min);
  }

  /** WR@K: worst true rank among the k with the best estimates, divided by n. Lower is better. */
  double worstRank() {
    return rank(Math::max);
  }

  private double rank(IntBinaryOperator better) {
    int[] places = sample.truthPlaces();
    int rank = places[sample.byEstimate(0)];
    for (int place = 1; place < k; place++) {
      rank = better.applyAsInt(rank, places[sample.byEstimate(place)]);
    }
    return (rank + 1.0) / sample.size();
  }

  /** KD@top K: τ-b within the k with the best estimates; NaN where one side is constant there. */
  double tauTop() {
    return KendallTau.of(part(0, k)).tauB();
  }

  /** KD@bottom K: τ-b within the k with the worst estimates; NaN where one side is constant. */
  double tauBottom() {
    return KendallTau.of(part(sample.size() - k, sample.size())).tauB();
  }

  private PairedSample part(int from, int to) {
    int[] copies = new int[sample.size()];
    for (int place = from; place < to; place++) {
      copies[sample.byEstimate(place)] = 1;
    }
    return sample.take(copies);
  }

  /**
   * nDCG@K: Σ gain / log₂(place + 1) over the k with the best estimates in their order, divided by
   * the same of the truly best. The gain is the true value on a scale from 0 for the worst to 1 for
   * the best of the sample; NaN where all are equal.
   */
  double gain() {
    double found = 0;
    double most = 0;
    for (int place = 0; place < k; place++) {
      double discount = Math.log(place + 2);
      found += relevance(sample.byEstimate(place)) / discount;
      most += relevance(sample.byTruth(place)) / discount;
    }
    return found / most;
  }

  private double relevance(int index) {
    double worst = sample.truth(sample.byTruth(sample.size() - 1));
    double best = sample.truth(sample.byTruth(0));
    return (sample.truth(index) - worst) / (best - worst);
  }

  /**
   * Regret@K: best true value of all minus the best among the k with the best estimates, in the
   * unit of the truth. Lower is better.
   */
  double regret() {
    double found = sample.truth(sample.byEstimate(0));
    for (int place = 1; place < k; place++) {
      found = Math.max(found, sample.truth(sample.byEstimate(place)));
    }
    return sample.truth(sample.byTruth(0)) - found;
  }

  /** What {@link #bestRank} is in expectation when the estimate ranks at random. */
  double randomBestRank() {
    double n = sample.size();
    return (n + 1) / (k + 1) / n;
  }

  /** What {@link #worstRank} is in expectation when the estimate ranks at random. */
  double randomWorstRank() {
    double n = sample.size();
    return k * (n + 1) / (k + 1) / n;
  }

  /** What {@link #gain} is in expectation when the estimate ranks at random. */
  double randomGain() {
    double mean = 0;
    for (int i = 0; i < sample.size(); i++) {
      mean += relevance(i) / sample.size();
    }
    double found = 0;
    double most = 0;
    for (int place = 0; place < k; place++) {
      double discount = Math.log(place + 2);
      found += mean / discount;
      most += relevance(sample.byTruth(place)) / discount;
    }
    return found / most;
  }

  /** What {@link #regret} is in expectation when the estimate ranks at random. */
  double randomRegret() {
    int n = sample.size();
    double expected = 0;
    double none = 1; // probability that none of the places before is among the k drawn
    for (int place = 0; place < n && none > 0; place++) {
      double here = Math.min(1, (double) k / (n - place)); // drawn, given that none before was
      expected += none * here * sample.truth(sample.byTruth(place));
      none *= 1 - here;
    }
    return sample.truth(sample.byTruth(0)) - expected;
  }
}
