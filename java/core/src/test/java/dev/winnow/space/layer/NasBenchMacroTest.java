package dev.winnow.space.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import dev.winnow.space.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NasBenchMacroTest {
  private static final NasBenchMacro SPACE = new NasBenchMacro();

  /** The table lists every architecture with its counts; no others are enumerated. */
  @Test
  void parametersAndMacsOfAllNetworksAreTheBenchmarks() throws IOException {
    Set<String> left = new HashSet<>();
    SPACE.architectures().forEachRemaining(left::add);
    assertEquals(6561, left.size());
    try (var rows = Tables.open(SharedFolder.require("data/nbmacro_cifar10.csv.gz"))) {
      for (CSVRecord row : rows) {
        String architecture = row.get("arch");
        assertTrue(left.remove(architecture), architecture);
        NetworkGraph network = SPACE.network(architecture, SPACE.standard(10, 32));
        assertEquals(Long.parseLong(row.get("params")), network.parameters(), architecture);
        assertEquals(Long.parseLong(row.get("flops")), network.macs(), architecture);
      }
    }
    assertEquals(Set.of(), left);
  }

  /** 3,969 and equal accuracies within a class: spec/zero-cost-pt.md 2.4. */
  @Test
  void equalCanonicalFormsHaveEqualAccuracies() throws IOException {
    Map<String, List<String>> accuracies = new HashMap<>();
    try (var rows = Tables.open(SharedFolder.require("data/nbmacro_cifar10.csv.gz"))) {
      for (CSVRecord row : rows) {
        List<String> three = new ArrayList<>();
        List.of("a", "b", "c").forEach(run -> three.add(row.get("test_acc_" + run)));
        String form = SPACE.canonical(row.get("arch"));
        List<String> earlier = accuracies.putIfAbsent(form, three);
        assertTrue(earlier == null || earlier.equals(three), form);
      }
    }
    assertEquals(3969, accuracies.size());
  }

  /**
   * Parameters, ReLU layers and ReLU units of the supernet that Zero-Cost-PT scores:
   * spec/zero-cost-pt.md 2.4, 3.1 and 7.
   */
  @Test
  void theSupernetIsThePublishedPrograms() {
    Supernet supernet = SPACE.supernet(SPACE.standard(10, 32));
    assertEquals(4_221_386, supernet.graph().parameters());
    assertEquals(24, supernet.graph().choices());
    List<Long> units =
        supernet.graph().nodes().stream()
            .filter(node -> node.operation() instanceof Operation.Relu)
            .map(node -> node.shape().elements())
            .toList();
    assertEquals(34, units.size());
    assertEquals(1_435_648, units.stream().mapToLong(Long::longValue).sum());
  }

  @Test
  void pastedListsAreRead() {
    assertEquals("12010101", SPACE.notation(" [1, 2, 0, 1, 0,1,0,1] "));
    assertEquals("22212220", SPACE.canonical("22212202"));
    assertEquals("01000000", SPACE.canonical("01000000"));
    assertEquals("02110120", SPACE.canonical("02101102"), "the first of a stage stays");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1201010; layer 7: there must be 8 layers in '1201010'",
        "120101011; layer 8: there must be 8 layers",
        "12310101; layer 2: '3' must be one of 0 (id), 1 (ir_3x3_t3), 2 (ir_5x5_t6)",
        "[1, 2, 0, 1, 0, 1, 0]; layer 7: there must be 8 layers",
        "[1, 2, -1, 1, 0, 1, 0, 1]; layer 2: '-' must be one of 0 (id)",
        "[1, 2, , 1, 0, 1, 0, 1]; layer 2: '' must be one of 0 (id)",
      })
  void malformedNotationsNameTheLayer(String text, String message) {
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.notation(text));
    assertTrue(
        e.getMessage().startsWith("not a NAS-Bench-Macro architecture: " + message), e::getMessage);
  }

  @Test
  void anotherDepthIsRefused() {
    NetworkOptions deeper = new NetworkOptions(32, 2, 3, true, 10, new Shape(3, 32, 32));
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.network("00000000", deeper));
    assertTrue(e.getMessage().contains("cellsPerStage must be 1 and stages 3"), e::getMessage);
  }
}
