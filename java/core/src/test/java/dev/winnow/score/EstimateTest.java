package dev.winnow.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

class EstimateTest {
  @Test
  void ofOneTwoThree() {
    Estimate estimate = Estimate.of(1, 2, 3);
    assertEquals(2.0, estimate.mean());
    assertEquals(Math.sqrt(1.0 / 3), estimate.standardError()); // s² = (1 + 0 + 1) / 2
    assertEquals(3, estimate.repeats());
  }

  @Test
  void oneValueHasNoError() {
    assertEquals(new Estimate(5, Double.NaN, 1), Estimate.of(5));
  }

  @Test
  void noValueHasNoMean() {
    assertEquals(Estimate.NONE, Estimate.of());
    assertFalse(Estimate.of(1, Double.NaN).defined());
  }
}
