package dev.winnow.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageSetTest {

  /** Closed form: half the values 0.25 and half 0.75 have mean 0.5 and standard deviation 0.25. */
  @Test
  void ownImagesAreNormalisedByTheirOwnStatistics() {
    ImageSet set =
        ImageSet.of("mine", new float[] {0.25f, 0.75f, 0.25f, 0.75f, 0, 1, 1, 0}, 1, 2, 2, 2);
    assertEquals(List.of(0.5, 0.5), set.normalization().mean());
    assertEquals(List.of(0.25, 0.5), set.normalization().std());
    float[] batch = Batches.plain(set, new int[] {0}).values();
    assertArrayEquals(new float[] {-1, 1, -1, 1, -1, 1, 1, -1}, batch);
    assertEquals(0, set.classes());
    assertTrue(set.labels().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1; 1; 2; 1; square but were 2x1",
        "0; 1; 1; 1; >= 1",
        "1; 0; 1; 1; >= 1",
        "1; 1; 0; 0; >= 1",
        "2; 1; 2; 2; do not have 4 values",
        "1; 2147483647; 2147483647; 2147483647; do not have 4 values",
      })
  void refusesSidesThatDoNotFit(int samples, int channels, int height, int width, String message) {
    float[] values = {0, 1, 0, 1};
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ImageSet.of("mine", values, samples, channels, height, width));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity", "-0.001", "1.001"})
  void refusesValuesOutOfRange(float bad) {
    float[] values = {0, 1, 0, 1, 0, bad, 0, 1};
    var e =
        assertThrows(IllegalArgumentException.class, () -> ImageSet.of("mine", values, 2, 1, 2, 2));
    assertEquals("mine: value 5 (image 1) must be in [0, 1] but was " + bad, e.getMessage());
  }

  @Test
  void aConstantChannelNeedsANormalisation() {
    float[] values = {0, 1, 0, 1, 0.1f, 0.1f, 0.1f, 0.1f};
    var e =
        assertThrows(IllegalArgumentException.class, () -> ImageSet.of("mine", values, 1, 2, 2, 2));
    assertTrue(e.getMessage().contains("channel 1 is constant"), e.getMessage());
    Normalization given = new Normalization(List.of(0.0, 0.5), List.of(1.0, 2.0));
    ImageSet set = ImageSet.of("mine", values, 1, 2, 2, 2, given);
    assertEquals(-0.2f, Batches.plain(set, new int[] {0}).values()[4], 1e-7f);
    Normalization one = new Normalization(List.of(0.0), List.of(1.0));
    assertThrows(
        IllegalArgumentException.class, () -> ImageSet.of("mine", values, 1, 2, 2, 2, one));
  }

  @Test
  void refusesLabelsOutOfRange() {
    ImageSet set = ImageSet.of("mine", new float[] {0, 1, 0, 1}, 4, 1, 1, 1);
    assertArrayEquals(
        new int[] {2, 1, 0, 2}, set.withLabels(new int[] {2, 1, 0, 2}, 3).labels().orElseThrow());
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> set.withLabels(new int[] {0, 1, 3, 0}, 3));
    assertEquals("mine: label 2 must be in [0, 2] but was 3", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> set.withLabels(new int[3], 3));
  }

  @ParameterizedTest
  @CsvSource({"NaN, 1", "-0.1, 1", "0.5, 0", "0.5, NaN", "0.5, Infinity"})
  void refusesMeaninglessNormalisations(double mean, double std) {
    assertThrows(
        IllegalArgumentException.class, () -> new Normalization(List.of(mean), List.of(std)));
  }

  /** Law: one changed pixel changes the fingerprint, the name does not. */
  @Test
  void theFingerprintIsOfThePixels() {
    String mine = ImageSet.of("mine", new float[] {0, 1, 0, 1}, 1, 1, 2, 2).sha256();
    assertEquals(mine, ImageSet.of("other", new float[] {0, 1, 0, 1}, 1, 1, 2, 2).sha256());
    assertTrue(!mine.equals(ImageSet.of("mine", new float[] {0, 1, 0, 0.9f}, 1, 1, 2, 2).sha256()));
  }
}
