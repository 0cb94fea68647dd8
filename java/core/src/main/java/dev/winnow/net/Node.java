package dev.winnow.net;

import java.util.List;

/**
 * One operation of a {@link NetworkGraph}.
 *
 * @param name unique in the graph; its tensors are called {@code <name>.weight} and so on
 * @param operation what it computes
 * @param inputs indices of earlier nodes
 * @param choice the candidate operation of a supernet that it belongs to, −1 for none; a row that
 *     skips the choice does not have the node
 * @param shape shape of its value
 */
public record Node(
    String name, Operation operation, List<Integer> inputs, int choice, Shape shape) {
  public Node {
    inputs = List.copyOf(inputs);
  }
}
