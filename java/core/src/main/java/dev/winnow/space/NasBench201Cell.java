package dev.winnow.space;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A cell of NAS-Bench-201: one operation on each of the six edges of a complete directed acyclic
 * graph with four nodes. Node 0 is the cell's input, node 3 its output; a node is the sum of what
 * its incoming edges deliver.
 *
 * @param operations on the edges 1-0, 2-0, 2-1, 3-0, 3-1, 3-2 (target-source), the order of the
 *     official notation
 */
public record NasBench201Cell(List<Operation> operations) {
  /** Number of nodes, the input included. */
  static final int NODES = 4;

  /** Number of edges. */
  public static final int EDGES = 6;

  /** Longest part of a malformed notation that a message repeats. */
  private static final int QUOTED = 120;

  public NasBench201Cell {
    operations = List.copyOf(operations);
    if (operations.size() != EDGES) {
      throw new IllegalArgumentException(
          "a NAS-Bench-201 cell has 6 edges but got " + operations.size() + " operations");
    }
  }

  /** The candidate operations; ordinals are the published operation indices. */
  public enum Operation {
    /** Zeros: the edge is absent. */
    NONE,
    /** Identity. */
    SKIP_CONNECT,
    /** ReLU, 1x1 convolution, batch norm. */
    NOR_CONV_1X1,
    /** ReLU, 3x3 convolution with padding 1, batch norm. */
    NOR_CONV_3X3,
    /** 3x3 average pool, stride 1, padding 1, padding not counted. */
    AVG_POOL_3X3;

    private static final List<Operation> ALL = List.of(values());

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The published name, for example {@code nor_conv_3x3}. */
    public String label() {
      return label;
    }

    /** All of them, in the order of their indices. */
    public static List<Operation> all() {
      return ALL;
    }
  }

  /** Number of the edge from {@code source} into {@code target}. */
  static int edge(int target, int source) {
    return target * (target - 1) / 2 + source;
  }

  /** The operation on the edge from {@code source} into {@code target}, source below target. */
  public Operation operation(int target, int source) {
    return operations.get(edge(target, source));
  }

  /**
   * A cell from operation indices.
   *
   * @throws IllegalArgumentException unless there are six indices in [0, 4]
   */
  public static NasBench201Cell of(int... indices) {
    List<Operation> operations = new ArrayList<>(indices.length);
    for (int index : indices) {
      if (index < 0 || index >= Operation.ALL.size()) {
        throw new IllegalArgumentException(
            "operation index must be in [0, 4] but was "
                + index
                + " in "
                + Arrays.toString(indices));
      }
      operations.add(Operation.ALL.get(index));
    }
    return new NasBench201Cell(operations);
  }

  /**
   * Reads NASLib's six digits, edges 1-0, 2-0, 3-0, 2-1, 3-1, 3-2 with 0 {@code skip_connect}, 1
   * {@code none}, 2 {@code nor_conv_3x3}, 3 {@code nor_conv_1x1}, 4 {@code avg_pool_3x3}.
   *
   * @throws IllegalArgumentException naming the digit
   */
  public static NasBench201Cell ofNaslib(String digits) {
    int[] edges = {edge(1, 0), edge(2, 0), edge(3, 0), edge(2, 1), edge(3, 1), edge(3, 2)};
    int[] operations = {1, 0, 3, 2, 4};
    int[] indices = new int[EDGES];
    for (int i = 0; i < EDGES; i++) {
      int digit = digits.length() == EDGES ? "01234".indexOf(digits.charAt(i)) : -1;
      if (digit < 0) {
        throw new IllegalArgumentException(
            "not a NAS-Bench-201 cell of NASLib: digit "
                + (i + 1)
                + " of six must be 0 to 4 in '"
                + shortened(digits, QUOTED)
                + "'");
      }
      indices[edges[i]] = operations[digit];
    }
    return of(indices);
  }

  /** The operation indices, the inverse of {@link #of}. */
  public int[] indices() {
    return operations.stream().mapToInt(Operation::ordinal).toArray();
  }

  /**
   * Reads the official notation {@code |op~0|+|op~0|op~1|+|op~0|op~1|op~2|}. Strict: exactly what
   * {@link #toString} writes.
   *
   * @throws IllegalArgumentException naming the character, counted from 1, and the edge
   */
  public static NasBench201Cell parse(String notation) {
    List<Operation> operations = new ArrayList<>(EDGES);
    int at = 0;
    for (int target = 1; target < NODES; target++) {
      at = expect(notation, at, target == 1 ? "|" : "+|", "before edge " + target + "-0");
      for (int source = 0; source < target; source++) {
        String edge = "edge " + target + "-" + source;
        Operation operation = operationAt(notation, at, edge);
        operations.add(operation);
        at = expect(notation, at + operation.label.length(), "~" + source + "|", edge);
      }
    }
    if (at != notation.length()) {
      throw malformed(notation, at, "expected the end after edge 3-2");
    }
    return new NasBench201Cell(operations);
  }

  private static Operation operationAt(String notation, int at, String edge) {
    int end = at;
    while (end < notation.length() && "~|+".indexOf(notation.charAt(end)) < 0) {
      end++;
    }
    String label = notation.substring(at, end);
    for (Operation operation : Operation.ALL) {
      if (operation.label.equals(label)) {
        return operation;
      }
    }
    List<String> known = Operation.ALL.stream().map(Operation::label).toList();
    throw malformed(notation, at, edge + ": expected one of " + String.join(", ", known));
  }

  private static int expect(String notation, int at, String text, String place) {
    if (!notation.startsWith(text, at)) {
      throw malformed(notation, at, place + ": expected '" + text + "'");
    }
    return at + text.length();
  }

  private static IllegalArgumentException malformed(String notation, int at, String what) {
    String found =
        at >= notation.length() ? "the end" : "'" + shortened(notation.substring(at), 20) + "'";
    return new IllegalArgumentException(
        "not a NAS-Bench-201 cell: character "
            + (at + 1)
            + ", "
            + what
            + " but found "
            + found
            + " in '"
            + shortened(notation, QUOTED)
            + "' (form: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|)");
  }

  private static String shortened(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length) + "…";
  }

  /** The official notation. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(96);
    for (int target = 1; target < NODES; target++) {
      text.append(target == 1 ? "|" : "+|");
      for (int source = 0; source < target; source++) {
        text.append(operation(target, source).label).append('~').append(source).append('|');
      }
    }
    return text.toString();
  }

  /**
   * The canonical form of the benchmark's own programs, under which the 15,625 cells fall into
   * 6,466 classes. A node is its incoming terms, sorted and joined by {@code +}: {@code #} for
   * {@code none} or a source that is exactly {@code #}, the source itself for a skip, else {@code
   * (source)@operation}. It keeps {@code #} in sums and does not flatten a skipped sum, so it tells
   * apart some cells that compute the same function; use {@link #flattenedForm} to count those
   * once.
   */
  public String publishedForm() {
    String[] node = new String[NODES];
    node[0] = "0";
    for (int target = 1; target < NODES; target++) {
      List<String> terms = new ArrayList<>(target);
      for (int source = 0; source < target; source++) {
        Operation operation = operation(target, source);
        if (operation == Operation.NONE || node[source].equals("#")) {
          terms.add("#");
        } else if (operation == Operation.SKIP_CONNECT) {
          terms.add(node[source]);
        } else {
          terms.add("(" + node[source] + ")@" + operation.label);
        }
      }
      Collections.sort(terms);
      node[target] = String.join("+", terms);
    }
    return node[NODES - 1];
  }

  /**
   * The canonical form with absent terms dropped and skipped sums flattened into their terms: 4,930
   * classes, each of cells that compute the same function of their weights. {@code #} when nothing
   * reaches the output. Two cells of one class may still differ in parameters, those of edges that
   * lead nowhere.
   */
  public String flattenedForm() {
    List<List<String>> node = new ArrayList<>(NODES);
    node.add(List.of("0"));
    for (int target = 1; target < NODES; target++) {
      List<String> terms = new ArrayList<>();
      for (int source = 0; source < target; source++) {
        Operation operation = operation(target, source);
        List<String> from = node.get(source);
        if (operation == Operation.SKIP_CONNECT) {
          terms.addAll(from);
        } else if (operation != Operation.NONE && !from.isEmpty()) {
          terms.add("(" + String.join("+", from) + ")@" + operation.label);
        }
      }
      Collections.sort(terms);
      node.add(terms);
    }
    List<String> output = node.get(NODES - 1);
    return output.isEmpty() ? "#" : String.join("+", output);
  }
}
