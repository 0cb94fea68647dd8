package dev.winnow.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Writes one HTML file: no network, no scripts but a few lines that sort tables. */
final class HtmlPage {
  private final StringBuilder html = new StringBuilder();

  HtmlPage(String title) {
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<title>")
        .append(Svg.escape(title))
        .append("</title><style>")
        .append(resource("report.css"))
        .append("</style></head><body><main>");
  }

  /** Adds HTML as it is. */
  HtmlPage append(String raw) {
    html.append(raw);
    return this;
  }

  /** Opens the header. */
  void beginHeader(String title, String subtitle) {
    html.append("<header><p class=\"kicker\">Winnow</p>");
    element("h1", title);
    element("p", subtitle);
  }

  void element(String name, String text) {
    html.append('<').append(name).append('>');
    html.append(Svg.escape(text));
    html.append("</").append(name).append('>');
  }

  /** A text that folds away; nothing where it is empty. */
  void details(String title, String text) {
    if (!text.isEmpty()) {
      html.append("<details><summary>")
          .append(title)
          .append("</summary><pre>")
          .append(Svg.escape(text))
          .append("</pre></details>");
    }
  }

  void facts(Map<String, String> facts) {
    html.append("<dl>");
    facts.forEach(
        (name, value) -> {
          element("dt", name);
          element("dd", value);
        });
    html.append("</dl>");
  }

  /** A table that sorts by the column that is clicked. */
  void table(List<String> header, List<List<String>> rows) {
    html.append("<table class=\"sortable\"><thead><tr>");
    header.forEach(cell -> element("th", cell));
    html.append("</tr></thead><tbody>");
    for (List<String> row : rows) {
      html.append("<tr>");
      row.forEach(this::cell);
      html.append("</tr>");
    }
    html.append("</tbody></table>");
  }

  /** A cell; an architecture, which has no spaces, may break anywhere. */
  private void cell(String text) {
    html.append(text.startsWith("|") ? "<td class=\"breaks\">" : "<td>")
        .append(Svg.escape(text))
        .append("</td>");
  }

  /** The whole page. */
  String end() {
    return html + "</main><script>" + resource("report.js") + "</script></body></html>\n";
  }

  private static String resource(String name) {
    try (InputStream in = HtmlPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the program lacks its " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
