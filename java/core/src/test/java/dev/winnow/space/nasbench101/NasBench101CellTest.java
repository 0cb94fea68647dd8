package dev.winnow.space.nasbench101;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NasBench101CellTest {

  @Provide
  Arbitrary<NasBench101Cell> cells() {
    return Arbitraries.integers()
        .between(2, 7)
        .flatMap(
            n ->
                Combinators.combine(
                        Arbitraries.integers()
                            .between(1, (1 << NasBench101Cell.edge(n, 0)) - 1)
                            .filter(edges -> NasBench101Cell.valid(n, edges)),
                        Arbitraries.of(Operation.class).list().ofSize(n - 2))
                    .as((edges, operations) -> new NasBench101Cell(n, edges, operations)));
  }

  @Property
  void notationsGoRound(@ForAll("cells") NasBench101Cell cell) {
    assertEquals(cell, NasBench101Cell.parse(cell.toString()));
    assertEquals(cell, NasBench101Cell.parse(python(cell)));
  }

  private static String python(NasBench101Cell cell) {
    List<String> rows = new ArrayList<>();
    for (int row = 0; row < cell.vertices(); row++) {
      List<String> entries = new ArrayList<>();
      for (int column = 0; column < cell.vertices(); column++) {
        entries.add(cell.hasEdge(row, column) ? "1" : "0");
      }
      rows.add(entries.toString());
    }
    List<String> names = new ArrayList<>(List.of("'input'"));
    cell.operations().forEach(o -> names.add("'" + o.label() + "'"));
    names.add("'output'");
    return "api.ModelSpec(matrix=" + rows + ",\n    ops=" + names + ")";
  }

  /** Vertices in another topological order, operations along: the same cell. */
  @Property
  void relabellingChangesNeitherFormNorHash(
      @ForAll("cells") NasBench101Cell cell, @ForAll Random random) {
    NasBench101Cell other = cell.ordered(topologicalOrder(cell, random));
    assertEquals(CanonicalOrder.of(cell), CanonicalOrder.of(other));
    assertEquals(ModuleHash.of(cell), ModuleHash.of(other));
  }

  private static int[] topologicalOrder(NasBench101Cell cell, Random random) {
    int last = cell.vertices() - 1;
    int[] order = new int[last + 1];
    order[last] = last;
    List<Integer> left = new ArrayList<>();
    for (int v = 1; v < last; v++) {
      left.add(v);
    }
    for (int k = 1; k < last; k++) {
      List<Integer> free =
          left.stream().filter(v -> left.stream().noneMatch(w -> cell.hasEdge(w, v))).toList();
      order[k] = free.get(random.nextInt(free.size()));
      left.remove(Integer.valueOf(order[k]));
    }
    return order;
  }

  /** Dead vertices count for nothing, and the form has none. */
  @Property
  void pruningChangesNeitherFormNorHash(@ForAll("cells") NasBench101Cell cell) {
    NasBench101Cell pruned = cell.pruned();
    assertEquals(pruned, pruned.pruned());
    assertEquals(
        (1 << pruned.vertices()) - 1, NasBench101Cell.live(pruned.vertices(), pruned.edges()));
    assertEquals(CanonicalOrder.of(cell), CanonicalOrder.of(pruned));
    assertEquals(ModuleHash.of(cell), ModuleHash.of(pruned));
  }

  /** The official hash separates the space, so forms and hashes agree on what is the same. */
  @Property
  void formsAreEqualWhereHashesAre(
      @ForAll("cells") NasBench101Cell one, @ForAll("cells") NasBench101Cell two) {
    assertEquals(
        ModuleHash.of(one).equals(ModuleHash.of(two)),
        CanonicalOrder.of(one).equals(CanonicalOrder.of(two)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '&',
      quoteCharacter = '"',
      value = {
        "010|001|000 & must be rows of a matrix, ':' and operations",
        "0:input & the matrix must have 2 to 7 rows but has 1",
        "01|000:input;output & row 1 of the matrix must have 2 entries but is '000'",
        "02|00:input;output & row 0 column 1 of the matrix must be 0 or 1 but was '2'",
        "010|001|010:input;maxpool3x3;output & row 2 column 1 of the matrix must be 0: it is"
            + " upper-triangular",
        "010|011|000:input;maxpool3x3;output & row 1 column 1 of the matrix must be 0",
        "010|001|000:input;maxpool3x3 & one name per vertex, 3, but there are 2",
        "010|001|000:maxpool3x3;input;output & vertex 0 must be 'input' but was 'maxpool3x3'",
        "010|001|000:input;maxpool;output & operation of vertex 1 must be one of",
        "010|000|000:input;maxpool3x3;output & the output, vertex 2, cannot be reached",
        "[[0,1],[0,0]] & must be matrix=[[0, 1,",
        "matrix=[[0,1],[0]],ops=['input','output'] & row 1 of the matrix must have 2 entries",
        "matrix=[[0,1],[0,0]],ops=['input','out'] & vertex 1 must be 'output' but was 'out'",
      })
  void malformedCellsNameThePlace(String text, String message) {
    var e = assertThrows(IllegalArgumentException.class, () -> NasBench101Cell.parse(text));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  @Test
  void tenEdgesAreTooMany() {
    String text =
        "0111110|0010001|0000001|0000001|0000001|0000001|0000000:input;maxpool3x3;maxpool3x3;"
            + "maxpool3x3;maxpool3x3;maxpool3x3;output";
    var e = assertThrows(IllegalArgumentException.class, () -> NasBench101Cell.parse(text));
    assertEquals(
        "not a NAS-Bench-101 cell: there must be at most 9 edges after pruning but there are 11",
        e.getMessage());
  }
}
