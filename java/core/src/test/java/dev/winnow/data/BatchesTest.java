package dev.winnow.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Images;
import dev.winnow.random.Stream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchesTest {
  private static final Normalization NORMALIZATION =
      new Normalization(List.of(0.5, 0.25, 0.125), List.of(0.5, 0.25, 2.0));

  /** Every pixel of every image has its own value. */
  private static ImageSet distinct(int images, int side) {
    int length = images * 3 * side * side;
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (i + 1f) / (length + 1f);
    }
    return ImageSet.of("distinct", values, images, 3, side, side, NORMALIZATION);
  }

  private static float normalised(float pixel, int channel) {
    return (pixel - NORMALIZATION.mean().get(channel).floatValue())
        / NORMALIZATION.std().get(channel).floatValue();
  }

  @Test
  void plainBatchesAreTheNormalisedPixels() {
    ImageSet set = distinct(3, 8);
    Images batch = Batches.plain(set, new int[] {2, 0});
    assertEquals("Images[2x3x8x8]", batch.toString());
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
          int at = (c * 8 + y) * 8 + x;
          assertEquals(normalised(set.pixel(2, c, y, x), c), batch.values()[at]);
          assertEquals(normalised(set.pixel(0, c, y, x), c), batch.values()[192 + at]);
        }
      }
    }
  }

  /** Law: the window in the middle of an image that is not mirrored is the image. */
  @Test
  void augmentationWithoutItsRandomnessIsPlain() {
    ImageSet set = distinct(2, 16);
    float[] window = new float[3 * 16 * 16];
    Batches.window(set, 1, false, set.cropPadding(), set.cropPadding(), window, 0);
    assertArrayEquals(Batches.plain(set, new int[] {1}).values(), window);
  }

  /**
   * Independent computation: mirror, pad with black, cut, normalise, one after the other on whole
   * arrays, for the numbers that the stream gives.
   */
  @ParameterizedTest
  @ValueSource(ints = {16, 32, 4}) // padding 2, 4 and 0
  void augmentationIsMirrorPadCrop(int side) {
    ImageSet set = distinct(5, side);
    int padding = set.cropPadding();
    assertEquals(side / 8, padding);
    int[] indices = {4, 0, 0, 1, 3, 2, 2, 2};
    Stream stream = Stream.root(7).of("augmentation");
    float[] batch = Batches.augmented(set, indices, stream).values();
    var random = stream.generator();
    int next = 0;
    for (int image : indices) {
      boolean mirrored = random.nextInt(2) == 1;
      int top = random.nextInt(2 * padding + 1);
      int left = random.nextInt(2 * padding + 1);
      for (int c = 0; c < 3; c++) {
        float[][] padded = new float[side + 2 * padding][side + 2 * padding];
        for (int y = 0; y < side; y++) {
          for (int x = 0; x < side; x++) {
            int to = mirrored ? side - 1 - x : x;
            padded[padding + y][padding + to] = set.pixel(image, c, y, x);
          }
        }
        for (int y = 0; y < side; y++) {
          for (int x = 0; x < side; x++) {
            assertEquals(normalised(padded[top + y][left + x], c), batch[next++]);
          }
        }
      }
    }
  }

  /**
   * Closed form: mirroring is fair and the 81 windows of a 32×32 image are equally likely. The
   * bounds are five standard deviations of the binomial.
   */
  @Test
  void augmentationIsUniform() {
    int n = 8100;
    float[] values = new float[32 * 32];
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 32; x++) {
        values[y * 32 + x] = (y * 32 + x + 1) / 1025f;
      }
    }
    Normalization identity = new Normalization(List.of(0.0), List.of(1.0));
    ImageSet set = ImageSet.of("one", values, 1, 1, 32, 32, identity);
    float[] batch = Batches.augmented(set, new int[n], Stream.root(1)).values();
    int mirrored = 0;
    int[] windows = new int[81];
    for (int i = 0; i < n; i++) {
      int middle = Math.round(batch[i * 1024 + 16 * 32 + 16] * 1025) - 1;
      int right = Math.round(batch[i * 1024 + 16 * 32 + 17] * 1025) - 1;
      boolean flipped = right < middle;
      mirrored += flipped ? 1 : 0;
      int y = middle / 32;
      int x = flipped ? 31 - middle % 32 : middle % 32;
      windows[(y - 12) * 9 + (x - 12)]++;
    }
    assertEquals(n / 2.0, mirrored, 5 * Math.sqrt(n / 4.0));
    for (int count : windows) {
      assertEquals(100, count, 5 * Math.sqrt(100 * 80 / 81.0));
    }
  }

  /** Law: patch values are normalised pixels of one channel, neighbours in the image. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void patchesAreWindowsOfOneChannel(int side) {
    ImageSet set = distinct(2, 8);
    int[] indices = new int[600];
    Arrays.setAll(indices, i -> i % 2);
    Images patches = Patches.draw(set, indices, side, Stream.root(3));
    assertEquals(600, patches.samples());
    assertEquals(1, patches.channels());
    Set<List<Integer>> places = new HashSet<>();
    for (int i = 0; i < indices.length; i++) {
      float first = patches.values()[i * side * side];
      List<Integer> place = find(set, indices[i], first, 8 - side);
      places.add(place);
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          int channel = place.get(0);
          float pixel = set.pixel(indices[i], channel, place.get(1) + y, place.get(2) + x);
          assertEquals(normalised(pixel, channel), patches.values()[(i * side + y) * side + x]);
        }
      }
    }
    int possible = 3 * (9 - side) * (9 - side);
    // 600 draws miss a given one of at most 192 places with probability (1 − 1/192)^600 = 4 %.
    assertTrue(places.size() > 0.85 * possible, places.size() + " of " + possible);
  }

  /** Channel, row and column, at most {@code last}, whose normalised pixel is the value. */
  private static List<Integer> find(ImageSet set, int image, float value, int last) {
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y <= last; y++) {
        for (int x = 0; x <= last; x++) {
          if (normalised(set.pixel(image, c, y, x), c) == value) {
            return List.of(c, y, x);
          }
        }
      }
    }
    throw new AssertionError(value + " is no normalised pixel of image " + image);
  }

  @Test
  void batchesDependOnTheirArgumentsAlone() {
    ImageSet set = distinct(6, 16);
    int[] indices = {5, 1, 3};
    Stream stream = Stream.root(9).of("batch");
    float[] batch = Batches.augmented(set, indices, stream).values();
    float[] patches = Patches.draw(set, indices, 3, stream).values();
    Batches.augmented(set, new int[] {0, 1}, stream.of("other"));
    assertArrayEquals(batch, Batches.augmented(set, indices, stream).values());
    assertArrayEquals(patches, Patches.draw(set, indices, 3, stream).values());
    float[] other = Batches.augmented(set, indices, Stream.root(10).of("batch")).values();
    assertTrue(!Arrays.equals(batch, other));
  }

  @Test
  void refusesIndicesAndSidesOutOfRange() {
    ImageSet set = distinct(2, 8);
    Stream stream = Stream.root(0);
    for (int[] indices : new int[][] {{}, {2}, {0, -1}}) {
      assertThrows(IllegalArgumentException.class, () -> Batches.plain(set, indices));
      assertThrows(IllegalArgumentException.class, () -> Batches.augmented(set, indices, stream));
      assertThrows(IllegalArgumentException.class, () -> Patches.draw(set, indices, 3, stream));
    }
    for (int side : new int[] {0, 9, -1}) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> Patches.draw(set, new int[] {0}, side, stream));
      assertEquals("patch side must be in [1, 8] but was " + side, e.getMessage());
    }
  }

  /**
   * Law: the batches of an epoch are disjoint; nothing straddles epochs; order of asking is free.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 10, 33, 100})
  void epochsArePermutationsCutIntoBatches(int batchSize) {
    int size = 100;
    int perEpoch = size / batchSize;
    Stream stream = Stream.root(11).of("shuffle");
    int[][] batches = new int[3 * perEpoch][];
    for (int i = 0; i < batches.length; i++) {
      batches[i] = Shuffle.batch(stream, size, batchSize, i);
    }
    for (int epoch = 0; epoch < 3; epoch++) {
      Set<Integer> seen = new HashSet<>();
      for (int i = 0; i < perEpoch; i++) {
        for (int index : batches[epoch * perEpoch + i]) {
          assertTrue(index >= 0 && index < size && seen.add(index));
        }
      }
      assertEquals(perEpoch * batchSize, seen.size());
    }
    SplittableRandom order = new SplittableRandom(5);
    for (int i = 0; i < 20; i++) {
      int number = order.nextInt(batches.length);
      assertArrayEquals(batches[number], Shuffle.batch(stream, size, batchSize, number));
    }
  }

  /** Closed form: every permutation of three is equally likely; five standard deviations. */
  @Test
  void permutationsAreUniform() {
    int n = 6000;
    int[] counts = new int[27];
    for (int epoch = 0; epoch < n; epoch++) {
      int[] p = Shuffle.batch(Stream.root(2), 3, 3, epoch);
      counts[p[0] * 9 + p[1] * 3 + p[2]]++;
    }
    assertEquals(6, Arrays.stream(counts).filter(c -> c > 0).count());
    for (int count : counts) {
      assertTrue(count == 0 || Math.abs(count - n / 6.0) < 5 * Math.sqrt(n * 5 / 36.0));
    }
  }

  @Test
  void refusesBatchesThatDoNotExist() {
    Stream stream = Stream.root(0);
    for (int batchSize : new int[] {0, -1, 11}) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> Shuffle.batch(stream, 10, batchSize, 0));
      assertTrue(e.getMessage().contains("must be in [1, 10]"), e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> Shuffle.batch(stream, 10, 5, -1));
    assertEquals(5, Shuffle.batch(stream, 10, 5, Long.MAX_VALUE).length);
  }
}
