package dev.winnow.space.nasbench101;

import java.util.ArrayList;
import java.util.List;

/**
 * A cell of NAS-Bench-101: a directed acyclic graph whose vertex 0 is the cell's input, whose last
 * vertex is its output, and whose other vertices each carry an operation. Vertices that lie on no
 * path from input to output may be there; {@link #pruned} is without them.
 *
 * @param vertices 2 to 7
 * @param edges bit {@code target (target − 1) / 2 + source} is the edge from source to target
 * @param operations of the vertices between input and output
 */
public record NasBench101Cell(int vertices, int edges, List<Operation> operations) {
  /** Most vertices, input and output included. */
  public static final int MOST_VERTICES = 7;

  /** Most edges of a pruned cell. */
  public static final int MOST_EDGES = 9;

  /** The operations, in the benchmark's own order. */
  public enum Operation {
    /** 3x3 convolution, batch norm, ReLU. */
    CONV3X3("conv3x3-bn-relu"),
    /** 1x1 convolution, batch norm, ReLU. */
    CONV1X1("conv1x1-bn-relu"),
    /** 3x3 maximum pool, stride 1, padding 1. */
    MAXPOOL3X3("maxpool3x3");

    private static final List<Operation> ALL = List.of(values());

    private final String label;

    Operation(String label) {
      this.label = label;
    }

    /** The published name. */
    public String label() {
      return label;
    }

    /** All of them, in the order of their published indices. */
    public static List<Operation> all() {
      return ALL;
    }
  }

  /**
   * A cell that has an output.
   *
   * @throws IllegalArgumentException for too few or many vertices, another number of operations, an
   *     output that the input does not reach, or more than 9 edges after pruning
   */
  public NasBench101Cell {
    operations = List.copyOf(operations);
    if (vertices < 2 || vertices > MOST_VERTICES) {
      throw malformed("the number of vertices must be in [2, 7] but was " + vertices);
    }
    if (operations.size() != vertices - 2) {
      throw malformed(
          vertices
              + " vertices need "
              + (vertices - 2)
              + " operations between input and output but"
              + " there are "
              + operations.size());
    }
    if (edges < 0 || edges >= 1 << edge(vertices, 0)) {
      throw malformed("edges must be among " + vertices + " vertices but were " + edges);
    }
    int live = live(vertices, edges);
    if (live == 0) {
      throw malformed(
          "the output, vertex " + (vertices - 1) + ", cannot be reached from the input, vertex 0");
    }
    int count = Integer.bitCount(edges & among(live));
    if (count > MOST_EDGES) {
      throw malformed("there must be at most 9 edges after pruning but there are " + count);
    }
  }

  static IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException("not a NAS-Bench-101 cell: " + what);
  }

  /** Number of the edge from {@code source} to {@code target}. */
  static int edge(int target, int source) {
    return target * (target - 1) / 2 + source;
  }

  /** Whether there is an edge from {@code source} to {@code target}; false for source ≥ target. */
  public boolean hasEdge(int source, int target) {
    return hasEdge(edges, source, target);
  }

  static boolean hasEdge(int edges, int source, int target) {
    return source < target && (edges >>> edge(target, source) & 1) != 0;
  }

  /** The operation of a vertex between input and output. */
  public Operation operation(int vertex) {
    return operations.get(vertex - 1);
  }

  /** The vertices on a path from input to output, as bits; 0 when there is none. */
  static int live(int vertices, int edges) {
    int reached = 1;
    for (int v = 1; v < vertices; v++) {
      reached |= (sources(edges, v) & reached) != 0 ? 1 << v : 0;
    }
    int needed = 1 << vertices - 1;
    for (int v = vertices - 1; v > 0; v--) {
      needed |= (needed >>> v & 1) != 0 ? sources(edges, v) : 0;
    }
    int both = reached & needed;
    return (both & 1) != 0 && both >>> vertices - 1 != 0 ? both : 0;
  }

  /** Whether edges make a cell: the output is reached, over at most nine edges. */
  static boolean valid(int vertices, int edges) {
    int live = live(vertices, edges);
    return live != 0 && Integer.bitCount(edges & among(live)) <= MOST_EDGES;
  }

  private static int sources(int edges, int target) {
    return edges >>> edge(target, 0) & (1 << target) - 1;
  }

  private static int among(int live) {
    int mask = 0;
    for (int target = 1; target < MOST_VERTICES; target++) {
      mask |= (live >>> target & 1) != 0 ? (live & (1 << target) - 1) << edge(target, 0) : 0;
    }
    return mask;
  }

  /** The cell without vertices that lie on no path from input to output, in the same order. */
  public NasBench101Cell pruned() {
    int live = live(vertices, edges);
    if (live == (1 << vertices) - 1) {
      return this;
    }
    int[] kept = new int[Integer.bitCount(live)];
    for (int v = 0, k = 0; v < vertices; v++) {
      if ((live >>> v & 1) != 0) {
        kept[k++] = v;
      }
    }
    return ordered(kept);
  }

  /** The sub-cell of these vertices, in this order. */
  NasBench101Cell ordered(int[] order) {
    List<Operation> kept = new ArrayList<>();
    for (int k = 1; k < order.length - 1; k++) {
      kept.add(operation(order[k]));
    }
    return new NasBench101Cell(order.length, reordered(edges, order), kept);
  }

  static int reordered(int edges, int[] order) {
    int result = 0;
    for (int target = 1; target < order.length; target++) {
      for (int source = 0; source < target; source++) {
        if (hasEdge(edges, order[source], order[target])) {
          result |= 1 << edge(target, source);
        }
      }
    }
    return result;
  }

  /**
   * Reads rows of the adjacency matrix and operations, {@code
   * 011|001|000:input;conv3x3-bn-relu;output}, or Python's {@code matrix=[[0, 1, 1], …],
   * ops=['input', …]}.
   *
   * @throws IllegalArgumentException naming the row and column, or the vertex
   */
  public static NasBench101Cell parse(String text) {
    return CellNotation.parse(text);
  }

  /** The first of the two notations. */
  @Override
  public String toString() {
    return CellNotation.print(this);
  }
}
