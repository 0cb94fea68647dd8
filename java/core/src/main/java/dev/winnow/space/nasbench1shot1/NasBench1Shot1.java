package dev.winnow.space.nasbench1shot1;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.Supernet;
import dev.winnow.space.nasbench101.NasBench101;
import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * NAS-Bench-1Shot1 (Zela, Siems and Hutter 2020): cells of NAS-Bench-101 whose vertices have
 * prescribed numbers of parents, so that one supernet holds them all. As in the benchmark's tables,
 * the cells that are listed, drawn and counted have no loose ends: the vertices that lead to the
 * output lie on one path. Others can be written and built too. A stand-alone network is
 * NAS-Bench-101's, whose accuracies the benchmark takes.
 *
 * @see <a href="https://arxiv.org/abs/2001.10422">Zela, Siems and Hutter 2020</a>
 */
public abstract sealed class NasBench1Shot1 implements SearchSpace {
  private static final NasBench101 TRAINED = new NasBench101();

  private final int number;
  private final String example;
  private final Parents parents;
  private final List<Long> edgeSets;
  private final int[] first;

  private NasBench1Shot1(int number, String example, Integer... parents) {
    this.number = number;
    this.example = example;
    this.parents = new Parents(List.of(parents));
    this.edgeSets = this.parents.edgeSets();
    this.first = new int[edgeSets.size() + 1];
    for (int i = 0; i < edgeSets.size(); i++) {
      first[i + 1] = first[i] + (int) Math.pow(Operation.all().size(), live(i).length);
    }
  }

  /** Four blocks with 1, 2, 2, 2 parents and an output with 2: 2,487 cells. */
  public static final class Space1 extends NasBench1Shot1 {
    /** The space. */
    public Space1() {
      super(1, "110101110001000100010:33131", 1, 2, 2, 2, 2);
    }
  }

  /** Four blocks with 1, 1, 2, 2 parents and an output with 3: 3,609 cells. */
  public static final class Space2 extends NasBench1Shot1 {
    /** The space. */
    public Space2() {
      super(2, "101101100011000100010:31331", 1, 1, 2, 2, 3);
    }
  }

  /** Five blocks with 1, 1, 1, 2, 2 parents and an output with 2: 24,066 cells. */
  public static final class Space3 extends NasBench1Shot1 {
    /** The space. */
    public Space3() {
      super(3, "100000101101001100101:1m331", 1, 1, 1, 2, 2, 2);
    }
  }

  @Override
  public String name() {
    return "nas-bench-1shot1-" + number;
  }

  @Override
  public long size() {
    return first[edgeSets.size()];
  }

  /** In spaces 1 and 2 the cell of lowest mean test error in the benchmark's table. */
  @Override
  public String example() {
    return example;
  }

  @Override
  public String notation(String text) {
    return parse(text).toString();
  }

  private OneShotCell parse(String text) {
    OneShotCell cell = OneShotCell.parse(text);
    for (int v = 1; v <= Parents.OUTPUT; v++) {
      int count = Integer.bitCount(Parents.set(cell.edges(), v));
      if (count != parents.of(v) && (v == Parents.OUTPUT || count > 0)) {
        throw OneShotCell.malformed(
            "in space "
                + number
                + " vertex "
                + v
                + (parents.of(v) == 0 ? " is not there" : " has " + parents.of(v) + " parents")
                + " but here it has "
                + count);
      }
    }
    return cell;
  }

  /** The canonical form in NAS-Bench-101: cells of other spaces, too, are the same there. */
  @Override
  public String canonical(String architecture) {
    return TRAINED.canonical(parse(architecture).inNasBench101().toString());
  }

  @Override
  public Iterator<String> architectures() {
    return IntStream.range(0, (int) size()).mapToObj(n -> cell(n).toString()).iterator();
  }

  @Override
  public String sample(Philox random) {
    return cell(random.nextInt((int) size())).toString();
  }

  private OneShotCell cell(int index) {
    int i = Arrays.binarySearch(first, index);
    i = i < 0 ? -i - 2 : i;
    int rest = index - first[i];
    List<Operation> operations =
        new ArrayList<>(Collections.nCopies(OneShotCell.BLOCKS, Operation.CONV1X1));
    for (int v : live(i)) {
      operations.set(v - 1, Operation.all().get(rest % Operation.all().size()));
      rest /= Operation.all().size();
    }
    return new OneShotCell(edgeSets.get(i), operations);
  }

  private int[] live(int edgeSet) {
    long edges = edgeSets.get(edgeSet);
    return IntStream.rangeClosed(1, OneShotCell.BLOCKS)
        .filter(v -> Parents.set(edges, v) != 0)
        .toArray();
  }

  /**
   * One vertex, uniform among all, gets another operation or, as often, other parents, again until
   * the cell is another one without loose ends. Vertices that lead to no output have uniform
   * parents and operations before.
   */
  @Override
  public String mutate(String architecture, Philox random) {
    OneShotCell old = parse(architecture);
    while (true) {
      long edges = old.edges();
      List<Operation> operations = new ArrayList<>(old.operations());
      for (int v = 1; v <= parents.blocks(); v++) {
        if (Parents.set(edges, v) == 0) {
          edges |= (long) any(parents.sets(v), random) << 7 * v;
          operations.set(v - 1, any(Operation.all(), random));
        }
      }
      int changed = 1 + random.nextInt(parents.blocks() + 1);
      int vertex = changed > parents.blocks() ? Parents.OUTPUT : changed;
      if (vertex != Parents.OUTPUT && random.nextInt(2) == 0) {
        operations.set(vertex - 1, any(Operation.all(), random));
      } else {
        edges &= ~(0x7fL << 7 * vertex);
        edges |= (long) any(parents.sets(vertex), random) << 7 * vertex;
      }
      OneShotCell cell = new OneShotCell(edges, operations);
      if (!cell.equals(old) && Parents.onOnePath(cell.edges())) {
        return cell.toString();
      }
    }
  }

  private static <T> T any(List<T> list, Philox random) {
    return list.get(random.nextInt(list.size()));
  }

  /** The network that NAS-Bench-101 trained. */
  @Override
  public NetworkGraph network(String architecture, NetworkOptions options) {
    return TRAINED.network(parse(architecture).inNasBench101().toString(), options);
  }

  /**
   * The one-shot network. Its mixed edges are the operations of each block and, where a vertex has
   * a choice of parents, its candidates; published are 16 channels, 3 stages of 3 cells.
   */
  public Supernet supernet(NetworkOptions options) {
    return new OneShotSupernet(options, parents).build();
  }

  /** Size of NAS-Bench-101's networks. */
  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return TRAINED.standard(classes, imageSide);
  }

  @Override
  public NetworkOptions reduced(int classes, Shape image) {
    return TRAINED.reduced(classes, image);
  }

  @Override
  public NetworkOptions thin(int classes, Shape patch) {
    return TRAINED.thin(classes, patch);
  }
}
