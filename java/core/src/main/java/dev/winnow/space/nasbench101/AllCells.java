package dev.winnow.space.nasbench101;

import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The distinct cells, in canonical form and a fixed order: by vertices, edges, operations. Found by
 * enumeration on first use, which takes seconds; kept as 8 bytes each.
 *
 * <p>Of isomorphic graphs without operations one is kept, and given every combination of
 * operations: what is isomorphic then is so by a symmetry of that graph.
 */
final class AllCells {
  private static final int OPERATION_BITS = 2 * (NasBench101Cell.MOST_VERTICES - 2);
  private static final int EDGE_BITS = 21;

  private static final long[] CODES = enumerate();

  private AllCells() {}

  static int count() {
    return CODES.length;
  }

  static NasBench101Cell get(int number) {
    return decoded(CODES[number]);
  }

  private static long[] enumerate() {
    Set<Long> codes = new HashSet<>();
    for (int n = 2; n <= NasBench101Cell.MOST_VERTICES; n++) {
      for (NasBench101Cell graph : graphs(n)) {
        int combinations = (int) Math.pow(Operation.all().size(), n - 2.0);
        for (int c = 0; c < combinations; c++) {
          codes.add(code(CanonicalOrder.of(labelled(graph, c))));
        }
      }
    }
    long[] sorted = codes.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  /** One of every class of isomorphic graphs whose vertices all lie on a path. */
  private static Set<NasBench101Cell> graphs(int n) {
    Set<NasBench101Cell> graphs = new HashSet<>();
    int all = (1 << n) - 1;
    for (int edges = 0; edges < 1 << NasBench101Cell.edge(n, 0); edges++) {
      if (Integer.bitCount(edges) <= NasBench101Cell.MOST_EDGES
          && NasBench101Cell.live(n, edges) == all) {
        NasBench101Cell graph = new NasBench101Cell(n, edges, operations(n, 0));
        graphs.add(CanonicalOrder.of(graph));
      }
    }
    return graphs;
  }

  private static NasBench101Cell labelled(NasBench101Cell graph, int combination) {
    return new NasBench101Cell(
        graph.vertices(), graph.edges(), operations(graph.vertices(), combination));
  }

  private static List<Operation> operations(int vertices, int combination) {
    List<Operation> operations = new ArrayList<>();
    int rest = combination;
    for (int v = 1; v < vertices - 1; v++) {
      operations.add(Operation.all().get(rest % Operation.all().size()));
      rest /= Operation.all().size();
    }
    return operations;
  }

  private static long code(NasBench101Cell cell) {
    long code = (long) cell.vertices() << EDGE_BITS | cell.edges();
    code <<= OPERATION_BITS;
    for (int v = 1; v < cell.vertices() - 1; v++) {
      code |= (long) cell.operation(v).ordinal() << 2 * (v - 1);
    }
    return code;
  }

  private static NasBench101Cell decoded(long code) {
    int edges = (int) (code >>> OPERATION_BITS) & (1 << EDGE_BITS) - 1;
    int vertices = (int) (code >>> OPERATION_BITS + EDGE_BITS);
    List<Operation> operations = new ArrayList<>();
    for (int v = 1; v < vertices - 1; v++) {
      operations.add(Operation.all().get((int) (code >>> 2 * (v - 1)) & 3));
    }
    return new NasBench101Cell(vertices, edges, operations);
  }
}
