package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_network;
import dev.winnow.engine.bindings.winnow_node_info;
import dev.winnow.engine.bindings.winnow_tensor_info;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.NasBench201;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes, tensors and counts are computed twice, in Java and natively; both must agree. */
class NetworkBlobTest {
  @BeforeAll
  static void load() {
    NativeCore.load();
  }

  static Stream<NetworkGraph> graphs() {
    NasBench201 space = new NasBench201();
    return Stream.of(
        Networks.linear(5, 3),
        Networks.everyOperation(),
        Networks.supernet().graph(),
        space.supernet(space.standard(120, 16)).graph());
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void nativeCoreReadsWhatJavaWrote(NetworkGraph graph) {
    winnow_network network = create(NetworkBlob.encode(graph));
    try (winnow_node_info info = new winnow_node_info()) {
      assertEquals(graph.nodes().size(), Winnow.winnow_network_node_count(network));
      assertEquals(graph.choices(), Winnow.winnow_network_choice_count(network));
      assertEquals(graph.parameters(), Winnow.winnow_network_parameters(network));
      assertEquals(graph.macs(), Winnow.winnow_network_macs(network));
      for (int n = 0; n < graph.nodes().size(); n++) {
        assertEquals(Winnow.WINNOW_OK, Winnow.winnow_network_node(network, n, info, null));
        Node node = graph.nodes().get(n);
        assertEquals(node.name(), info.name().getString(StandardCharsets.UTF_8));
        assertEquals(node.choice(), info.choice(), node.name());
        assertEquals(
            node.shape(),
            new Shape((int) info.channels(), (int) info.height(), (int) info.width()),
            node.name());
      }
    } finally {
      Winnow.winnow_network_destroy(network);
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void tensorsAreTheSame(NetworkGraph graph) {
    winnow_network network = create(NetworkBlob.encode(graph));
    try (winnow_tensor_info info = new winnow_tensor_info()) {
      assertEquals(graph.tensors().size(), Winnow.winnow_network_tensor_count(network));
      for (int t = 0; t < graph.tensors().size(); t++) {
        assertEquals(Winnow.WINNOW_OK, Winnow.winnow_network_tensor(network, t, info, null));
        TensorSpec tensor = graph.tensors().get(t);
        assertEquals(tensor.name(), info.name().getString(StandardCharsets.UTF_8));
        assertEquals(tensor.role().ordinal(), info.role(), tensor.name());
        assertEquals(tensor.node(), info.node(), tensor.name());
        assertEquals(tensor.elements(), info.elements(), tensor.name());
        assertEquals(tensor.shape().size(), info.rank(), tensor.name());
        for (int k = 0; k < info.rank(); k++) {
          assertEquals(tensor.shape().get(k).longValue(), info.shape(k), tensor.name());
        }
      }
    } finally {
      Winnow.winnow_network_destroy(network);
    }
  }

  /** What a user can break is refused in Java; this is the second line of defence. */
  @Test
  void damagedBlobsAreRefusedOrReadButNeverCrash() {
    byte[] blob = NetworkBlob.encode(Networks.everyOperation());
    long seed = 20261124;
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = blob.clone();
      for (int hits = 1 + random.nextInt(4); hits > 0; hits--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      winnow_network network = new winnow_network();
      try (BytePointer bytes = new BytePointer(damaged)) {
        int status = Winnow.winnow_network_create(bytes, damaged.length, network, null);
        assertTrue(
            status == Winnow.WINNOW_OK || status == Winnow.WINNOW_INVALID,
            "round " + round + " of seed " + seed + " gave status " + status);
        refused += status == Winnow.WINNOW_OK ? 0 : 1;
      }
      Winnow.winnow_network_destroy(network);
    }
    assertTrue(refused > 1000, "only " + refused + " of 2000 were refused");
  }

  @Test
  void truncatedBlobIsRefusedWithText() {
    byte[] blob = NetworkBlob.encode(Networks.linear(2, 2));
    byte[] shorter = java.util.Arrays.copyOf(blob, blob.length - 8);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> create(shorter));
    assertTrue(e.getMessage().contains(Integer.toString(shorter.length)), e.getMessage());
  }

  private static winnow_network create(byte[] blob) {
    winnow_network network = new winnow_network();
    try (BytePointer bytes = new BytePointer(blob)) {
      NativeCall.make(
          "winnow_network_create",
          "cpu",
          error -> Winnow.winnow_network_create(bytes, blob.length, network, error));
    }
    return network;
  }
}
