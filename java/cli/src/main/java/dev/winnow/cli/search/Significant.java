package dev.winnow.cli.search;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers for people: rounded to significant digits, without an exponent where they stay short. */
public final class Significant {
  private static final double LARGE = 1e7;
  private static final double SMALL = 1e-4;

  private Significant() {}

  /**
   * The rounded number; a dash where there is none.
   *
   * @param digits at least 1
   */
  public static String digits(double value, int digits) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    double size = Math.abs(value);
    if (size != 0 && (size >= LARGE || size < SMALL)) {
      return String.format(Locale.ROOT, "%." + (digits - 1) + "e", value);
    }
    return new BigDecimal(value).round(new MathContext(digits)).toPlainString();
  }
}
