package dev.winnow.space.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import java.util.List;
import org.junit.jupiter.api.Test;

class MobileNetTest {
  private static final MobileNet SPACE = new MobileNet();

  /**
   * ReLU layers, ReLU units and multiply-accumulates (255.1 G for a batch of 64) of the supernet on
   * ImageNet: spec/zero-cost-pt.md 3.1 and 7. 141 evaluations a proposal are 6 or 7 operations of
   * 21 layers.
   */
  @Test
  void theSupernetIsThePublishedPrograms() {
    Supernet supernet = SPACE.supernet(SPACE.standard(1000, 224));
    NetworkGraph graph = supernet.graph();
    assertEquals(141, graph.choices());
    List<Long> units =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.Relu)
            .map(node -> node.shape().elements())
            .toList();
    assertEquals(255, units.size());
    assertEquals(51_849_056, units.stream().mapToLong(Long::longValue).sum());
    assertEquals(255.1, 64 * graph.macs() / 1e9, 0.05);
  }

  @Test
  void aListWithMinusOneIsRead() {
    assertEquals(
        SPACE.example(),
        SPACE.notation("[0, 2, -1, 1, 3, 0, -1, -1, 5, 1, -1, 0, 2, -1, 4, -1, 1, 0, -1, -1, 3]"));
  }

  @Test
  void theFirstLayerOfAStageIsNoIdentity() {
    String skipped = "02-1" + "-" + SPACE.example().substring(5);
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.notation(skipped));
    assertTrue(e.getMessage().contains("layer 4: '-' must be one of 0 (mobilenet_3x3_ratio_3)"));
  }

  /** Identities have no weights: a network and its canonical form are the same graph. */
  @Test
  void movedIdentitiesLeaveTheNetworkAsItIs() {
    NetworkOptions size = SPACE.reduced(10, new Shape(3, 64, 64));
    String form = SPACE.canonical(SPACE.example());
    assertEquals("021-30--510-2-4-10--3".length(), form.length());
    assertEquals(SPACE.network(SPACE.example(), size).nodes(), SPACE.network(form, size).nodes());
  }
}
