package dev.winnow.cli.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The candidates of a round as rows, sorted by rank, with the change of κ and of the number of
 * regions as dots with bars of one standard error; pruned ones are filled.
 */
final class DeltaPlot {
  private static final double ROW = 19;
  private static final double TOP = 30;
  private static final double BOTTOM = 26;
  private static final double LABELS = 132;
  private static final double PANEL = 360;
  private static final double GAP = 26;

  private DeltaPlot() {}

  static String of(Round round) {
    List<Candidate> rows =
        round.candidates().stream()
            .sorted(
                Comparator.comparingInt(
                    candidate -> candidate.rank() < 0 ? Integer.MAX_VALUE : candidate.rank()))
            .toList();
    double height = TOP + rows.size() * ROW + BOTTOM;
    Svg svg = new Svg(LABELS + 2 * PANEL + GAP + 10, height, "changes in round " + round.number());
    for (int i = 0; i < rows.size(); i++) {
      Candidate row = rows.get(i);
      double y = TOP + i * ROW;
      if (row.pruned()) {
        svg.rectangle(0, y, LABELS + 2 * PANEL + GAP, ROW, "fill='#fff4e5' rx='3'");
      }
      svg.circle(8, y + ROW / 2, 4, "fill='" + Operations.colour(row.operation()) + "'");
      svg.text(
          18,
          y + ROW / 2 + 4,
          "start",
          row.pruned() ? "class='row pruned'" : "class='row'",
          row.edge().replace('-', '←') + "  " + Operations.shortName(row.operation()));
    }
    panel(svg, rows, LABELS, height, "Δκ (higher: pruned first)", Candidate::kappa);
    panel(svg, rows, LABELS + PANEL + GAP, height, "ΔR (lower: pruned first)", Candidate::regions);
    return svg.end();
  }

  private static void panel(
      Svg svg,
      List<Candidate> rows,
      double left,
      double height,
      String title,
      Function<Candidate, Estimate> quantity) {
    double low = 0;
    double high = 0;
    for (Candidate row : rows) {
      Estimate value = quantity.apply(row);
      if (value.defined()) {
        low = Math.min(low, value.mean() - value.drawnError());
        high = Math.max(high, value.mean() + value.drawnError());
      }
    }
    Axis axis = Axis.linear(low, high, left, left + PANEL);
    double bottom = height - BOTTOM;
    svg.text(left + PANEL / 2, 14, "middle", "class='caption'", title);
    for (double tick : axis.ticks(5)) {
      svg.line(
          axis.at(tick),
          TOP - 6,
          axis.at(tick),
          bottom,
          Math.abs(tick) < 1e-12 ? "stroke='#8a939c'" : "stroke='#e4e8ec'");
      svg.text(axis.at(tick), bottom + 16, "middle", "class='axis'", Axis.label(tick));
    }
    for (int i = 0; i < rows.size(); i++) {
      dot(svg, axis, TOP + (i + 0.5) * ROW, rows.get(i), quantity.apply(rows.get(i)));
    }
  }

  private static void dot(Svg svg, Axis axis, double y, Candidate row, Estimate value) {
    if (!value.defined()) {
      svg.text(axis.from() + 4, y + 4, "start", "class='axis'", "undefined");
      return;
    }
    String colour = Operations.colour(row.operation());
    double x = axis.at(value.mean());
    svg.group(
        String.format(
            Locale.ROOT,
            "%s %s: %.4g ± %.2g",
            row.edge(),
            row.operation(),
            value.mean(),
            value.drawnError()));
    svg.line(
        axis.at(value.mean() - value.drawnError()),
        y,
        axis.at(value.mean() + value.drawnError()),
        y,
        "stroke='" + colour + "' stroke-width='1.6'");
    svg.circle(
        x,
        y,
        4.2,
        "stroke='"
            + colour
            + "' stroke-width='1.8' fill='"
            + (row.pruned() ? colour : "#ffffff")
            + "'");
    svg.endGroup();
  }
}
