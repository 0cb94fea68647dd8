package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The executor on networks whose numbers are known by hand. */
class TorchNetworkTest {
  private static final Tensor WEIGHT = new Tensor(new int[] {2, 2}, new double[] {1, 2, 0, -1});
  private static final Tensor BIAS = new Tensor(new int[] {2}, new double[] {0.5, 0});
  private static final Tensor INPUT =
      new Tensor(new int[] {3, 2, 1, 1}, new double[] {1, 2, 3, -1, 0, 4});

  /** y = W x + b. */
  private static NetworkGraph linear() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 1, 1));
    return builder.build(
        builder.add("linear", new Operation.Linear(2, true), NetworkGraph.ALWAYS, 0));
  }

  private static TorchPass forward(NetworkGraph graph, Precision precision) {
    return new TorchNetwork(graph, precision)
        .forward(
            Row.NONE,
            Map.of("linear.weight", WEIGHT, "linear.bias", BIAS),
            INPUT,
            NormMode.BATCH,
            Noise.NONE);
  }

  /** dW = c^T x, db = the sum of c over samples, dx = c W. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void gradientsOfALinearLayerAreOuterProducts(Precision precision) {
    Tensor cotangent = new Tensor(new int[] {3, 2}, new double[] {1, 0, -2, 3, 0.5, 1});
    try (TorchPass pass = forward(linear(), precision)) {
      assertArrayEquals(new double[][] {{5.5, -2}, {1.5, 1}, {8.5, -4}}, pass.logits());
      Gradients gradients = pass.gradients(new Cotangent.Given(cotangent));
      assertEquals(
          Map.of(
              "linear.weight", new Tensor(new int[] {2, 2}, new double[] {-5, 6, 9, 1}),
              "linear.bias", new Tensor(new int[] {2}, new double[] {-0.5, 4})),
          gradients.parameters());
      assertEquals(
          new Tensor(new int[] {3, 2, 1, 1}, new double[] {1, 2, -2, -7, 0.5, 0}),
          gradients.input().orElseThrow());
    }
  }

  @Test
  void onesAreTheDerivativeOfTheSumOfAllLogits() {
    Tensor ones = new Tensor(new int[] {3, 2}, new double[] {1, 1, 1, 1, 1, 1});
    try (TorchPass pass = forward(linear(), Precision.FLOAT64)) {
      assertEquals(pass.gradients(new Cotangent.Given(ones)), pass.gradients(new Cotangent.Ones()));
    }
  }

  /** The kernel of a linear layer of two outputs is 2 X X^T; the bias takes no part. */
  @Test
  void tangentKernelOfALinearLayerIsTheGramMatrixOfItsInputs() {
    try (TorchPass pass = forward(linear(), Precision.FLOAT64)) {
      assertArrayEquals(
          new double[][] {{10, 2, 16}, {2, 20, -8}, {16, -8, 32}}, pass.tangentKernel());
    }
  }

  /** x + a relu(x): what each state of the ReLU's choice leaves of the second term. */
  @Test
  void statesOfAChoice() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 1, 1), 1);
    int relu = builder.add("relu", Operation.Relu.STANDARD, 0, 0);
    int sum =
        builder.add(
            "sum",
            new Operation.WeightedSum(List.of(NetworkGraph.ALWAYS, 0)),
            NetworkGraph.ALWAYS,
            0,
            relu);
    TorchNetwork network = new TorchNetwork(builder.build(sum), Precision.FLOAT64);
    for (State state : State.values()) {
      Row row = new Row(new double[] {10}, new State[] {state});
      try (TorchPass pass = network.forward(row, Map.of(), INPUT, NormMode.BATCH, Noise.NONE)) {
        double second = state == State.RUN ? 10 : 0;
        assertArrayEquals(
            new double[] {3 + second * 3, -1}, pass.logits()[1], () -> "logits of " + state);
        double[] value =
            switch (state) {
              case RUN, MUTE -> new double[] {1, 2, 3, 0, 0, 4};
              case BLOCK -> new double[6];
              case SKIP -> null;
            };
        assertArrayEquals(
            value, pass.value(relu).map(Tensor::values).orElse(null), () -> "relu of " + state);
      }
    }
  }

  @Test
  void messagesNameWhatIsWrong() {
    TorchNetwork network = new TorchNetwork(linear(), Precision.FLOAT32);
    assertMessage(
        "tensor linear.bias must have shape [2] but is missing",
        () ->
            network.forward(
                Row.NONE, Map.of("linear.weight", WEIGHT), INPUT, NormMode.BATCH, Noise.NONE));
    assertMessage(
        "input must be a batch of 2x1x1 images but has shape [2, 2]",
        () -> network.forward(Row.NONE, Map.of(), WEIGHT, NormMode.BATCH, Noise.NONE));
    try (TorchPass pass = forward(linear(), Precision.FLOAT32)) {
      assertMessage(
          "cotangent must have 6 elements but has 2",
          () -> pass.gradients(new Cotangent.Given(BIAS)));
      for (Cotangent other :
          List.of(
              new Cotangent.OnesOnRows(),
              new Cotangent.CrossEntropyRows(),
              Cotangent.CrossEntropy.OF_IMAGES)) {
        assertMessage("cotangent must be given, ones, or of a loss", () -> pass.gradients(other));
      }
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsRefused() {
    TorchPass pass = forward(linear(), Precision.FLOAT32);
    pass.close();
    pass.close();
    assertThrows(IllegalStateException.class, pass::logits);
  }

  /** A standard normal source is scaled by the operation's deviation and added. */
  @Test
  void noiseIsAddedTimesItsDeviation() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(2, 1, 1));
    int noise = builder.add("noise", new Operation.Noise(0.5), NetworkGraph.ALWAYS, 0);
    TorchNetwork network = new TorchNetwork(builder.build(noise), Precision.FLOAT64);
    Noise twos =
        (node, elements) -> {
          double[] drawn = new double[elements];
          Arrays.fill(drawn, 2);
          return drawn;
        };
    try (TorchPass pass = network.forward(Row.NONE, Map.of(), INPUT, NormMode.BATCH, twos)) {
      assertArrayEquals(new double[][] {{2, 3}, {4, 0}, {1, 5}}, pass.logits());
    }
    assertMessage(
        "node noise adds noise",
        () -> network.forward(Row.NONE, Map.of(), INPUT, NormMode.BATCH, Noise.NONE));
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable action) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, action);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
