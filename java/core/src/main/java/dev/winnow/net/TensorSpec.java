package dev.winnow.net;

import java.util.List;

/**
 * Name, role and shape of one tensor of a network.
 *
 * @param name canonical, for example {@code cells.0.1-0.nor_conv_3x3.conv.weight}
 * @param role what it is
 * @param shape as PyTorch lays it out, row-major
 * @param node index of the node that owns it
 */
public record TensorSpec(String name, Role role, List<Integer> shape, int node) {
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    long elements = 1;
    for (int k = 0; k < shape.size(); k++) {
      elements = Math.multiplyExact(elements, (long) shape.get(k));
    }
    return elements;
  }
}
