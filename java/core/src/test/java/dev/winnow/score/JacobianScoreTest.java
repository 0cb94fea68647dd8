package dev.winnow.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Initialization;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.List;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.junit.jupiter.api.Test;

class JacobianScoreTest {
  private static final double K = 1e-5;
  private static final JacobianScore COVARIANCE =
      new JacobianCovariance(2, Initialization.PYTORCH_DEFAULT);
  private static final JacobianScore BY_CLASS =
      new ClassJacobianCorrelation(2, Initialization.PYTORCH_DEFAULT);

  /** Rows of mean 0, of which every two are orthogonal but the first and the last: r = 1/√2. */
  private static final double[][] ROWS = {{1, 1, -1, -1}, {1, -1, 1, -1}, {5, 0, 0, -5}};

  /** A few ε from a dozen additions, times the slope of the logarithm at 0: 10⁵. */
  private static final double BOUND = 1e-9;

  @Test
  void correlationsAreThoseOfAnotherLibrary() {
    Philox random = Stream.root(3).generator();
    double[][] rows = new double[5][37];
    for (double[] row : rows) {
      for (int k = 0; k < row.length; k++) {
        row[k] = random.nextDouble() + 3;
      }
    }
    double[][] expected =
        new PearsonsCorrelation(new Array2DRowRealMatrix(rows).transpose())
            .getCorrelationMatrix()
            .getData();
    double[][] found = RowCorrelation.of(rows);
    for (int i = 0; i < rows.length; i++) {
      assertArrayEquals(expected[i], found[i], 1e-12); // 37 terms, means ten deviations from 0
    }
  }

  /** Of one pair with correlation r the eigenvalues are 1 + r and 1 − r. */
  @Test
  void covarianceOfAPairHasItsClosedForm() {
    double r = Math.sqrt(0.5);
    double expected =
        -(Math.log(1 + r + K) + 1 / (1 + r + K) + Math.log(1 - r + K) + 1 / (1 - r + K));
    double[][] pair = {ROWS[0], ROWS[2]};
    assertEquals(expected, value(COVARIANCE.of(pair, List.of(), 10)), BOUND);
  }

  /** At most −n, where nothing is correlated. */
  @Test
  void uncorrelatedRowsAreTheBest() {
    double[][] pair = {ROWS[0], ROWS[1]};
    double best = -2 * (Math.log(1 + K) + 1 / (1 + K));
    assertEquals(best, value(COVARIANCE.of(pair, List.of(), 10)), BOUND);
    assertTrue(value(COVARIANCE.of(new double[][] {ROWS[0], ROWS[2]}, List.of(), 10)) < best);
  }

  @Test
  void fewClassesAddTheirModuli() {
    double alone = Math.log(1 + K);
    double pair = 2 * Math.log(1 + K) + 2 * Math.log(Math.sqrt(0.5) + K);
    double found = value(BY_CLASS.of(ROWS, List.of(7, 2, 7), 100));
    assertEquals(Math.abs(pair) + Math.abs(alone), found, BOUND);
  }

  /** A class's logarithms go over its samples; then the mean of the differences. */
  @Test
  void manyClassesAreCompared() {
    double alone = Math.log(1 + K);
    double pair = Math.log(1 + K) + Math.log(Math.sqrt(0.5) + K);
    double found = value(BY_CLASS.of(ROWS, List.of(7, 2, 7), 101));
    assertEquals(2 * Math.abs(pair - alone) / 2, found, BOUND);
  }

  /** What a network answers that does not depend on the image: numpy.corrcoef's NaN. */
  @Test
  void aConstantRowIsUndefined() {
    double[][] rows = {ROWS[0], {0, 0, 0, 0}};
    for (JacobianScore score : List.of(COVARIANCE, BY_CLASS)) {
      Score.Undefined none =
          assertInstanceOf(Score.Undefined.class, score.of(rows, List.of(1, 1), 10));
      assertEquals("the gradient by an image is constant", none.reason());
      assertTrue(Double.isNaN(none.published()));
    }
  }

  @Test
  void aBatchOfOneIsRefused() {
    assertEquals(
        "jacov batch must be in [2, 4096] but was 1",
        assertThrows(
                IllegalArgumentException.class,
                () -> new JacobianCovariance(1, Initialization.PYTORCH_DEFAULT))
            .getMessage());
  }

  private static double value(Score score) {
    return score.value().orElseThrow();
  }
}
