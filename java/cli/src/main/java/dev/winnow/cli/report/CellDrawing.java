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
   * @param cell type of the cell, for example {@code normal}; empty in spaces with one type
   * @param source node it leaves
   * @param target node it enters
   * @param operations names
   */
  record Edge(String cell, int source, int target, List<String> operations) {
    Edge {
      operations = List.copyOf(operations);
    }

    /** From a name such as {@code 2-0} or {@code normal.2-0}: target, then source. */
    static Edge of(String name, List<String> operations) {
      int dot = name.indexOf('.');
      int dash = name.indexOf('-', dot + 1);
      return new Edge(
          name.substring(0, Math.max(0, dot)),
          Integer.parseInt(name.substring(dash + 1)),
          Integer.parseInt(name.substring(dot + 1, dash)),
          operations);
    }

    /** The same edge with other operations. */
    Edge with(List<String> others) {
      return new Edge(cell, source, target, others);
    }

    /** Whether the architecture does without the edge, as those with two types of cells may. */
    private boolean absent() {
      return !cell.isEmpty() && operations.equals(List.of("none"));
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
    for (Edge edge : edges.stream().filter(e -> !e.absent()).toList()) {
      drawEdge(svg, edge, nodes, left, step, middle, radius, stroke, names);
    }
    for (int n = 0; n < nodes; n++) {
      double x = left + n * step;
      svg.circle(x, middle, radius, NODE);
      if (names) {
        svg.text(x, middle + 5, "middle", "class='node'", Integer.toString(n));
      }
    }
    if (names) {
      boolean darts = !edges.isEmpty() && !edges.get(0).cell().isEmpty();
      String input = darts ? "in 0, 1" : "input";
      String output = darts ? "out 2–5" : "output";
      svg.text(left - radius - 8, middle + 4, "end", "class='axis'", input);
      svg.text(width - left + radius + 8, middle + 4, "start", "class='axis'", output);
    }
    return svg.end();
  }

  private static void drawEdge(
      Svg svg,
      Edge edge,
      int nodes,
      double left,
      double step,
      double middle,
      double radius,
      double stroke,
      boolean names) {
    double bend = bend(edge, nodes, middle);
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
  private static double bend(Edge edge, int nodes, double middle) {
    int span = edge.target() - edge.source();
    if (span == 1) {
      return 0;
    }
    double height = middle * (0.52 + 0.32 * (span - 2) / Math.max(1, nodes - 3));
    boolean above =
        nodes > 4 ? (span + edge.source()) % 2 == 1 : span != 2 || edge.source() % 2 == 1;
    return above ? -height : height;
  }
}
