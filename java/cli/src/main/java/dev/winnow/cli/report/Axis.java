package dev.winnow.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Maps values to pixels.
 *
 * @param low value at {@code from}
 * @param high value at {@code to}
 * @param from pixel of the lowest value
 * @param to pixel of the highest value
 * @param logarithmic whether equal ratios take equal room
 */
record Axis(double low, double high, double from, double to, boolean logarithmic) {
  private static final double MARGIN = 0.05;

  /** A linear axis around the values, with some room at both ends. */
  static Axis linear(double low, double high, double from, double to) {
    double room = high > low ? (high - low) * MARGIN : Math.max(1, Math.abs(low)) * MARGIN;
    return new Axis(low - room, high + room, from, to, false);
  }

  /** A logarithmic axis that begins and ends at powers of ten. */
  static Axis logarithmic(double low, double high, double from, double to) {
    double first = Math.floor(Math.log10(low));
    double last = Math.max(first + 1, Math.ceil(Math.log10(high)));
    return new Axis(Math.pow(10, first), Math.pow(10, last), from, to, true);
  }

  /** Pixel of a value. */
  double at(double value) {
    double part =
        logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return from + part * (to - from);
  }

  /** Round values to label, at most about {@code most} of them. */
  List<Double> ticks(int most) {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      double decades = Math.log10(high / low);
      double step = Math.max(1, Math.ceil(decades / most));
      for (double e = Math.log10(low); e <= Math.log10(high) + 1e-9; e += step) {
        ticks.add(Math.pow(10, Math.rint(e)));
      }
      return ticks;
    }
    double raw = (high - low) / most;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double digit = raw / power;
    double step = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    for (double k = Math.ceil(low / step); k * step <= high; k++) {
      ticks.add(k * step);
    }
    return ticks;
  }

  /** A short label. */
  static String label(double value) {
    double size = Math.abs(value);
    if (size != 0 && (size >= 1e5 || size < 1e-3)) {
      return String.format(Locale.ROOT, "%.0e", value).replace("e+0", "e").replace("e-0", "e-");
    }
    String text = String.format(Locale.ROOT, "%.4f", value);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "").replaceAll("^-0$", "0");
  }
}
