package dev.winnow.space.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Safetensors;
import java.io.IOException;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Names and shapes of all tensors are those of the published networks in the golden cases. */
class GoldenNamesTest {
  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of(
            "c4_fwdbwd_mobilenet",
            new MobileNet(),
            "[0, 2, -1, 1, 3, 0, -1, -1, 5, 1, -1, 0, 2, -1, 4, -1, 1, 0, -1, -1, 3]",
            new NetworkOptions(10, 1, 6, true, 10, new Shape(3, 64, 64))),
        Arguments.of(
            "c4_fwdbwd_nbmacro",
            new NasBenchMacro(),
            "[1, 2, 0, 1, 0, 1, 0, 1]",
            new NetworkOptions(16, 1, 3, true, 10, new Shape(3, 32, 32))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tensorsAreTheCases(String name, SearchSpace space, String architecture, NetworkOptions size)
      throws IOException {
    var golden = new TreeMap<String, String>();
    Safetensors.read(SharedFolder.require("golden/" + name + "/tensors.safetensors"))
        .forEach((key, tensor) -> golden.put(key, Arrays.toString(tensor.shape())));
    golden.keySet().removeIf(key -> key.startsWith("expected"));
    golden.remove("input");
    golden.remove("target");
    var ours = new TreeMap<String, String>();
    NetworkGraph graph = space.network(architecture, size);
    graph.tensors().forEach(spec -> ours.put(spec.name(), spec.shape().toString()));
    assertEquals(golden, ours);
  }
}
