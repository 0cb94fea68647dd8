package dev.winnow.cli.report;

import dev.winnow.cli.report.CellDrawing.Edge;
import dev.winnow.cli.search.Significant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes a report as one HTML file: no network, no scripts but a few lines that sort tables. */
public final class ReportPage {
  private final ReportData data;
  private final HtmlPage html;

  private ReportPage(ReportData data) {
    this.data = data;
    this.html = new HtmlPage(data.title());
  }

  /** The whole page. */
  public static String of(ReportData data) {
    return new ReportPage(data).build();
  }

  private String build() {
    header();
    foundCell();
    pruning();
    rounds();
    spectrum();
    sampled();
    baseline();
    appendix();
    return html.end();
  }

  private void header() {
    html.beginHeader(data.title(), data.subtitle());
    if (!data.finished()) {
      html.append(
          "<p class=\"partial\">This run has not finished; the page shows what is there.</p>");
    }
    html.append("</header>");
  }

  private void foundCell() {
    if (data.cell().isEmpty()) {
      return;
    }
    html.append("<section><h2>Found cell</h2><div class=\"hero\"><div>");
    for (List<Edge> cell : cells(data.cell())) {
      html.append("<figure>").append(CellDrawing.large(cell));
      if (!cell.get(0).cell().isEmpty()) {
        html.element("figcaption", cell.get(0).cell());
      }
      html.append("</figure>");
    }
    html.append("</div>");
    html.facts(data.facts());
    html.append("</div>");
    if (!data.architecture().isEmpty()) {
      html.append("<p><code class=\"architecture\">")
          .append(Svg.escape(data.architecture()))
          .append("</code></p>");
    }
    if (!data.accuracies().isEmpty()) {
      html.append("<h3>In the benchmark table</h3>");
      html.table(
          List.of("data set", "accuracy", "best in the table", "rank"),
          data.accuracies().stream()
              .map(
                  a ->
                      List.of(
                          a.description(),
                          number("%.2f %%", a.value()),
                          number("%.2f %%", a.best()),
                          String.format(Locale.ROOT, "%,d of %,d", a.rank(), a.rows())))
              .toList());
    }
    html.append("</section>");
  }

  private void pruning() {
    if (data.start().isEmpty()) {
      return;
    }
    html.append("<section><h2>How the cell was pruned</h2><div class=\"strip\">");
    step("start", data.start());
    for (Round round : data.rounds()) {
      if (!round.alive().isEmpty()) {
        step("round " + round.number(), edges(data.start(), round.alive()));
      }
    }
    html.append("</div>");
    legend();
    html.append("</section>");
  }

  private void step(String name, List<Edge> edges) {
    html.append("<figure>");
    cells(edges).forEach(cell -> html.append(CellDrawing.small(cell)));
    html.element("figcaption", name);
    html.append("</figure>");
  }

  /** The edges of each type of cell. */
  private static Collection<List<Edge>> cells(List<Edge> edges) {
    return edges.stream()
        .collect(Collectors.groupingBy(Edge::cell, LinkedHashMap::new, Collectors.toList()))
        .values();
  }

  private static List<Edge> edges(List<Edge> start, List<List<String>> alive) {
    List<Edge> edges = new ArrayList<>();
    for (int e = 0; e < start.size(); e++) {
      edges.add(start.get(e).with(alive.get(e)));
    }
    return edges;
  }

  private void legend() {
    html.append("<p class=\"legend\">");
    data.start().stream()
        .flatMap(edge -> edge.operations().stream())
        .distinct()
        .forEach(
            operation ->
                html.append("<span><i style=\"background:")
                    .append(Operations.colour(operation))
                    .append("\"></i>")
                    .append(Svg.escape(operation))
                    .append("</span>"));
    html.append("</p>");
  }

  private void rounds() {
    if (data.rounds().isEmpty()) {
      return;
    }
    html.append("<section><h2>Scores of the rounds</h2><p>")
        .append(Svg.escape(data.deltaDefinition()))
        .append(
            " Bars are one standard error over repeats; pruned operations are filled and shaded."
                + "</p>");
    for (Round round : data.rounds()) {
      html.element(
          "h3",
          "Round "
              + round.number()
              + ": "
              + round.candidates().size()
              + " candidates, "
              + round.repeats()
              + (round.repeats() == 1 ? " repeat" : " repeats"));
      html.append("<figure class=\"wide\">").append(DeltaPlot.of(round)).append("</figure>");
    }
    html.append("<details><summary>All candidates as a table</summary>");
    List<List<String>> rows = new ArrayList<>();
    for (Round round : data.rounds()) {
      for (Candidate c : round.candidates()) {
        rows.add(
            List.of(
                Integer.toString(round.number()),
                c.edge().replace('-', '←'),
                c.operation(),
                Significant.digits(c.kappa().mean(), 5),
                Significant.digits(c.kappa().error(), 2),
                Significant.digits(c.regions().mean(), 5),
                Significant.digits(c.regions().error(), 2),
                c.rank() < 0 ? "–" : Integer.toString(c.rank() + 1),
                c.pruned() ? "yes" : ""));
      }
    }
    html.table(
        List.of("round", "edge", "operation", "Δκ", "± s.e.", "ΔR", "± s.e.", "rank", "pruned"),
        rows);
    html.append("</details></section>");
  }

  private void spectrum() {
    if (data.spectra().isEmpty()) {
      return;
    }
    html.append("<section><h2>Spectrum of the tangent kernel</h2><figure class=\"wide\">")
        .append(SpectrumPlot.of(data.spectra()))
        .append("</figure></section>");
  }

  private void sampled() {
    if (data.sampled().isEmpty()) {
      return;
    }
    html.append("<section><h2>Scored architectures</h2>");
    html.table(data.sampled().get(0), data.sampled().subList(1, data.sampled().size()));
    html.append("</section>");
  }

  private void baseline() {
    if (data.comparison().isEmpty()) {
      return;
    }
    html.append("<section><h2>Beside random search</h2><div class=\"strip\">");
    step("TE-NAS", data.cell());
    step("random search", data.otherCell());
    html.append("</div>");
    html.table(data.comparison().get(0), data.comparison().subList(1, data.comparison().size()));
    html.append("</section>");
  }

  private void appendix() {
    html.append("<section><h2>How to repeat it</h2>");
    html.details("Configuration", data.configuration());
    html.details("Provenance", data.provenance());
    html.append("</section>");
  }

  private static String number(String format, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "–";
  }
}
