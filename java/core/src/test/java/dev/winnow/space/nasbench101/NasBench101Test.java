package dev.winnow.space.nasbench101;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Tables;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

class NasBench101Test {
  private static final NasBench101 SPACE = new NasBench101();

  /** The published number of cells. */
  @Test
  void enumerationFindsAsManyCellsAsPublished() {
    assertEquals(423_624, AllCells.count());
  }

  /**
   * The official hashes of all cells are distinct, so the canonical form merges no more than they
   * do. A minute: run with -Dwinnow.slow=true.
   */
  @Test
  void theOfficialHashTellsAllCellsApart() {
    assumeTrue(Boolean.getBoolean("winnow.slow"), "skipped: slow, run with -Dwinnow.slow=true");
    Set<String> hashes = new HashSet<>();
    for (int i = 0; i < AllCells.count(); i++) {
      hashes.add(NasBench101.moduleHash(AllCells.get(i)));
    }
    assertEquals(423_624, hashes.size());
  }

  /**
   * The table's keys are the benchmark's own, its parameters those of the trained networks. Where a
   * row's graph was recovered from its hash the order of the vertices is not known, and vertices
   * that come first share the remainder of the channels: some order has the parameters.
   */
  @Test
  void hashesAndParametersAreTheBenchmarks() throws IOException {
    int exact = 0;
    int rows = 0;
    try (var table = Tables.open(SharedFolder.require("data/nb101/nb101_accuracy.csv.gz"))) {
      for (CSVRecord row : table) {
        var cell = NasBench101Cell.parse(row.get("adjacency") + ":" + row.get("ops"));
        assertEquals(row.get("module_hash"), NasBench101.moduleHash(cell));
        long parameters = Long.parseLong(row.get("params"));
        if (parameters(cell) == parameters) {
          exact++;
        } else {
          assertEquals("recovered_from_hash", row.get("adjacency_origin"), cell.toString());
          assertTrue(someOrderHas(cell, parameters, new int[] {0}), cell.toString());
        }
        rows++;
      }
    }
    assertEquals(30_001, rows);
    assertTrue(exact > 20_000, "only " + exact);
  }

  private static long parameters(NasBench101Cell cell) {
    return SPACE.network(cell.toString(), SPACE.standard(10, 32)).parameters();
  }

  private static boolean someOrderHas(NasBench101Cell cell, long parameters, int[] order) {
    int last = cell.vertices() - 1;
    if (order.length == last) {
      int[] whole = Arrays.copyOf(order, last + 1);
      whole[last] = last;
      return parameters(cell.ordered(whole)) == parameters;
    }
    for (int v = 1; v < last; v++) {
      int next = v;
      boolean taken = Arrays.stream(order).anyMatch(o -> o == next);
      boolean free = true;
      for (int w = 0; w < v; w++) {
        int source = w;
        free &= !cell.hasEdge(w, v) || Arrays.stream(order).anyMatch(o -> o == source);
      }
      int[] longer = Arrays.copyOf(order, order.length + 1);
      longer[order.length] = v;
      if (!taken && free && someOrderHas(cell, parameters, longer)) {
        return true;
      }
    }
    return false;
  }

  /** Every form that is listed is its own canonical form: forms are fixed points. */
  @Test
  void listedCellsAreCanonical() {
    Iterator<String> cells = SPACE.architectures();
    for (int i = 0; cells.hasNext(); i++) {
      String cell = cells.next();
      if (i % 20 == 0) {
        assertEquals(cell, SPACE.canonical(cell));
      }
    }
  }

  /** Worked out by hand from the published rule. */
  @Test
  void channelsAreSharedAndTruncated() {
    // 0 -> 1 -> 2 -> output, 0 -> 3 -> output, 1 -> 4 -> output: 2, 3, 4 share 128; 1 feeds 2 and
    // 4.
    NasBench101Cell cell =
        NasBench101Cell.parse(
            "010100|001010|000001|000001|000001|000000:input;conv3x3-bn-relu;conv1x1-bn-relu;"
                + "maxpool3x3;conv1x1-bn-relu;output");
    assertArrayEquals(new int[] {16, 43, 43, 43, 42, 128}, VertexChannels.of(cell, 16, 128));
    NetworkGraph graph =
        SPACE.network(cell.toString(), new NetworkOptions(128, 1, 1, true, 10, IMAGE));
    List<String> slices =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.ChannelSlice)
            .map(node -> node.name() + " " + node.operation())
            .toList();
    assertEquals(List.of("cells.0.4-1.slice ChannelSlice[first=0, count=42]"), slices);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SPACE.network(cell.toString(), new NetworkOptions(2, 1, 1, true, 10, IMAGE)));
    assertTrue(e.getMessage().startsWith("channels must be at least 3"), e::getMessage);
  }

  private static final Shape IMAGE = new Shape(3, 8, 8);

  /** The projected input is added to the concatenation; alone it is the whole cell. */
  @Test
  void theInputReachesTheOutputByAProjection() {
    NetworkOptions size = new NetworkOptions(4, 1, 1, true, 10, IMAGE);
    NetworkGraph alone = SPACE.network("01|00:input;output", size);
    assertEquals(List.of("stem.conv", "cells.0.1-0.projection.conv"), convolutions(alone));
    NetworkGraph beside = SPACE.network("011|001|000:input;maxpool3x3;output", size);
    assertEquals(
        List.of("stem.conv", "cells.0.1-0.projection.conv", "cells.0.2-0.projection.conv"),
        convolutions(beside));
  }

  private static List<String> convolutions(NetworkGraph graph) {
    return graph.nodes().stream()
        .filter(node -> node.operation() instanceof Operation.Convolution)
        .map(node -> node.name())
        .toList();
  }

  /** An odd side is halved upwards, as TensorFlow's same padding does. */
  @Test
  void anOddSideIsHalvedUpwards() {
    NetworkGraph graph =
        SPACE.network(
            "01|00:input;output", new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 9, 10)));
    List<Shape> halves =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.MaxPool)
            .map(node -> node.shape())
            .toList();
    assertEquals(List.of(new Shape(4, 5, 5), new Shape(8, 3, 3)), halves);
  }
}
