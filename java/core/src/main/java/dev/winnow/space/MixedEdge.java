package dev.winnow.space;

import java.util.List;

/**
 * An edge of a cell on which one of several operations is to be chosen.
 *
 * @param cellType 0 for normal cells, 1 for reduction cells; 0 where a space has one type
 * @param name unique in the space: target and source, for example {@code 2-0}, after the type of
 *     the cell where there are two, {@code normal.2-0}
 * @param operations names in the space's order
 * @param choices the row index of each operation
 */
public record MixedEdge(int cellType, String name, List<String> operations, List<Integer> choices) {
  public MixedEdge {
    operations = List.copyOf(operations);
    choices = List.copyOf(choices);
    if (operations.size() != choices.size()) {
      throw new IllegalArgumentException(
          "edge "
              + name
              + " has "
              + operations.size()
              + " operations but "
              + choices.size()
              + " choices");
    }
  }
}
