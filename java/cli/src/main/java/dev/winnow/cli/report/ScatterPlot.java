package dev.winnow.cli.report;

import dev.winnow.evaluation.PairedSample;
import java.util.Locale;

/**
 * Truth over the rank by an estimate, the best at the right. Few architectures are points; many are
 * squares, darker where there are more of them. The lowest truths lie together on the lower edge,
 * so that failed trainings leave room for the rest.
 */
final class ScatterPlot {
  private static final double WIDTH = 300;
  private static final double HEIGHT = 220;
  private static final double LEFT = 44;
  private static final double RIGHT = 8;
  private static final double TOP = 24;
  private static final double BOTTOM = 34;
  private static final int MOST_POINTS = 600;
  private static final int COLUMNS = 62;
  private static final int ROWS = 40;

  /** Share of architectures below the lower edge. */
  static final double BELOW = 0.02;

  private ScatterPlot() {}

  static String of(String name, String truth, PairedSample sample) {
    int size = sample.size();
    double low = sample.truth(sample.byTruth((int) Math.floor((size - 1) * (1 - BELOW))));
    double high = sample.truth(sample.byTruth(0));
    Axis x = new Axis(0, Math.max(1, size - 1), WIDTH - RIGHT, LEFT, false);
    Axis y = Axis.linear(low, high, HEIGHT - BOTTOM, TOP);
    Svg svg = new Svg(WIDTH, HEIGHT, truth + " over rank by " + name);
    svg.text(LEFT, 14, "start", "class='caption'", name);
    for (double tick : y.ticks(5)) {
      svg.line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick), "stroke='#e4e8ec'");
      svg.text(LEFT - 6, y.at(tick) + 4, "end", "class='axis'", Axis.label(tick));
    }
    svg.text(LEFT, HEIGHT - 18, "start", "class='axis'", "worst");
    svg.text(WIDTH - RIGHT, HEIGHT - 18, "end", "class='axis'", "best");
    svg.text((LEFT + WIDTH) / 2, HEIGHT - 4, "middle", "class='axis'", "rank by score");
    if (size <= MOST_POINTS) {
      points(svg, sample, x, y);
    } else {
      squares(svg, sample, x, y);
    }
    return svg.end();
  }

  private static void points(Svg svg, PairedSample sample, Axis x, Axis y) {
    for (int place = 0; place < sample.size(); place++) {
      double truth = Math.max(y.low(), sample.truth(sample.byEstimate(place)));
      svg.circle(x.at(place), y.at(truth), 2, "fill='#0072b2' fill-opacity='.55'");
    }
  }

  private static void squares(Svg svg, PairedSample sample, Axis x, Axis y) {
    int[][] counts = new int[COLUMNS][ROWS];
    int most = 0;
    for (int place = 0; place < sample.size(); place++) {
      double truth = Math.max(y.low(), sample.truth(sample.byEstimate(place)));
      int column = bin((x.at(place) - LEFT) / (WIDTH - RIGHT - LEFT), COLUMNS);
      int row = bin((y.at(truth) - TOP) / (HEIGHT - BOTTOM - TOP), ROWS);
      most = Math.max(most, ++counts[column][row]);
    }
    double width = (WIDTH - RIGHT - LEFT) / COLUMNS;
    double height = (HEIGHT - BOTTOM - TOP) / ROWS;
    for (int column = 0; column < COLUMNS; column++) {
      for (int row = 0; row < ROWS; row++) {
        if (counts[column][row] > 0) {
          double opacity = 0.1 + 0.9 * Math.log1p(counts[column][row]) / Math.log1p(most);
          svg.rectangle(
              LEFT + column * width,
              TOP + row * height,
              width,
              height,
              String.format(Locale.ROOT, "fill='#0072b2' fill-opacity='%.2f'", opacity));
        }
      }
    }
  }

  private static int bin(double part, int bins) {
    return Math.max(0, Math.min(bins - 1, (int) (part * bins)));
  }
}
