package dev.winnow.cli.report;

import java.util.Locale;

/** Writes one SVG drawing. Coordinates are in pixels from the top left corner. */
final class Svg {
  private final StringBuilder text = new StringBuilder();

  /**
   * @param title what the drawing shows, for readers who do not see it
   */
  Svg(double width, double height, String title) {
    add(
        "<svg viewBox='0 0 %.0f %.0f' width='%.0f' height='%.0f' role='img'>",
        width, height, width, height);
    text.append("<title>").append(escape(title)).append("</title>");
  }

  Svg line(double x1, double y1, double x2, double y2, String style) {
    return add("<line x1='%.2f' y1='%.2f' x2='%.2f' y2='%.2f' %s/>", x1, y1, x2, y2, style);
  }

  Svg circle(double x, double y, double radius, String style) {
    return add("<circle cx='%.2f' cy='%.2f' r='%.2f' %s/>", x, y, radius, style);
  }

  Svg rectangle(double x, double y, double width, double height, String style) {
    return add(
        "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' %s/>", x, y, width, height, style);
  }

  /** A cubic curve. */
  Svg curve(
      double x1,
      double y1,
      double cx1,
      double cy1,
      double cx2,
      double cy2,
      double x2,
      double y2,
      String style) {
    return add(
        "<path d='M%.2f %.2f C%.2f %.2f %.2f %.2f %.2f %.2f' fill='none' %s/>",
        x1, y1, cx1, cy1, cx2, cy2, x2, y2, style);
  }

  /** Opens a group whose children share a hover title. */
  Svg group(String title) {
    text.append("<g><title>").append(escape(title)).append("</title>");
    return this;
  }

  Svg endGroup() {
    text.append("</g>");
    return this;
  }

  /**
   * @param anchor start, middle or end
   */
  Svg text(double x, double y, String anchor, String style, String content) {
    add("<text x='%.2f' y='%.2f' text-anchor='%s' %s>", x, y, anchor, style);
    text.append(escape(content)).append("</text>");
    return this;
  }

  /** The whole drawing. */
  String end() {
    return text + "</svg>";
  }

  private Svg add(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
    return this;
  }

  /** Text as HTML shows it literally, inside elements and quoted attributes. */
  static String escape(String raw) {
    return raw.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&quot;");
  }
}
