package dev.winnow.cli.report;

import dev.winnow.evaluation.CrossMatrix;
import java.util.Locale;

/** Agreement of scores as a coloured grid: blue where they agree, orange where they oppose. */
final class MatrixPlot {
  private static final double CELL = 42;
  private static final double LABELS = 150;
  private static final double TOP = 110;

  private MatrixPlot() {}

  static String of(CrossMatrix matrix) {
    int size = matrix.names().size();
    Svg svg = new Svg(LABELS + size * CELL + 70, TOP + size * CELL + 6, "agreement of scores");
    for (int i = 0; i < size; i++) {
      double middle = (i + 0.5) * CELL;
      String name = matrix.names().get(i);
      svg.text(LABELS - 8, TOP + middle + 4, "end", "class='axis'", name);
      String turned =
          String.format(
              Locale.ROOT,
              "class='axis' transform='rotate(-45 %.1f %.1f)'",
              LABELS + middle,
              TOP - 8);
      svg.text(LABELS + middle, TOP - 8, "start", turned, name);
      for (int j = 0; j < size; j++) {
        cell(svg, LABELS + j * CELL, TOP + i * CELL, matrix.tau()[i][j]);
      }
    }
    return svg.end();
  }

  private static void cell(Svg svg, double x, double y, double tau) {
    if (Double.isNaN(tau)) {
      svg.text(x + CELL / 2, y + CELL / 2 + 4, "middle", "class='axis'", "–");
      return;
    }
    String colour = tau < 0 ? "#d55e00" : "#0072b2";
    double opacity = Math.abs(tau);
    svg.rectangle(
        x + 1,
        y + 1,
        CELL - 2,
        CELL - 2,
        String.format(Locale.ROOT, "fill='%s' fill-opacity='%.2f' rx='4'", colour, opacity));
    String ink = opacity > 0.55 ? "style='fill:#ffffff;font-size:12px'" : "style='font-size:12px'";
    String label = String.format(Locale.ROOT, "%.2f", tau);
    svg.text(x + CELL / 2, y + CELL / 2 + 4, "middle", ink, label);
  }
}
