package dev.winnow.torch;

import dev.winnow.net.Node;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;

/** Where a noise operation's numbers come from. */
@FunctionalInterface
public interface Noise {
  /** For networks without noise: refuses. */
  Noise NONE =
      (node, elements) -> {
        throw new IllegalArgumentException(
            "node " + node.name() + " adds noise but no source of it was given");
      };

  /** The numbers that a job with this stream draws on every other engine. */
  static Noise of(Stream stream) {
    return (node, elements) -> {
      Philox generator = stream.of(node.name()).generator();
      double[] drawn = new double[elements];
      for (int i = 0; i < elements; i++) {
        drawn[i] = generator.nextNormal();
      }
      return drawn;
    };
  }

  /**
   * Standard normal numbers.
   *
   * @param node the operation that adds them, times its deviation
   * @param elements how many: those of the node's value, {@code [batch, c, h, w]} row-major
   */
  double[] draw(Node node, int elements);
}
