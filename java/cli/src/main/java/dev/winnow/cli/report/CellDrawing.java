package dev.winnow.cli.report;

import java.util.List;

/**
 * Draws a cell whose nodes stand in one line and whose edges are arcs between them, coloured by
 * operation; an edge with several operations is a bundle.
 */
final class CellDrawing {
  private static final String NODE = "fill='#ffffff' stroke='#333b44' stroke-width='1.6'";
  private static final double BUNDLE_GAP = 5;

  /**
   * An edge and the operations left on it.
   *
   * @param source node it leaves
   * @param target node it enters
   * @param operations names
   */
  record Edge(int source, int target, List<String> operations) {
    Edge {
      operations = List.copyOf(operations);
    }

    /** From a name such as {@code 2-0}: target, then source. */
    static Edge of(String name, List<String> operations) {
      int dash = name.indexOf('-');
      return new Edge(
          Integer.parseInt(name.substring(dash + 1)),
          Integer.parseInt(name.substring(0, dash)),
          operations);
    }
  }

  private CellDrawing() {}

  /** A large drawing with the operations' names on the edges. */
  static String large(List<Edge> edges) {
    return draw(edges, 720, 330, 17, 3.4, true);
  }

  /** A small drawing for a strip. */
  static String small(List<Edge> edges) {
    return draw(edges, 230, 132, 7, 1.7, false);
  }

  private static String draw(
      List<Edge> edges, double width, double height, double radius, double stroke, boolean names) {
    int nodes = 1 + edges.stream().mapToInt(Edge::target).max().orElse(0);
    double left = radius + (names ? 54 : 8);
    double step = (width - 2 * left) / Math.max(1, nodes - 1);
    double middle = height / 2;
    Svg svg = new Svg(width, height, "cell with " + nodes + " nodes");
    for (Edge edge : edges) {
      drawEdge(svg, edge, left, step, middle, radius, stroke, names);
    }
    for (int n = 0; n < nodes; n++) {
      double x = left + n * step;
      svg.circle(x, middle, radius, NODE);
      if (names) {
        svg.text(x, middle + 5, "middle", "class='node'", Integer.toString(n));
      }
    }
    if (names) {
      svg.text(left - radius - 8, middle + 4, "end", "class='axis'", "input");
      svg.text(width - left + radius + 8, middle + 4, "start", "class='axis'", "output");
    }
    return svg.end();
  }

  private static void drawEdge(
      Svg svg,
      Edge edge,
      double left,
      double step,
      double middle,
      double radius,
      double stroke,
      boolean names) {
    double bend = bend(edge, middle);
    int count = edge.operations().size();
    double gap = names ? 2 * BUNDLE_GAP : BUNDLE_GAP;
    for (int i = 0; i < count; i++) {
      String operation = edge.operations().get(i);
      double offset = (i - (count - 1) / 2.0) * gap;
      double x1 = left + edge.source() * step + radius * 0.9;
      double x2 = left + edge.target() * step - radius * 0.9;
      // A cubic's middle lies at 3/4 of its control points' height.
      double control = middle + (bend + offset) / 0.75;
      double pull = (x2 - x1) * 0.22;
      double end = middle + Math.signum(bend) * radius * 0.35;
      String dash = operation.equals("none") ? " stroke-dasharray='4 5'" : "";
      svg.group(edge.target() + "←" + edge.source() + " " + operation)
          .curve(
              x1,
              end,
              x1 + pull,
              control,
              x2 - pull,
              control,
              x2,
              end,
              "stroke='"
                  + Operations.colour(operation)
                  + "' stroke-width='"
                  + stroke
                  + "' stroke-linecap='round'"
                  + dash);
      if (names) {
        // A halo in the page's colour keeps the name readable where arcs cross it.
        svg.text(
            (x1 + x2) / 2,
            middle + bend + offset + 4,
            "middle",
            "class='edge' fill='" + Operations.colour(operation) + "'",
            Operations.shortName(operation));
      }
      svg.endGroup();
    }
  }

  /** Height of an arc's middle: neighbours straight, longer edges alternate above and below. */
  private static double bend(Edge edge, double middle) {
    int span = edge.target() - edge.source();
    if (span == 1) {
      return 0;
    }
    double height = middle * (span == 2 ? 0.52 : 0.84);
    boolean above = span != 2 || edge.source() % 2 == 1;
    return above ? -height : height;
  }
}
