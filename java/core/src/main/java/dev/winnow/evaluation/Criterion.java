package dev.winnow.evaluation;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A number that says how well an estimate ranks, always known by its name and K, never by its place
 * in a list.
 *
 * @param name for example {@code tau-b}, or {@code P@top} with a share
 * @param share K, the part of the architectures that is looked at; 1 for the whole
 * @param better which way
 * @param value of a sample; NaN where it has none
 * @param random its expectation when the estimate ranks at random; NaN where there is none
 */
public record Criterion(
    String name,
    double share,
    Better better,
    ToDoubleFunction<PairedSample> value,
    ToDoubleFunction<PairedSample> random) {

  /** Which values of a criterion are better. */
  public enum Better {
    HIGHER,
    LOWER
  }

  /** How equal values are ranked where a criterion needs places. */
  public enum Ties {
    /** In order of their index. */
    STABLE,
    /** P@top and P@bottom in expectation over all orders of equals, the others as STABLE. */
    AVERAGE
  }

  /** The shares that are looked at unless others are asked for. */
  public static final List<Double> SHARES = List.of(0.001, 0.005, 0.01, 0.05, 0.1, 0.5);

  /** The criteria of the whole ranking. */
  public static List<Criterion> global() {
    return List.of(
        correlation("spearman", Correlation::spearman),
        correlation("tau-a", sample -> KendallTau.of(sample).tauA()),
        correlation("tau-b", sample -> KendallTau.of(sample).tauB()),
        correlation("weighted-tau", KendallTau::weighted),
        correlation("pearson", Correlation::pearson),
        new Criterion(
            "regret@1",
            1,
            Better.LOWER,
            sample -> new TopK(sample, 1).regret(),
            sample -> new TopK(sample, 1).randomRegret()));
  }

  private static Criterion correlation(String name, ToDoubleFunction<PairedSample> value) {
    return new Criterion(name, 1, Better.HIGHER, value, sample -> 0);
  }

  /**
   * The criteria of one share K; of no value where ⌊K·n⌋ is 0.
   *
   * @throws IllegalArgumentException for a share outside (0, 1]
   */
  public static List<Criterion> at(double share, Ties ties) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("K must be in (0, 1] but was " + share);
    }
    boolean average = ties == Ties.AVERAGE;
    List<Criterion> criteria = new ArrayList<>();
    criteria.add(
        higher(
            "P@top",
            share,
            average ? TopK::expectedPrecisionTop : TopK::precisionTop,
            Criterion::part));
    criteria.add(
        higher(
            "P@bottom",
            share,
            average ? TopK::expectedPrecisionBottom : TopK::precisionBottom,
            Criterion::part));
    criteria.add(lower("BR@", share, TopK::bestRank, TopK::randomBestRank));
    criteria.add(lower("WR@", share, TopK::worstRank, TopK::randomWorstRank));
    criteria.add(higher("KD@top", share, TopK::tauTop, top -> top.k() < 2 ? Double.NaN : 0));
    criteria.add(higher("KD@bottom", share, TopK::tauBottom, top -> top.k() < 2 ? Double.NaN : 0));
    criteria.add(higher("nDCG@", share, TopK::gain, TopK::randomGain));
    criteria.add(lower("regret@", share, TopK::regret, TopK::randomRegret));
    return criteria;
  }

  private static double part(TopK top) {
    return (double) top.k() / top.sample().size();
  }

  private static Criterion higher(
      String name, double share, Function<TopK, Double> value, Function<TopK, Double> random) {
    return new Criterion(name, share, Better.HIGHER, of(share, value), of(share, random));
  }

  private static Criterion lower(
      String name, double share, Function<TopK, Double> value, Function<TopK, Double> random) {
    return new Criterion(name, share, Better.LOWER, of(share, value), of(share, random));
  }

  private static ToDoubleFunction<PairedSample> of(double share, Function<TopK, Double> value) {
    return sample -> {
      int k = count(share, sample.size());
      return k < 1 ? Double.NaN : value.apply(new TopK(sample, k));
    };
  }

  /** ⌊K·n⌋ of a share K as it is written in decimals: 29 of 100 for 0.29. */
  public static int count(double share, int architectures) {
    return BigDecimal.valueOf(share).multiply(BigDecimal.valueOf(architectures)).intValue();
  }

  /** A share in percent, for example {@code 5%}. */
  public static String percent(double share) {
    return String.format(Locale.ROOT, "%.6f", share * 100).replaceAll("\\.?0+$", "") + "%";
  }

  /** Name with the share in percent, for example {@code P@top5%}. */
  public String label() {
    return name.indexOf('@') < 0 || name.equals("regret@1") ? name : name + percent(share);
  }
}
