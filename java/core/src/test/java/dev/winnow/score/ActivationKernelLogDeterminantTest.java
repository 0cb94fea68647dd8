package dev.winnow.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import dev.winnow.space.NasBench201;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActivationKernelLogDeterminantTest {

  /** det((a − b) I + b J) = (a − b)ⁿ⁻¹ (a + (n − 1) b). */
  @ParameterizedTest
  @CsvSource({"2, 5, 3", "16, 1000, 500", "128, 300000, 150001", "32, 3518464, 3500000"})
  void equalAgreementHasItsClosedForm(int n, long a, long b) {
    long[][] kernel = new long[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        kernel[i][j] = i == j ? a : b;
      }
    }
    double expected = (n - 1) * Math.log(a - b) + Math.log(a + (n - 1.0) * b);
    double score = ActivationKernelLogDeterminant.of(kernel).value().orElseThrow();
    // A pivot is at least a − b and off by at most n·ε·a.
    assertEquals(expected, score, n * n * Math.ulp(1.0) * a / (a - b));
  }

  @Test
  void twinsAreUndefinedAndNamed() {
    long[][] kernel = {{9, 4, 9, 2}, {4, 9, 4, 5}, {9, 4, 9, 2}, {2, 5, 2, 9}};
    Score score = ActivationKernelLogDeterminant.of(kernel);
    Score.Undefined undefined = assertInstanceOf(Score.Undefined.class, score);
    assertEquals(
        "the activation kernel is singular: samples 0 and 2 have the same activation pattern",
        undefined.reason());
    assertEquals(Double.NEGATIVE_INFINITY, score.published()); // numpy.linalg.slogdet's
  }

  /**
   * Patterns 00, 01, 10, 11 of two units: four samples in three dimensions, eigenvalues 4 2 2 0.
   */
  @Test
  void moreSamplesThanPatternsCanTellApartIsUndefined() {
    long[][] kernel = {{2, 1, 1, 0}, {1, 2, 0, 1}, {1, 0, 2, 1}, {0, 1, 1, 2}};
    Score.Undefined score =
        assertInstanceOf(Score.Undefined.class, ActivationKernelLogDeterminant.of(kernel));
    assertEquals("the activation kernel is singular to working precision", score.reason());
  }

  @Test
  void oneSampleIsRefused() {
    IllegalArgumentException one =
        assertThrows(
            IllegalArgumentException.class,
            () -> ActivationKernelLogDeterminant.of(new long[][] {{3}}));
    assertEquals("nwot batch must be in [2, 4096] but was 1", one.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ActivationKernelLogDeterminant(
                4097, Hooks.RELUS, NormMode.BATCH, Initialization.PYTORCH_DEFAULT));
  }

  /** Golden README: in NAS-Bench-201 every ReLU but the last begins a block called ReLUConvBN. */
  @Test
  void wrappersOfNasBench201CountTwice() {
    NasBench201 space = new NasBench201();
    NetworkGraph graph = space.network(space.example(), space.standard(10, 32));
    List<Integer> expected = new ArrayList<>();
    graph.nodes().stream()
        .filter(node -> node.operation() instanceof Operation.Relu)
        .forEach(node -> expected.add(node.name().equals("last.relu") ? 1 : 2));
    assertEquals(expected, boxed(Hooks.RELUS_AND_WRAPPERS.multiplicities(graph)));
    assertEquals(expected.stream().map(m -> 1).toList(), boxed(Hooks.RELUS.multiplicities(graph)));
  }

  private static List<Integer> boxed(int[] values) {
    return java.util.Arrays.stream(values).boxed().toList();
  }
}
