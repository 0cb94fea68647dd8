package dev.winnow.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratedImagesTest {

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void oneSeedGivesTheSameBytes(int side) throws IOException {
    ImageSet first = ImageSets.open("generated:" + side, 5);
    assertEquals(first.sha256(), ImageSets.open("generated:" + side, 5).sha256());
    assertNotEquals(first.sha256(), ImageSets.open("generated:" + side, 6).sha256());
    assertEquals(side, first.side());
    assertEquals(3, first.channels());
    assertEquals(8192, first.size());
    assertEquals(10, first.classes());
    assertTrue(first.sources().isEmpty());
  }

  /**
   * Recorded when the algorithm was written: a change of it, or of a machine's sums, shows here.
   */
  @Test
  void theBytesAreTheAlgorithms() throws IOException {
    assertEquals(
        "68a89d041b03c3d0fcd6c140c8500ae60e6575bc51bcfee619ae4d3ecb467127",
        ImageSets.open("generated", 0).sha256());
  }

  /** The statistics that the algorithm promises, with room for its sampling error. */
  @Test
  void lookLikePhotographsToSecondOrder() throws IOException {
    Statistics s = new Statistics(ImageSets.open("generated", 1));
    assertEquals(0.47, s.mean, 0.02);
    assertEquals(0.24, s.std, 0.02);
    assertEquals(0.92, s.neighbours, 0.03);
    assertEquals(0.77, s.secondNeighbours, 0.04);
    assertEquals(0.91, s.redAndGreen, 0.03);
  }

  /** Independent computation: the same statistics of real images. */
  @Test
  void agreeWithCifar10() throws IOException {
    String folder = SharedFolder.require("data/cifar10").toString();
    Statistics real = new Statistics(ImageSets.open("cifar10:" + folder, 0));
    Statistics made = new Statistics(ImageSets.open("generated", 1));
    assertEquals(real.mean, made.mean, 0.03);
    assertEquals(real.std, made.std, 0.03);
    assertEquals(real.neighbours, made.neighbours, 0.03);
    assertEquals(real.secondNeighbours, made.secondNeighbours, 0.08);
    assertEquals(real.redAndGreen, made.redAndGreen, 0.04);
  }

  @ParameterizedTest
  @ValueSource(strings = {"generated:", "generated:31", "generated:0", "generated:x"})
  void refusesOtherSides(String source) {
    var e = assertThrows(IllegalArgumentException.class, () -> ImageSets.open(source, 0));
    assertTrue(e.getMessage().contains(source), e.getMessage());
  }

  /** Moments of the first 2000 images: red, its right-hand neighbours, green. */
  private static final class Statistics {
    final double mean;
    final double std;
    final double neighbours;
    final double secondNeighbours;
    final double redAndGreen;

    Statistics(ImageSet set) {
      double red = 0;
      double redSquared = 0;
      double green = 0;
      double greenSquared = 0;
      double mixed = 0;
      double near = 0;
      double far = 0;
      long n = 0;
      for (int i = 0; i < 2000; i++) {
        for (int y = 0; y < set.side(); y++) {
          for (int x = 0; x < set.side() - 2; x++) {
            double r = set.pixel(i, 0, y, x) - 0.5;
            double g = set.pixel(i, 1, y, x) - 0.5;
            red += r;
            redSquared += r * r;
            green += g;
            greenSquared += g * g;
            mixed += r * g;
            near += r * (set.pixel(i, 0, y, x + 1) - 0.5);
            far += r * (set.pixel(i, 0, y, x + 2) - 0.5);
            n++;
          }
        }
      }
      double m = red / n;
      double variance = redSquared / n - m * m;
      mean = m + 0.5;
      std = Math.sqrt(variance);
      neighbours = (near / n - m * m) / variance;
      secondNeighbours = (far / n - m * m) / variance;
      double greenMean = green / n;
      double greenVariance = greenSquared / n - greenMean * greenMean;
      redAndGreen = (mixed / n - m * greenMean) / Math.sqrt(variance * greenVariance);
    }
  }
}
