package dev.winnow.cli.report;

import dev.winnow.cli.evaluate.EvaluationTables;
import dev.winnow.cli.evaluate.Grid;
import dev.winnow.evaluation.Evaluation;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes evaluations as one HTML file. */
public final class EvaluationPage {
  private EvaluationPage() {}

  /**
   * The whole page.
   *
   * @param title of the page
   * @param subtitle what was evaluated
   * @param evaluations one per true quantity
   */
  public static String of(String title, String subtitle, List<Evaluation> evaluations) {
    HtmlPage html = new HtmlPage(title);
    html.beginHeader(title, subtitle);
    html.append("</header>");
    for (Evaluation evaluation : evaluations) {
      scatter(html, evaluation);
      for (Grid table : new EvaluationTables(evaluation).all()) {
        html.append("<section>");
        html.element("h2", table.title());
        if (!table.note().isEmpty()) {
          html.element("p", table.note());
        }
        html.append("<figure class=\"wide\">");
        html.table(table.header(), table.rows());
        html.append("</figure></section>");
      }
      html.append("<section><h2>Agreement of scores</h2>");
      html.element("p", "Kendall's τ-b of every pair, " + evaluation.truth() + " first.");
      html.append("<figure class=\"wide\">" + MatrixPlot.of(evaluation.matrix()) + "</figure>");
      html.append("</section>");
    }
    html.append("<section><h2>How to repeat it</h2>");
    html.details("Protocols", protocols(evaluations.get(0)));
    html.append("</section>");
    return html.end();
  }

  private static void scatter(HtmlPage html, Evaluation evaluation) {
    html.append("<section>");
    html.element("h2", evaluation.truth() + " over rank by score");
    html.append("<div class=\"strip\">");
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      html.append("<figure>")
          .append(
              ScatterPlot.of(
                  estimate.assessment().name(), evaluation.truth(), estimate.assessment().sample()))
          .append("</figure>");
    }
    html.append("</div>");
    html.element(
        "p",
        Math.round(100 * ScatterPlot.BELOW)
            + " % of the architectures, those of the lowest truth, lie on the lower edge.");
    html.append("</section>");
  }

  private static String protocols(Evaluation evaluation) {
    StringBuilder text = new StringBuilder();
    for (Evaluation.Estimate estimate : evaluation.estimates()) {
      Map<String, String> protocol = new TreeMap<>(estimate.measurements().protocol());
      text.append(estimate.assessment().name()).append(": ");
      text.append(protocol.isEmpty() ? "not recorded" : protocol).append('\n');
    }
    return text.toString();
  }
}
