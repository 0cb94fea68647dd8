package dev.winnow.torch;

import dev.winnow.net.Node;

/** Where a noise operation's numbers come from. */
@FunctionalInterface
public interface Noise {
  /** For networks without noise: refuses. */
  Noise NONE =
      (node, elements) -> {
        throw new IllegalArgumentException(
            "node " + node.name() + " adds noise but no source of it was given");
      };

  /**
   * Standard normal numbers.
   *
   * @param node the operation that adds them, times its deviation
   * @param elements how many: those of the node's value, {@code [batch, c, h, w]} row-major
   */
  double[] draw(Node node, int elements);
}
