package dev.winnow.space.nasbench101;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * NAS-Bench-101 (Ying et al. 2019): cells of at most seven vertices and nine edges with three
 * operations; 423,624 distinct ones. A network has at least as many channels as vertices may share
 * them, five.
 *
 * @see <a href="https://arxiv.org/abs/1902.09635">Ying et al. 2019</a>
 */
public final class NasBench101 implements SearchSpace {
  private static final int SIZE = 423_624;

  /** Fewest channels that suffice for every cell, rounded up to a power of two. */
  private static final int FEWEST_CHANNELS = 8;

  @Override
  public String name() {
    return "nas-bench-101";
  }

  @Override
  public long size() {
    return SIZE;
  }

  /** The cell like an Inception module of the benchmark's own introduction. */
  @Override
  public String example() {
    return "0111010|0000001|0000001|0000100|0000001|0000001|0000000"
               + ":input;conv1x1-bn-relu;conv3x3-bn-relu;conv3x3-bn-relu;conv3x3-bn-relu;maxpool3x3;output";
  }

  /** The cell as it is given, dead vertices included. */
  @Override
  public String notation(String text) {
    return NasBench101Cell.parse(text).toString();
  }

  /** The one of all isomorphic cells, without dead vertices, that {@link #architectures} lists. */
  @Override
  public String canonical(String architecture) {
    return CanonicalOrder.of(NasBench101Cell.parse(architecture)).toString();
  }

  /** The benchmark's fingerprint of a cell, 32 hexadecimal digits: the key of its tables. */
  public static String moduleHash(NasBench101Cell cell) {
    return ModuleHash.of(cell);
  }

  /** {@inheritDoc} Of isomorphic cells one is listed. The first call enumerates, some seconds. */
  @Override
  public Iterator<String> architectures() {
    return IntStream.range(0, AllCells.count())
        .mapToObj(number -> AllCells.get(number).toString())
        .iterator();
  }

  /** Uniform over the distinct cells. The first call enumerates, some seconds. */
  @Override
  public String sample(Philox random) {
    return AllCells.get(random.nextInt(AllCells.count())).toString();
  }

  /**
   * The mutation of the benchmark's regularised evolution: in a frame of seven vertices each edge
   * flips with probability 1/7 and each operation changes with probability 1/5, again until the
   * result is a cell that is not isomorphic to the old one. Vertices that the frame adds get
   * uniform operations.
   */
  @Override
  public String mutate(String architecture, Philox random) {
    NasBench101Cell cell = NasBench101Cell.parse(architecture);
    String old = canonical(architecture);
    while (true) {
      int edges = framed(cell);
      List<Operation> operations = new ArrayList<>(cell.operations());
      while (operations.size() < NasBench101Cell.MOST_VERTICES - 2) {
        operations.add(Operation.all().get(random.nextInt(Operation.all().size())));
      }
      for (int e = 0; e < NasBench101Cell.edge(NasBench101Cell.MOST_VERTICES, 0); e++) {
        edges ^= random.nextInt(NasBench101Cell.MOST_VERTICES) == 0 ? 1 << e : 0;
      }
      for (int v = 0; v < operations.size(); v++) {
        if (random.nextInt(operations.size()) == 0) {
          int other = random.nextInt(Operation.all().size() - 1);
          int kept = operations.get(v).ordinal();
          operations.set(v, Operation.all().get(other < kept ? other : other + 1));
        }
      }
      if (NasBench101Cell.valid(NasBench101Cell.MOST_VERTICES, edges)) {
        var mutated = new NasBench101Cell(NasBench101Cell.MOST_VERTICES, edges, operations);
        if (!CanonicalOrder.of(mutated).toString().equals(old)) {
          return mutated.toString();
        }
      }
    }
  }

  /** The edges of a cell with the output moved to vertex 6. */
  private static int framed(NasBench101Cell cell) {
    int last = cell.vertices() - 1;
    int toOutput = cell.edges() >>> NasBench101Cell.edge(last, 0);
    int others = cell.edges() & (1 << NasBench101Cell.edge(last, 0)) - 1;
    return others | toOutput << NasBench101Cell.edge(NasBench101Cell.MOST_VERTICES - 1, 0);
  }

  @Override
  public NetworkGraph network(String architecture, NetworkOptions options) {
    return new NasBench101Network(options, NasBench101Cell.parse(architecture)).build();
  }

  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return new NetworkOptions(128, 3, 3, true, classes, new Shape(3, imageSide, imageSide));
  }

  @Override
  public NetworkOptions reduced(int classes, Shape image) {
    return new NetworkOptions(FEWEST_CHANNELS, 1, 3, true, classes, image);
  }

  @Override
  public NetworkOptions thin(int classes, Shape patch) {
    return new NetworkOptions(FEWEST_CHANNELS, 1, 1, false, classes, patch);
  }
}
