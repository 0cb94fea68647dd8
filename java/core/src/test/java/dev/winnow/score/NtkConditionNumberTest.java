package dev.winnow.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.stream.IntStream;
import org.hipparchus.exception.MathIllegalStateException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NtkConditionNumberTest {
  private static final double[] EIGENVALUES = {0.25, 1, 2, 3, 5, 8, 13};

  /** H·diag(λ)·H with a random Householder reflection H has exactly the eigenvalues λ. */
  private static double[][] kernel(double[] eigenvalues, long seed) {
    int n = eigenvalues.length;
    Philox random = Stream.root(seed).generator();
    double[] v = new double[n];
    double norm = 0;
    for (int i = 0; i < n; i++) {
      v[i] = random.nextDouble() - 0.5;
      norm += v[i] * v[i];
    }
    double[][] h = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        h[i][j] = (i == j ? 1 : 0) - 2 * v[i] * v[j] / norm;
      }
    }
    double[][] theta = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          theta[i][j] += h[i][k] * eigenvalues[k] * h[k][j];
        }
      }
    }
    return theta;
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3})
  void kappaIsTheRatioOfTheExtremeEigenvalues(long seed) {
    double kappa = NtkConditionNumber.of(kernel(EIGENVALUES, seed), Precision.FLOAT64).published();
    // Weyl: each eigenvalue is off by at most n·ε·λ_max in forming Θ and again in solving.
    double bound = 4 * 7 * Math.ulp(1.0) * 13 / 0.25;
    assertEquals(52, kappa, 52 * bound); // 13 / 0.25
  }

  /**
   * Of 64 eigenvalues that fall to 1e-25 most are 0 to working precision: on some such kernels the
   * library alone gives up.
   */
  @Test
  void manyVanishingEigenvaluesAreFound() {
    double[] eigenvalues = IntStream.range(0, 64).mapToDouble(k -> Math.pow(10, -.4 * k)).toArray();
    int circled = 0;
    for (long seed = 0; seed < 60; seed++) {
      double[][] theta = mixed(eigenvalues, seed);
      try {
        new EigenDecompositionSymmetric(new Array2DRowRealMatrix(theta));
      } catch (MathIllegalStateException e) {
        circled++;
      }
      double[] expected =
          new SingularValueDecomposition(new Array2DRowRealMatrix(theta)).getSingularValues();
      double[] found = NtkConditionNumber.spectrum(theta);
      for (int k = 0; k < found.length; k++) {
        assertEquals(expected[63 - k], found[k], 64 * 64 * Math.ulp(1.0) * expected[0]);
      }
    }
    assertTrue(circled > 0, "no kernel needs the shift");
  }

  /** A Gram matrix of normal numbers, mixed with falling weights. */
  private static double[][] mixed(double[] eigenvalues, long seed) {
    int n = eigenvalues.length;
    Philox random = Stream.root(seed).generator();
    double[][] factor = new double[n][n];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < n; i++) {
        factor[k][i] = Math.sqrt(eigenvalues[k]) * random.nextNormal();
      }
    }
    double[][] theta = new double[n][n];
    for (double[] row : factor) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          theta[i][j] += row[i] * row[j];
        }
      }
    }
    return theta;
  }

  @Test
  void spectrumIsAscendingAndReadsTheUpperTriangle() {
    double[][] theta = kernel(EIGENVALUES, 5);
    for (int i = 0; i < theta.length; i++) {
      for (int j = 0; j < i; j++) {
        theta[i][j] = -1e9;
      }
    }
    assertArrayEquals(EIGENVALUES, NtkConditionNumber.spectrum(theta), 4 * 7 * Math.ulp(1.0) * 13);
  }

  @Test
  void permutingSamplesLeavesKappa() {
    double[][] theta = kernel(EIGENVALUES, 9);
    double[][] reversed = new double[7][7];
    for (int i = 0; i < 7; i++) {
      for (int j = 0; j < 7; j++) {
        reversed[i][j] = theta[6 - i][6 - j];
      }
    }
    double bound = 4 * 7 * Math.ulp(1.0) * 52;
    assertEquals(
        1,
        NtkConditionNumber.of(reversed, Precision.FLOAT64).published()
            / NtkConditionNumber.of(theta, Precision.FLOAT64).published(),
        bound);
  }

  private static Score diagonal(Precision precision, double... values) {
    double[][] theta = new double[values.length][values.length];
    for (int i = 0; i < values.length; i++) {
      theta[i][i] = values[i];
    }
    return NtkConditionNumber.of(theta, precision);
  }

  @Test
  void deadNetworkIsUndefinedAndPublishedAs100000() {
    Score score = diagonal(Precision.FLOAT32, 0, 0, 0);
    assertTrue(score.value().isEmpty());
    assertEquals(100_000.0, score.published()); // 0 / 0 is NaN
  }

  @Test
  void nonFiniteKernelIsUndefined() {
    Score score = diagonal(Precision.FLOAT32, 1, Double.NaN);
    assertTrue(score.value().isEmpty());
    assertEquals(100_000.0, score.published());
    assertEquals(0, NtkConditionNumber.spectrum(new double[][] {{1, 0}, {0, 1 / 0.0}}).length);
  }

  @Test
  void negativeSmallestEigenvalueKeepsItsSignInThePublishedNumber() {
    Score score = diagonal(Precision.FLOAT32, -0.5, 2);
    assertTrue(score.value().isEmpty());
    assertEquals(-4.0, score.published()); // 2 / −0.5
  }

  @Test
  void singularKernelIsUndefinedAndPublishedAsTheLargestDouble() {
    Score score = diagonal(Precision.FLOAT32, 0, 2);
    assertTrue(score.value().isEmpty());
    assertEquals(Double.MAX_VALUE, score.published()); // +inf through nan_to_num
  }

  @Test
  void undefinedExactlyAtTheRoundingOfTheGradients() {
    double threshold = 2 * Math.ulp(1f); // n·ε·λ_max with n = 2, λ_max = 1
    assertTrue(diagonal(Precision.FLOAT32, threshold, 1).value().isEmpty());
    assertTrue(diagonal(Precision.FLOAT32, 2 * threshold, 1).value().isPresent());
    assertTrue(diagonal(Precision.FLOAT64, threshold, 1).value().isPresent());
  }

  @Test
  void batchBelowTwoIsRefused() {
    String message = "NTK batch must be in [2, 4096] but was 1";
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> NtkConditionNumber.of(new double[][] {{1}}, Precision.FLOAT32))
            .getMessage());
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> new NtkConditionNumber(1, Initialization.KAIMING_FAN_OUT))
            .getMessage());
  }
}
