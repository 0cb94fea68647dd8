package dev.winnow.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Row;
import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.layer.MobileNet;
import dev.winnow.space.layer.NasBenchMacro;
import dev.winnow.space.nasbench101.NasBench101;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectivityTest {

  /** An operation that the input passes on its way to a sum of one. */
  @ParameterizedTest
  @CsvSource({
    "RUN, 1, true",
    "RUN, 0, false",
    "SKIP, 1, false",
    "BLOCK, 1, false",
    "MUTE, 1, false"
  })
  void aRowCutsOrNot(State state, double coefficient, boolean connected) {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1), 1);
    int relu = builder.add("relu", Operation.Relu.STANDARD, 0, 0);
    int sum = builder.add("sum", new Operation.WeightedSum(List.of(0)), NetworkGraph.ALWAYS, relu);
    Row row = new Row(new double[] {coefficient}, new State[] {state});
    assertEquals(connected, Connectivity.reachesOutput(builder.build(sum), row));
  }

  /** 341 of the 15,625 cells are disconnected: those without a score in the recorded tables. */
  @Test
  void disconnectedCellsOfNasBench201() {
    NasBench201 space = new NasBench201();
    NetworkOptions size = new NetworkOptions(1, 1, 1, false, 2, new Shape(1, 4, 4));
    int cut = 0;
    for (Iterator<String> cells = space.architectures(); cells.hasNext(); ) {
      if (!Connectivity.reachesOutput(space.network(cells.next(), size), Row.NONE)) {
        cut++;
      }
    }
    assertEquals(341, cut);
  }

  /**
   * The last cell of DARTS_V2 adds up norms and skips of norms; a pool in it, or the ReLU behind
   * the last norm that other spaces have, makes the sum depend on what is shown.
   */
  @Test
  void sumsOfNormsAreFixed() {
    Darts darts = new Darts();
    String pooled = darts.example().replaceFirst("skip_connect~0", "avg_pool_3x3~0");
    assertFalse(sumVaries(darts, darts.example()));
    assertTrue(sumVaries(darts, pooled));
    for (SearchSpace space :
        List.of(new NasBench101(), new NasBench201(), new MobileNet(), new NasBenchMacro())) {
      assertTrue(sumVaries(space, space.example()), space.name());
    }
  }

  private static boolean sumVaries(SearchSpace space, String architecture) {
    return Connectivity.sumVaries(space.network(architecture, space.standard(10, 32)), Row.NONE);
  }
}
