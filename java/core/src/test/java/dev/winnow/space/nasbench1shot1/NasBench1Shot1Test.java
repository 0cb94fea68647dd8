package dev.winnow.space.nasbench1shot1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Tables;
import dev.winnow.space.nasbench101.NasBench101Cell;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NasBench1Shot1Test {
  private static NasBench1Shot1 space(int number) {
    return switch (number) {
      case 1 -> new NasBench1Shot1.Space1();
      case 2 -> new NasBench1Shot1.Space2();
      default -> new NasBench1Shot1.Space3();
    };
  }

  /** Published counts of cells without loose ends, and the cells themselves. */
  @ParameterizedTest
  @CsvSource({"1,2487,space1", "2,3609,space2", "3,24066,space3_archs_only"})
  void cellsAreThePublished(int number, int count, String file) throws IOException {
    Set<String> cells = new HashSet<>();
    space(number).architectures().forEachRemaining(cells::add);
    assertEquals(count, cells.size());
    assertEquals(count, space(number).size());
    Set<String> table = new HashSet<>();
    try (var rows = Tables.open(SharedFolder.require("data/nb1shot1_" + file + ".csv.gz"))) {
      for (CSVRecord row : rows) {
        table.add(row.get("adj_upper") + ":" + row.get("ops"));
      }
    }
    assertEquals(table, cells);
  }

  /**
   * spec/zero-cost-pt.md 2.3, 3.1 and 7: logged parameters, evaluations, ReLU units, distinct
   * inputs.
   */
  @ParameterizedTest
  @CsvSource({
    "1,1101402,24,1537024,119,22.7",
    "2,1101402,26,1537024,119,22.7",
    "3,1509594,35,1917184,146,31.1"
  })
  void supernetsAreThePublishedPrograms(
      int number, long parameters, int choices, long units, int relus, double macs) {
    NetworkOptions size = new NetworkOptions(16, 3, 3, true, 10, new Shape(3, 32, 32));
    NetworkGraph graph = space(number).supernet(size).graph();
    assertEquals(parameters, graph.parameters());
    assertEquals(choices, graph.choices());
    assertEquals(macs, 128 * graph.macs() / 1e9, 0.05);
    long[] found =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.Relu)
            .mapToLong(node -> node.shape().elements())
            .toArray();
    assertEquals(relus, found.length);
    // The program counts the input of the last ReLU twice.
    long last = found[found.length - 1];
    assertEquals(units, Arrays.stream(found).sum() + last);
  }

  @Test
  void cellsOfNasBench101AreRead() {
    var space = space(1);
    String text =
        "0100001|0000001|0000000|0000000|0000000|0000000|0000000:input;conv3x3-bn-relu;"
            + "maxpool3x3;conv3x3-bn-relu;conv1x1-bn-relu;conv1x1-bn-relu;output";
    assertEquals("100001000010000000000:31111", space.notation(text));
    assertEquals(
        "011|001|000:input;conv3x3-bn-relu;output", space.canonical("100001000010000000000:31111"));
    assertEquals(
        NasBench101Cell.parse(text).pruned(),
        OneShotCell.parse("100001000010000000000:31111").inNasBench101().pruned());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1000010000100000000001:31111; must be 21 digits",
        "100001000010000000000;must be 21 digits",
        "100002000010000000000:31111; row 0 column 6 of the matrix must be 0 or 1 but was '2'",
        "100001000010000000000:3111x; the operation of vertex 5 must be 3 (conv3x3-bn-relu)",
        "110001000010000000000:31111; vertex 2 has parents but leads to no output",
        "000001000000000000000:11111; in space 1 vertex 6 has 2 parents but here it has 1",
        "100001100000001000000:11111; in space 1 vertex 2 has 2 parents but here it has 1",
        "000011000000000000001:11111; in space 1 vertex 5 is not there but here it has 1",
      })
  void malformedCellsNameTheVertex(String text, String message) {
    var e = assertThrows(IllegalArgumentException.class, () -> space(1).notation(text));
    assertTrue(
        e.getMessage().startsWith("not a NAS-Bench-1Shot1 cell: " + message.strip()),
        e::getMessage);
  }
}
