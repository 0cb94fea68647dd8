package dev.winnow.space.nasbench1shot1;

import dev.winnow.space.nasbench101.NasBench101Cell;
import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A cell: parents of each vertex and the operations of the vertices 1 to 5. Vertices that do not
 * lead to the output have no parents and, by convention, the 1x1 convolution.
 *
 * @param edges as in {@link Parents#edgeSets}
 * @param operations of the vertices 1 to 5
 */
record OneShotCell(long edges, List<Operation> operations) {
  static final int VERTICES = 7;
  static final int BLOCKS = 5;

  private static final String SYMBOLS = "31m"; // in the order of Operation

  OneShotCell {
    edges = Parents.pruned(edges);
    List<Operation> named = new ArrayList<>(operations);
    for (int v = 1; v <= BLOCKS; v++) {
      if (Parents.set(edges, v) == 0) {
        named.set(v - 1, Operation.CONV1X1);
      }
    }
    operations = List.copyOf(named);
  }

  static OneShotCell of(NasBench101Cell cell) {
    if (cell.vertices() != VERTICES) {
      throw malformed(
          "there must be 7 vertices, dead ones included, but there are " + cell.vertices());
    }
    long edges = 0;
    for (int target = 1; target < VERTICES; target++) {
      for (int source = 0; source < target; source++) {
        edges |= cell.hasEdge(source, target) ? 1L << 7 * target + source : 0;
      }
    }
    return new OneShotCell(edges, cell.operations());
  }

  /** The cell of NAS-Bench-101 that its table was trained with. */
  NasBench101Cell inNasBench101() {
    List<String> rows = new ArrayList<>();
    for (int source = 0; source < VERTICES; source++) {
      StringBuilder row = new StringBuilder();
      for (int target = 0; target < VERTICES; target++) {
        row.append(Parents.set(edges, target) >>> source & 1);
      }
      rows.add(row.toString());
    }
    List<String> names = new ArrayList<>(List.of("input"));
    operations.forEach(operation -> names.add(operation.label()));
    names.add("output");
    return NasBench101Cell.parse(String.join("|", rows) + ":" + String.join(";", names));
  }

  /**
   * Reads the upper triangle of the matrix row by row and the operations, {@code
   * 100001000010000000000:31111}, or a notation of NAS-Bench-101 with all seven vertices.
   */
  static OneShotCell parse(String text) {
    if (text.contains("input")) {
      return of(NasBench101Cell.parse(text));
    }
    String[] parts = text.strip().split(":", -1);
    if (parts.length != 2 || parts[0].length() != 21 || parts[1].length() != BLOCKS) {
      throw malformed(
          "must be 21 digits of the upper triangle, ':' and 5 operations, as in"
              + " 100001000010000000000:31111, but was '"
              + (text.length() <= 40 ? text : text.substring(0, 40) + "…")
              + "'");
    }
    long edges = 0;
    int at = 0;
    for (int source = 0; source < VERTICES; source++) {
      for (int target = source + 1; target < VERTICES; target++) {
        char digit = parts[0].charAt(at++);
        if (digit != '0' && digit != '1') {
          throw malformed(
              "row "
                  + source
                  + " column "
                  + target
                  + " of the matrix must be 0 or 1 but was '"
                  + digit
                  + "'");
        }
        edges |= digit == '1' ? 1L << 7 * target + source : 0;
      }
    }
    List<Operation> operations = new ArrayList<>(Collections.nCopies(BLOCKS, Operation.CONV1X1));
    for (int v = 1; v <= BLOCKS; v++) {
      int operation = SYMBOLS.indexOf(parts[1].charAt(v - 1));
      if (operation < 0) {
        throw malformed(
            "the operation of vertex "
                + v
                + " must be 3 (conv3x3-bn-relu), 1 (conv1x1-bn-relu) or"
                + " m (maxpool3x3) but was '"
                + parts[1].charAt(v - 1)
                + "'");
      }
      operations.set(v - 1, Operation.all().get(operation));
    }
    if ((edges & ~Parents.pruned(edges)) != 0) {
      throw malformed("vertex " + firstLoose(edges) + " has parents but leads to no output");
    }
    return new OneShotCell(edges, operations);
  }

  private static int firstLoose(long edges) {
    return Long.numberOfTrailingZeros(edges & ~Parents.pruned(edges)) / 7;
  }

  static IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException("not a NAS-Bench-1Shot1 cell: " + what);
  }

  /** The first of the two notations. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int source = 0; source < VERTICES; source++) {
      for (int target = source + 1; target < VERTICES; target++) {
        text.append(Parents.set(edges, target) >>> source & 1);
      }
    }
    text.append(':');
    operations.forEach(operation -> text.append(SYMBOLS.charAt(operation.ordinal())));
    return text.toString();
  }
}
