package dev.winnow.space;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * NAS-Bench-201 (Dong and Yang 2020; the topology space of NATS-Bench): one cell shared by all
 * stages, five operations on each of six edges, 15,625 architectures. Choice {@code edge * 5 +
 * operation} of a supernet's row is the operation on the edge, in all cells at once.
 */
public final class NasBench201 implements CellSpace {
  private static final int OPERATIONS = NasBench201Cell.Operation.all().size();
  private static final int SIZE = 15_625; // 5^6

  private static final List<MixedEdge> EDGES = mixedEdges();

  private static List<MixedEdge> mixedEdges() {
    List<String> labels =
        NasBench201Cell.Operation.all().stream().map(NasBench201Cell.Operation::label).toList();
    List<MixedEdge> edges = new ArrayList<>();
    for (int target = 1; target < NasBench201Cell.NODES; target++) {
      for (int source = 0; source < target; source++) {
        int first = NasBench201Cell.edge(target, source) * OPERATIONS;
        List<Integer> choices = IntStream.range(first, first + OPERATIONS).boxed().toList();
        edges.add(new MixedEdge(0, target + "-" + source, labels, choices));
      }
    }
    return List.copyOf(edges);
  }

  @Override
  public String name() {
    return "nas-bench-201";
  }

  /** The cell of highest CIFAR-10 test accuracy in the benchmark's tables. */
  @Override
  public String example() {
    return "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";
  }

  @Override
  public List<MixedEdge> edges() {
    return EDGES;
  }

  /**
   * All cells, each once, in the order of their {@linkplain NasBench201Cell#indices indices} read
   * as a number with five digits, edge 1-0 the most significant. The benchmark's own numbering
   * follows no rule; it is a column of its tables.
   */
  public Stream<NasBench201Cell> cells() {
    return IntStream.range(0, SIZE).mapToObj(NasBench201::cell);
  }

  private static NasBench201Cell cell(int number) {
    int[] indices = new int[NasBench201Cell.EDGES];
    for (int edge = indices.length - 1; edge >= 0; edge--) {
      indices[edge] = number % OPERATIONS;
      number /= OPERATIONS;
    }
    return NasBench201Cell.of(indices);
  }

  @Override
  public Supernet supernet(NetworkOptions options) {
    return new Supernet(NasBench201Network.supernet(options, EDGES), EDGES);
  }

  @Override
  public NetworkGraph network(String architecture, NetworkOptions options) {
    return network(NasBench201Cell.parse(architecture), options);
  }

  /**
   * The stand-alone network of a cell as the benchmark builds it: every edge that is not {@code
   * none}, also one that leads nowhere or comes from a node that is zero.
   */
  public NetworkGraph network(NasBench201Cell cell, NetworkOptions options) {
    return NasBench201Network.standAlone(options, cell);
  }

  @Override
  public String architecture(int[] chosen) {
    return NasBench201Cell.of(chosen).toString();
  }

  @Override
  public int[] parse(String architecture) {
    return NasBench201Cell.parse(architecture).indices();
  }

  /** The {@linkplain NasBench201Cell#flattenedForm flattened form}. */
  @Override
  public String canonical(String architecture) {
    return NasBench201Cell.parse(architecture).flattenedForm();
  }

  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return new NetworkOptions(16, 5, 3, true, classes, new Shape(3, imageSide, imageSide));
  }
}
