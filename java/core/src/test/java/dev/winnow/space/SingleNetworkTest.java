package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import org.junit.jupiter.api.Test;

class SingleNetworkTest {
  private static NetworkGraph linear(Shape input, int choices) {
    NetworkGraph.Builder builder = NetworkGraph.builder(input, choices);
    return builder.build(builder.add("classifier", new Operation.Linear(4, true), -1, 0));
  }

  @Test
  void itsNetworkIsTheOneGiven() {
    NetworkGraph graph = linear(new Shape(3, 8, 8), 0);
    SingleNetwork space = new SingleNetwork("mine.json", graph);
    assertSame(graph, space.network("mine.json", space.standard(10, 32)));
    assertEquals(4, space.standard(10, 32).classes());
    assertThrows(IllegalArgumentException.class, () -> space.notation("other.json"));
  }

  @Test
  void imagesMustFit() {
    SingleNetwork space = new SingleNetwork("mine", linear(new Shape(3, 8, 8), 0));
    assertEquals(new Shape(3, 8, 8), space.reduced(10, new Shape(3, 8, 8)).input());
    var e =
        assertThrows(IllegalArgumentException.class, () -> space.reduced(10, new Shape(3, 32, 32)));
    assertEquals("mine takes 3x8x8 but the images are 3x32x32", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> space.thin(10, new Shape(1, 3, 3)));
    SingleNetwork thin = new SingleNetwork("mine", linear(new Shape(1, 5, 5), 0));
    assertEquals(new Shape(1, 5, 5), thin.thin(10, new Shape(1, 3, 3)).input());
  }

  @Test
  void supernetsAndNamesThatBreakTablesAreRefused() {
    NetworkGraph one = linear(new Shape(3, 8, 8), 0);
    NetworkGraph supernet = linear(new Shape(3, 8, 8), 2);
    assertThrows(IllegalArgumentException.class, () -> new SingleNetwork("mine", supernet));
    assertThrows(IllegalArgumentException.class, () -> new SingleNetwork("a,b", one));
  }
}
