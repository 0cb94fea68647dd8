package dev.winnow.random;

/**
 * Quantile of the standard normal: M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37
 * (1988), 477–484, with a logarithm of its own: IEEE operations only, bit for bit the native core's
 * ({@code include/winnow/random.h}).
 */
final class NormalQuantile {
  private static final double[] A = {
    2509.0809287301226727,
    33430.575583588128105,
    67265.770927008700853,
    45921.953931549871457,
    13731.693765509461125,
    1971.5909503065514427,
    133.14166789178437745,
    3.387132872796366608
  };
  private static final double[] B = {
    5226.495278852854561,
    28729.085735721942674,
    39307.89580009271061,
    21213.794301586595867,
    5394.1960214247511077,
    687.1870074920579083,
    42.313330701600911252,
    1.0
  };
  private static final double[] C = {
    7.7454501427834140764e-4,
    0.0227238449892691845833,
    0.24178072517745061177,
    1.27045825245236838258,
    3.64784832476320460504,
    5.7694972214606914055,
    4.6303378461565452959,
    1.42343711074968357734
  };
  private static final double[] D = {
    1.05075007164441684324e-9,
    5.475938084995344946e-4,
    0.0151986665636164571966,
    0.14810397642748007459,
    0.68976733498510000455,
    1.6763848301838038494,
    2.05319162663775882187,
    1.0
  };
  private static final double[] E = {
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    0.0012426609473880784386,
    0.026532189526576123093,
    0.29656057182850489123,
    1.7848265399172913358,
    5.4637849111641143699,
    6.6579046435011037772
  };
  private static final double[] F = {
    2.04426310338993978564e-15,
    1.4215117583164458887e-7,
    1.8463183175100546818e-5,
    7.868691311456132591e-4,
    0.0148753612908506148525,
    0.13692988092273580531,
    0.59983220655588793769,
    1.0
  };
  private static final double[] SERIES = {
    1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5,
    1.0 / 3
  };

  private NormalQuantile() {}

  /** The normal number that 64 random bits stand for: of (their top 53 bits + 1/2) · 2⁻⁵³. */
  static double of(long bits) {
    long top = bits >>> 11;
    boolean upper = top >= 1L << 52;
    // Half steps of 2^-53 from 0 or from 1, whichever is nearer: both tails are exact.
    long steps = 2 * (upper ? (1L << 53) - 1 - top : top) + 1;
    double z = distance(steps * 0x1p-54);
    return upper ? z : -z;
  }

  /** Of a tail probability below 1/2: how far out it begins. */
  private static double distance(double tail) {
    double q = 0.5 - tail;
    if (q <= 0.425) {
      double r = Math.fma(-q, q, 0.180625);
      return q * polynomial(A, r) / polynomial(B, r);
    }
    double r = Math.sqrt(-logarithm(tail));
    return r <= 5
        ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6)
        : polynomial(E, r - 5) / polynomial(F, r - 5);
  }

  /** x = m 2^e with m in [√½, √2), log m = 2 atanh((m − 1) / (m + 1)) by its odd series. */
  private static double logarithm(double x) {
    int exponent = Math.getExponent(x);
    double m = Math.scalb(x, -exponent);
    if (m > 1.4142135623730951) {
      m *= 0.5;
      exponent++;
    }
    double s = (m - 1) / (m + 1);
    double square = s * s;
    double rest = polynomial(SERIES, square) * square * s;
    // log 2 in two parts, the first exact when multiplied by a small integer.
    double low = 2 * s + Math.fma(2, rest, exponent * 0x1.ef35793c7673p-45);
    return Math.fma(exponent, 0x1.62e42fefa38p-1, low);
  }

  /** Highest power first. */
  private static double polynomial(double[] coefficients, double x) {
    double value = coefficients[0];
    for (int k = 1; k < coefficients.length; k++) {
      value = Math.fma(value, x, coefficients[k]);
    }
    return value;
  }
}
