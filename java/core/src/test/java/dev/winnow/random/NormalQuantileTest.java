package dev.winnow.random;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.hipparchus.special.Erf;
import org.junit.jupiter.api.Test;

class NormalQuantileTest {

  /**
   * Hipparchus inverts the error function by another approximation (Giles). Each is within some ulp
   * of the quantile; in the tails one ulp of the probability below 1 is more than that, so the
   * lower tail stands for both.
   */
  @Test
  void isTheInverseOfTheErrorFunction() {
    Philox generator = Stream.root(3).of("quantile").generator();
    for (int i = 0; i < 20_000; i++) {
      long bits = generator.nextLong() >>> 1; // below the median
      double probability = ((bits >>> 11) + 0.5) * 0x1p-53;
      double exact = -Math.sqrt(2) * Erf.erfcInv(2 * probability);
      assertEquals(
          exact, NormalQuantile.of(bits), 1e-12 * Math.max(1, -exact), () -> "bits " + bits);
    }
  }

  /** Of 2⁻⁵⁴, the least probability there is: −8.2095 (Erf is exact there to 1e-12). */
  @Test
  void theTailsAreFiniteAndMirrored() {
    double least = NormalQuantile.of(0);
    assertEquals(0x1p-54, 0.5 * Erf.erfc(-least / Math.sqrt(2)), 1e-12 * 0x1p-54);
    assertEquals(-least, NormalQuantile.of(-1));
    Philox generator = Stream.root(4).of("mirror").generator();
    for (int i = 0; i < 1000; i++) {
      long bits = generator.nextLong();
      assertEquals(-NormalQuantile.of(bits), NormalQuantile.of(~bits));
    }
  }

  /** The first numbers of a stream: one from each 64-bit number, in turn. */
  @Test
  void aGeneratorGivesOneNormalForEveryNumber() {
    Philox bits = Stream.root(5).of("turn").generator();
    Philox normals = Stream.root(5).of("turn").generator();
    for (int i = 0; i < 100; i++) {
      assertEquals(NormalQuantile.of(bits.nextLong()), normals.nextNormal());
    }
  }
}
