package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NasBench201Test {
  private static final NasBench201 SPACE = new NasBench201();

  /** The TE-NAS network of the condition number: C = 3, N = 1. */
  private static NetworkOptions small(int classes, int side) {
    return new NetworkOptions(3, 1, 3, true, classes, new Shape(3, side, side));
  }

  private static NasBench201Cell cell(String label) {
    int index = SPACE.edges().get(0).operations().indexOf(label);
    return NasBench201Cell.of(index, index, index, index, index, index);
  }

  @Test
  void theSpaceIsFoundAsAService() {
    List<String> names =
        ServiceLoader.load(SearchSpace.class).stream().map(s -> s.get().name()).toList();
    assertTrue(names.contains("nas-bench-201"), names::toString);
  }

  /**
   * Every cell's counts at full size on the benchmark's three data sets. The table's FLOPs are
   * multiply-accumulates plus what its counter adds for norms, ReLUs and pools: at 32x32 0.160832
   * M, and 0.43008 M per convolution and 1.29024 M per average pool of the cell.
   */
  @Test
  void parametersAndMacsOfAllCellsAreTheBenchmarks() throws IOException {
    Map<String, NasBench201Cell> byIndex = new HashMap<>();
    try (var rows = Tables.open(SharedFolder.require("data/nb201/nb201_accuracy.csv.gz"))) {
      for (CSVRecord row : rows) {
        byIndex.put(row.get("index"), NasBench201Cell.parse(row.get("arch_str")));
      }
    }
    try (var rows = Tables.open(SharedFolder.require("data/nb201/nb201_params_flops.csv.gz"))) {
      for (CSVRecord row : rows) {
        NasBench201Cell cell = byIndex.remove(row.get("index"));
        NetworkGraph network = SPACE.network(cell, SPACE.standard(10, 32));
        check(row, "cifar10", cell, network.parameters(), network.macs(), 32);
      }
    }
    assertEquals(Map.of(), byIndex);
  }

  /** The other two data sets change only the classifier and the image: a sample of the cells. */
  @Test
  void parametersAndMacsOnTheOtherDataSetsAreTheBenchmarks() throws IOException {
    Map<String, NasBench201Cell> byIndex = new HashMap<>();
    try (var rows = Tables.open(SharedFolder.require("data/nb201/nb201_accuracy.csv.gz"))) {
      for (CSVRecord row : rows) {
        if (row.getRecordNumber() % 50 == 0) {
          byIndex.put(row.get("index"), NasBench201Cell.parse(row.get("arch_str")));
        }
      }
    }
    try (var rows = Tables.open(SharedFolder.require("data/nb201/nb201_params_flops.csv.gz"))) {
      for (CSVRecord row : rows) {
        NasBench201Cell cell = byIndex.remove(row.get("index"));
        if (cell != null) {
          NetworkGraph cifar = SPACE.network(cell, SPACE.standard(100, 32));
          check(row, "cifar100", cell, cifar.parameters(), cifar.macs(), 32);
          NetworkGraph imagenet = SPACE.network(cell, SPACE.standard(120, 16));
          check(row, "imagenet16-120", cell, imagenet.parameters(), imagenet.macs(), 16);
        }
      }
    }
    assertEquals(Map.of(), byIndex);
  }

  private static void check(
      CSVRecord row, String data, NasBench201Cell cell, long parameters, long macs, int side) {
    double convolutions = 0;
    double pools = 0;
    for (NasBench201Cell.Operation operation : cell.operations()) {
      switch (operation) {
        case NOR_CONV_1X1, NOR_CONV_3X3 -> convolutions++;
        case AVG_POOL_3X3 -> pools++;
        case NONE, SKIP_CONNECT -> {}
      }
    }
    // Of the 0.160832 M all but the global pool scales with the image; that one counts a window of
    // side + 1 for each of the 64 channels: 64 · 9² at 32x32, 64 · 5² at 16x16.
    double area = side * side / 1024.0;
    double window = side / 4.0 + 1;
    double head = 0.155648 * area + 64e-6 * window * window;
    double flops = macs / 1e6 + head + area * (0.43008 * convolutions + 1.29024 * pools);
    // The table is rounded to single scalars, a millionth of its unit.
    assertEquals(
        Math.round(1e6 * Double.parseDouble(row.get("params_M_" + data))),
        parameters,
        cell + " on " + data);
    assertEquals(
        Double.parseDouble(row.get("flops_M_" + data)), flops, 0.5e-6, cell + " on " + data);
  }

  /** 1.531546 M: the published size of the all-3x3 cell. */
  @Test
  void theLargestNetworkHasThePublishedNumberOfParameters() {
    NetworkGraph network = SPACE.network(cell("nor_conv_3x3"), SPACE.standard(10, 32));
    assertEquals(1_531_546, network.parameters());
  }

  /**
   * 1.686106 M is what the Zero-Cost-PT program logs for its full-size supernet, whose candidate
   * operations have norms without scale and shift (spec/zero-cost-pt.md). Ours have them.
   */
  @Test
  void theFullSizeSupernetHasThePublishedNumberOfParameters() {
    NetworkGraph graph = SPACE.supernet(SPACE.standard(10, 32)).graph();
    long affine =
        graph.tensors().stream()
            .filter(t -> t.role() == Role.NORM_SCALE || t.role() == Role.NORM_SHIFT)
            .filter(t -> graph.nodes().get(t.node()).choice() != NetworkGraph.ALWAYS)
            .mapToLong(TensorSpec::elements)
            .sum();
    assertEquals(1_686_106, graph.parameters() - affine);
  }

  /** Numbers of spec/te-nas.md 1.2, counted there with hooks in the published program. */
  @ParameterizedTest
  @CsvSource({"10,32,1999992,14364", "100,32,2001072,15444", "120,16,501408,15684"})
  void theSearchSupernetIsThePublishedPrograms(int classes, int side, long macs, long weights) {
    NetworkGraph graph = SPACE.supernet(small(classes, side)).graph();
    assertEquals(macs, graph.macs());
    assertEquals(weights, named(graph, ".weight"));
    assertEquals(30, graph.choices());
  }

  private static long named(NetworkGraph graph, String suffix) {
    return graph.tensors().stream()
        .filter(tensor -> tensor.name().endsWith(suffix))
        .mapToLong(TensorSpec::elements)
        .sum();
  }

  /** 550 MACs and 117 activation bits, spec/te-nas.md 1.2. */
  @Test
  void theThinSupernetIsThePublishedPrograms() {
    NetworkGraph graph =
        SPACE.supernet(new NetworkOptions(1, 1, 1, false, 10, new Shape(1, 3, 3))).graph();
    assertEquals(550, graph.macs());
    long bits =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.Relu)
            .mapToLong(node -> node.shape().elements())
            .sum();
    assertEquals(117, bits);
    assertTrue(graph.tensors().stream().noneMatch(t -> t.name().startsWith("stem")));
  }

  /** The canonical names of golden/README.md, for a network of two stages. */
  @Test
  void tensorsCarryTheCanonicalNames() {
    NetworkGraph graph =
        SPACE.network(
            "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_1x1~2|",
            new NetworkOptions(4, 1, 2, true, 7, new Shape(3, 8, 8)));
    List<String> weights =
        graph.tensors().stream()
            .filter(tensor -> tensor.name().endsWith(".weight"))
            .map(tensor -> tensor.name() + " " + tensor.shape())
            .toList();
    assertEquals(
        List.of(
            "stem.conv.weight [4, 3, 3, 3]",
            "stem.bn.weight [4]",
            "cells.0.1-0.nor_conv_3x3.conv.weight [4, 4, 3, 3]",
            "cells.0.1-0.nor_conv_3x3.bn.weight [4]",
            "cells.0.3-2.nor_conv_1x1.conv.weight [4, 4, 1, 1]",
            "cells.0.3-2.nor_conv_1x1.bn.weight [4]",
            "cells.1.conv_a.conv.weight [8, 4, 3, 3]",
            "cells.1.conv_a.bn.weight [8]",
            "cells.1.conv_b.conv.weight [8, 8, 3, 3]",
            "cells.1.conv_b.bn.weight [8]",
            "cells.1.shortcut.conv.weight [8, 4, 1, 1]",
            "cells.2.1-0.nor_conv_3x3.conv.weight [8, 8, 3, 3]",
            "cells.2.1-0.nor_conv_3x3.bn.weight [8]",
            "cells.2.3-2.nor_conv_1x1.conv.weight [8, 8, 1, 1]",
            "cells.2.3-2.nor_conv_1x1.bn.weight [8]",
            "last.bn.weight [8]",
            "classifier.weight [7, 8]"),
        weights);
  }

  @Test
  void aNodeThatNothingLeadsToIsZero() {
    NetworkGraph graph = SPACE.network(cell("none"), small(10, 8));
    Node output = node(graph, "cells.0.3");
    assertTrue(output.operation() instanceof Operation.Zero);
    assertEquals(new Shape(3, 8, 8), output.shape());
  }

  @Test
  void aSkipIsTheSourceItself() {
    Supernet supernet = SPACE.supernet(small(10, 8));
    Node first = node(supernet.graph(), "cells.0.1");
    Operation.WeightedSum sum = (Operation.WeightedSum) first.operation();
    assertEquals(List.of(1, 2, 3, 4), sum.choices());
    assertEquals("stem.bn", supernet.graph().nodes().get(first.inputs().get(0)).name());
  }

  private static Node node(NetworkGraph graph, String name) {
    return graph.nodes().stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  /** Law: every weight of a cell's own network is in the supernet, with the same shape. */
  @Test
  void theSupernetHoldsEveryStandAloneNetwork() {
    Map<String, List<Integer>> all = new HashMap<>();
    SPACE.supernet(small(10, 16)).graph().tensors().forEach(t -> all.put(t.name(), t.shape()));
    SPACE
        .cells()
        .filter(cell -> cell.hashCode() % 50 == 0)
        .flatMap(cell -> SPACE.network(cell, small(10, 16)).tensors().stream())
        .forEach(tensor -> assertEquals(tensor.shape(), all.get(tensor.name()), tensor.name()));
  }

  @Test
  void anImageTooSmallForTheStagesIsRefusedByNode() {
    NetworkOptions options = new NetworkOptions(3, 1, 3, true, 10, new Shape(3, 1, 1));
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.supernet(options));
    assertTrue(e.getMessage().contains("cells.1.shortcut.pool"), e::getMessage);
  }

  @Test
  void anImageOfOddSideIsRefusedWhereTheShortcutDoesNotFit() {
    NetworkOptions options = new NetworkOptions(3, 1, 3, true, 10, new Shape(3, 9, 9));
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.supernet(options));
    assertTrue(e.getMessage().contains("(cells.1): input 1 is 6x5x5 but input 0 is 6x4x4"));
  }
}
