package dev.winnow.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NetworkGraphTest {
  private static final int ALWAYS = NetworkGraph.ALWAYS;
  private static final Operation CONVOLUTION =
      new Operation.Convolution(
          6, new Pair(3, 5), new Pair(2, 1), new Pair(1, 0), new Pair(1, 2), 2, true);

  private static NetworkGraph.Builder builder() {
    return NetworkGraph.builder(new Shape(4, 9, 12), 2);
  }

  /** Shapes by hand from the definitions in {@code include/winnow/network.h}. */
  static Stream<Arguments> shapes() {
    Pair three = Pair.of(3);
    return Stream.of(
        // height (9 + 2·1 − 2 − 1) / 2 + 1 = 5, width 12 − 2·4 = 4
        Arguments.of(CONVOLUTION, new Shape(6, 5, 4)),
        Arguments.of(Operation.Convolution.of(8, 3, 1, 1), new Shape(8, 9, 12)),
        Arguments.of(Operation.BatchNorm.STANDARD, new Shape(4, 9, 12)),
        Arguments.of(Operation.Relu.STANDARD, new Shape(4, 9, 12)),
        Arguments.of(new Operation.Noise(0.1), new Shape(4, 9, 12)),
        Arguments.of(
            new Operation.AveragePool(Pair.of(2), Pair.of(2), Pair.of(0), false),
            new Shape(4, 4, 6)),
        Arguments.of(new Operation.MaxPool(three, Pair.of(2), Pair.of(1)), new Shape(4, 5, 6)),
        Arguments.of(new Operation.GlobalAveragePool(), new Shape(4, 1, 1)),
        Arguments.of(new Operation.Linear(10, true), new Shape(10, 1, 1)),
        Arguments.of(new Operation.Zero(Pair.of(2)), new Shape(4, 5, 6)),
        Arguments.of(new Operation.PadCrop(-1, 1, 2, -5), new Shape(4, 9, 9)),
        Arguments.of(new Operation.ChannelSlice(1, 3), new Shape(3, 9, 12)));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void theShapeOfAValueFollowsFromItsInput(Operation operation, Shape expected) {
    NetworkGraph.Builder graph = builder();
    assertEquals(expected, graph.shape(graph.add("x", operation, ALWAYS, 0)));
  }

  @Test
  void sumsKeepTheShapeAndConcatenationsAddChannels() {
    NetworkGraph.Builder graph = builder();
    int sum = graph.add("sum", new Operation.WeightedSum(List.of(1, ALWAYS)), ALWAYS, 0, 0);
    int concat = graph.add("concat", new Operation.Concat(), ALWAYS, 0, sum, 0);
    assertEquals(new Shape(4, 9, 12), graph.shape(sum));
    assertEquals(new Shape(12, 9, 12), graph.shape(concat));
  }

  @Test
  void tensorsComeInNodeOrderThenInTheOrderOfTheirRoles() {
    NetworkGraph.Builder graph = builder();
    int conv = graph.add("conv", CONVOLUTION, ALWAYS, 0);
    int norm = graph.add("bn", Operation.BatchNorm.STANDARD, ALWAYS, conv);
    int plain = graph.add("plain", new Operation.BatchNorm(false, 1e-5, 0.1), ALWAYS, norm);
    int linear = graph.add("classifier", new Operation.Linear(10, true), ALWAYS, plain);
    NetworkGraph network = graph.build(linear);

    assertEquals(
        List.of(
            new TensorSpec("conv.weight", Role.CONVOLUTION_WEIGHT, List.of(6, 2, 3, 5), conv),
            new TensorSpec("conv.bias", Role.CONVOLUTION_BIAS, List.of(6), conv),
            new TensorSpec("bn.weight", Role.NORM_SCALE, List.of(6), norm),
            new TensorSpec("bn.bias", Role.NORM_SHIFT, List.of(6), norm),
            new TensorSpec("bn.running_mean", Role.RUNNING_MEAN, List.of(6), norm),
            new TensorSpec("bn.running_var", Role.RUNNING_VARIANCE, List.of(6), norm),
            new TensorSpec("plain.running_mean", Role.RUNNING_MEAN, List.of(6), plain),
            new TensorSpec("plain.running_var", Role.RUNNING_VARIANCE, List.of(6), plain),
            new TensorSpec("classifier.weight", Role.LINEAR_WEIGHT, List.of(10, 120), linear),
            new TensorSpec("classifier.bias", Role.LINEAR_BIAS, List.of(10), linear)),
        network.tensors());
    assertEquals(6 * 2 * 15 + 6 + 6 + 6 + 10 * 120 + 10, network.parameters());
    assertEquals(6 * 2 * 15 * (5 * 4) + 10 * 120, network.macs());
    assertEquals(2, network.choices());
    assertEquals(linear, network.output());
  }

  /** A bad node and what the message must say about it. */
  static Stream<Arguments> refused() {
    Operation relu = Operation.Relu.STANDARD;
    Pair one = Pair.of(1);
    Pair three = Pair.of(3);
    return Stream.of(
        refused("node 1 (x) has the name of an earlier node", "input", relu, ALWAYS, 0),
        refused("node 1 name length must be in [1, 1024] but was 0", "", relu, ALWAYS, 0),
        refused("name length must be in [1, 1024] but was 1025", "x".repeat(1025), relu, -1, 0),
        refused("node 0 and only node 0 is the input", new Operation.Input(new Shape(1, 1, 1))),
        refused("choice must be in [-1, 1] but was 2", "x", relu, 2, 0),
        refused("choice must be in [-1, 1] but was -2", "x", relu, -2, 0),
        refused(
            "choice of input 1 must be in [-1, 1] but was 7",
            "x",
            new Operation.WeightedSum(List.of(0, 7)),
            ALWAYS,
            0,
            0),
        refused("one choice per input", new Operation.WeightedSum(List.of(0)), 0, 0),
        refused("input 0 must be an earlier node in [0, 0] but was 1 (a cycle", relu, 1),
        refused("input 0 must be an earlier node in [0, 0] but was -1", relu, -1),
        refused("must have 1 inputs but has 0", relu),
        refused("must have 1 inputs but has 2", relu, 0, 0),
        refused("must have 1 or more inputs but has 0", new Operation.Concat()),
        refused("out channels must be in [1, 1048576] but was 0", conv(0, three, one, 1), 0),
        refused("kernel height must be in [1, 1048576] but was 0", conv(1, Pair.of(0), one, 1), 0),
        refused("stride height must be in [1, 1048576]", conv(1, three, Pair.of(0), 1), 0),
        refused(
            "kernel 13 with dilation 1 does not fit into side 9", conv(1, Pair.of(13), one, 1), 0),
        refused("groups 3 must divide 4 input and 6 output channels", conv(6, three, one, 3), 0),
        refused("groups must be in [1, 1048576] but was 0", conv(6, three, one, 0), 0),
        refused("epsilon must be > 0", new Operation.BatchNorm(true, 0, 0.1), 0),
        refused("epsilon must be > 0", new Operation.BatchNorm(true, Double.NaN, 0.1), 0),
        refused("momentum must be in [0, 1] but was 1.5", new Operation.BatchNorm(true, 1, 1.5), 0),
        refused("cap must be >= 0", new Operation.Relu(-1), 0),
        refused(
            "padding must be at most half the kernel",
            new Operation.AveragePool(three, one, Pair.of(2), false),
            0),
        refused("padding must be at most half", new Operation.MaxPool(one, one, Pair.of(1)), 0),
        refused("out features must be in [1, 1048576] but was 0", new Operation.Linear(0, true), 0),
        refused("stride height must be in", new Operation.Zero(Pair.of(0)), 0),
        refused("has shape 4x0x12", new Operation.PadCrop(-9, 0, 0, 0), 0),
        refused(
            "channels [3, +2) are not within the input's 4", new Operation.ChannelSlice(3, 2), 0),
        refused("standard deviation must be >= 0", new Operation.Noise(-1), 0));
  }

  private static Arguments refused(String message, Operation operation, int... inputs) {
    return refused(message, "x", operation, ALWAYS, inputs);
  }

  private static Arguments refused(
      String message, String name, Operation operation, int choice, int... inputs) {
    return Arguments.of(message, name, operation, choice, inputs);
  }

  private static Operation conv(int outputs, Pair kernel, Pair stride, int groups) {
    return new Operation.Convolution(
        outputs, kernel, stride, Pair.of(1), Pair.of(1), groups, false);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aBadNodeIsRefusedWithItsReason(
      String message, String name, Operation operation, int choice, int[] inputs) {
    NetworkGraph.Builder graph = builder();
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> graph.add(name, operation, choice, inputs));
    assertTrue(
        e.getMessage().contains(message.replace("(x)", "(" + name + ")")),
        () -> "expected '" + message + "' in '" + e.getMessage() + "'");
  }

  @Test
  void summandsAndConcatenatedValuesMustFit() {
    NetworkGraph.Builder graph = builder();
    int slice = graph.add("slice", new Operation.ChannelSlice(0, 2), ALWAYS, 0);
    int pool = graph.add("pool", new Operation.GlobalAveragePool(), ALWAYS, 0);
    Operation sum = new Operation.WeightedSum(List.of(ALWAYS, ALWAYS));
    assertEquals(
        "node 3 (sum): input 1 is 2x9x12 but input 0 is 4x9x12",
        assertThrows(IllegalArgumentException.class, () -> graph.add("sum", sum, ALWAYS, 0, slice))
            .getMessage());
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> graph.add("concat", new Operation.Concat(), ALWAYS, 0, pool));
    assertEquals("node 3 (concat): input 1 is 4x1x1 but input 0 is 4x9x12", e.getMessage());
  }

  @Test
  void sizesThatOverflowAreRefused() {
    int million = 1 << 20;
    var wide = NetworkGraph.builder(new Shape(million, 1024, 1024));
    assertThrows(
        IllegalArgumentException.class, () -> wide.add("x", new Operation.Linear(2, false), -1, 0));
    assertEquals(
        "node 0 (input) has shape 2097152x1x1: each side must be in [1, 1048576]",
        assertThrows(
                IllegalArgumentException.class,
                () -> NetworkGraph.builder(new Shape(2 * million, 1, 1)))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> NetworkGraph.builder(new Shape(million, million, 2)));
    Operation huge =
        new Operation.Convolution(
            million, Pair.of(1 << 19), Pair.of(1), Pair.of(1 << 19), Pair.of(1), 1, false);
    var graph = NetworkGraph.builder(new Shape(million, 2, 2));
    assertThrows(IllegalArgumentException.class, () -> graph.add("x", huge, ALWAYS, 0));
  }

  @Test
  void aRefusedNodeLeavesTheBuilderAsItWas() {
    NetworkGraph.Builder graph = builder();
    assertThrows(
        IllegalArgumentException.class, () -> graph.add("x", Operation.Relu.STANDARD, ALWAYS, 5));
    assertEquals(1, graph.add("x", Operation.Relu.STANDARD, ALWAYS, 0));
    assertThrows(IllegalArgumentException.class, () -> graph.build(2));
  }
}
