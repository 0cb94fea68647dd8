package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.compute.Row;
import dev.winnow.net.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SupernetTest {
  private static final Supernet SUPERNET =
      new NasBench201().supernet(new NetworkOptions(3, 1, 1, true, 2, new Shape(3, 4, 4)));

  private static boolean[][] all(boolean value) {
    boolean[][] alive = new boolean[6][5];
    for (boolean[] edge : alive) {
      Arrays.fill(edge, value);
    }
    return alive;
  }

  @Test
  void liveOperationsShareTheEdgeEquallyAndTheOthersAreAbsent() {
    boolean[][] alive = all(true);
    alive[2] = new boolean[] {false, true, false, true, true};
    alive[5] = new boolean[] {false, false, true, false, false};
    Row row = SUPERNET.row(alive);
    assertEquals(30, row.size());
    assertEquals((double) 0.2f, row.coefficient(0));
    assertEquals(0.0, row.coefficient(2 * 5));
    assertEquals(Row.State.SKIP, row.state(2 * 5));
    assertEquals((double) (1f / 3), row.coefficient(2 * 5 + 3));
    assertEquals(Row.State.RUN, row.state(2 * 5 + 3));
    assertEquals(1.0, row.coefficient(5 * 5 + 2));
    assertEquals(Row.State.SKIP, row.state(5 * 5 + 3));
  }

  @Test
  void everyEdgeNeedsALiveOperation() {
    boolean[][] alive = all(true);
    alive[4] = new boolean[5];
    var e = assertThrows(IllegalArgumentException.class, () -> SUPERNET.row(alive));
    assertEquals("edge 3-1 has no live operation", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> SUPERNET.row(new boolean[5][5]));
    assertThrows(IllegalArgumentException.class, () -> SUPERNET.row(new boolean[6][4]));
  }
}
