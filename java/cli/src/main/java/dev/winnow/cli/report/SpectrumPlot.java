package dev.winnow.cli.report;

import java.util.Arrays;
import java.util.List;

/** Eigenvalues of tangent kernels, largest first, on a logarithmic axis. */
final class SpectrumPlot {
  private static final double WIDTH = 760;
  private static final double HEIGHT = 300;
  private static final double LEFT = 58;
  private static final double RIGHT = 20;
  private static final double TOP = 16;
  private static final double BOTTOM = 42;
  private static final List<String> COLOURS = List.of("#9aa5b1", "#d55e00", "#0072b2", "#009e73");

  /**
   * @param name what it is the spectrum of
   * @param eigenvalues in any order
   */
  record Spectrum(String name, double[] eigenvalues) {}

  private SpectrumPlot() {}

  static String of(List<Spectrum> spectra) {
    double[] all =
        spectra.stream()
            .flatMapToDouble(s -> Arrays.stream(s.eigenvalues()))
            .filter(value -> value > 0)
            .toArray();
    double smallest = Arrays.stream(all).min().orElse(1);
    double largest = Arrays.stream(all).max().orElse(10);
    int longest = spectra.stream().mapToInt(s -> s.eigenvalues().length).max().orElse(1);
    Axis y = Axis.logarithmic(smallest, largest, HEIGHT - BOTTOM, TOP);
    Axis x = new Axis(1, Math.max(2, longest), LEFT + 6, WIDTH - RIGHT, false);
    Svg svg = new Svg(WIDTH, HEIGHT, "eigenvalues of the tangent kernel");
    for (double tick : y.ticks(6)) {
      svg.line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick), "stroke='#e4e8ec'");
      svg.text(LEFT - 8, y.at(tick) + 4, "end", "class='axis'", Axis.label(tick));
    }
    svg.text(
        (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 8,
        "middle",
        "class='axis'",
        "index of the eigenvalue");
    for (double tick : x.ticks(8)) {
      if (tick >= 1) {
        svg.text(x.at(tick), HEIGHT - BOTTOM + 18, "middle", "class='axis'", Axis.label(tick));
      }
    }
    for (int s = 0; s < spectra.size(); s++) {
      series(svg, x, y, spectra.get(s), COLOURS.get(s % COLOURS.size()), s);
    }
    return svg.end();
  }

  private static void series(
      Svg svg, Axis x, Axis y, Spectrum spectrum, String colour, int position) {
    double[] ascending = spectrum.eigenvalues().clone();
    Arrays.sort(ascending);
    int count = ascending.length;
    for (int i = 0; i < count; i++) {
      double value = ascending[count - 1 - i];
      if (value > 0) {
        svg.circle(x.at(i + 1), y.at(value), 3, "fill='" + colour + "' fill-opacity='0.85'");
      }
    }
    double legend = TOP + 14 + 20 * position;
    svg.circle(WIDTH - RIGHT - 232, legend - 4, 4, "fill='" + colour + "'");
    svg.text(WIDTH - RIGHT - 222, legend, "start", "class='row'", spectrum.name());
  }
}
