package dev.winnow.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchFilesTest {
  private static final int RECORD = 3073;

  @TempDir Path folder;

  /** The formula of make_batches.py. */
  private static int pixel(int image, int channel, int y, int x) {
    return (31 * image + 17 * channel + 5 * y + 3 * x) % 256;
  }

  private static byte[] records(int labelBytes, int... labels) {
    byte[] bytes = new byte[labels.length * (labelBytes + 3072)];
    int next = 0;
    for (int i = 0; i < labels.length; i++) {
      bytes[next + labelBytes - 1] = (byte) labels[i];
      next += labelBytes;
      for (int p = 0; p < 3072; p++) {
        bytes[next++] = (byte) pixel(i, p / 1024, p / 32 % 32, p % 32);
      }
    }
    return bytes;
  }

  static byte[] fixture(String name) throws IOException {
    try (InputStream in = BatchFilesTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private void put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private ImageSet open(String kind) throws IOException {
    return ImageSets.open(kind + ":" + folder, 0);
  }

  private String refused(String kind) {
    return assertThrows(IllegalArgumentException.class, () -> open(kind)).getMessage();
  }

  private static void assertPixels(ImageSet set, int image, int formulaImage) {
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < set.side(); y++) {
        for (int x = 0; x < set.side(); x++) {
          assertEquals(pixel(formulaImage, c, y, x) / 255f, set.pixel(image, c, y, x));
        }
      }
    }
  }

  @Test
  void readsBinaryBatchesInTheOrderOfTheirNumbers() throws IOException {
    put("data_batch_10_part.bin", records(1, 3));
    put("data_batch_2.bin", records(1, 9, 0));
    put("test_batch.bin", new byte[1]); // not a training batch
    ImageSet set = open("cifar10");
    assertEquals("cifar10[3x3x32x32]", set.toString());
    assertArrayEquals(new int[] {9, 0, 3}, set.labels().orElseThrow());
    assertPixels(set, 0, 0);
    assertPixels(set, 1, 1);
    assertPixels(set, 2, 0);
    assertEquals(4, set.cropPadding());
    assertEquals(125.3 / 255, set.normalization().mean().get(0));
    assertEquals(
        List.of("data_batch_2.bin", "data_batch_10_part.bin"),
        set.sources().stream().map(SourceFile::name).toList());
    assertEquals(2 * RECORD, set.sources().get(0).bytes());
  }

  @Test
  void readsCifar100WithFineLabels() throws IOException {
    put("cifar-100-binary/train.bin", records(2, 99, 0, 50));
    ImageSet set = open("cifar100");
    assertEquals("cifar100[3x3x32x32]", set.toString());
    assertEquals(100, set.classes());
    assertArrayEquals(new int[] {99, 0, 50}, set.labels().orElseThrow());
    assertPixels(set, 2, 2);
    assertEquals(124.1 / 255, set.normalization().mean().get(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void readsPythonBatchesOfEveryProtocol(int protocol) throws IOException {
    put("data_batch_1", fixture("cifar10_protocol" + protocol + ".pickle"));
    ImageSet set = open("cifar10");
    assertArrayEquals(new int[] {9, 0}, set.labels().orElseThrow());
    assertPixels(set, 0, 0);
    assertPixels(set, 1, 1);
  }

  @Test
  void readsBytesAsKeysAndColumnMajorArrays() throws IOException {
    put("cifar-100-python/train", fixture("cifar100_column_major.pickle"));
    ImageSet set = open("cifar100");
    assertArrayEquals(new int[] {99, 0}, set.labels().orElseThrow());
    assertPixels(set, 0, 0);
    assertPixels(set, 1, 1);
  }

  @Test
  void keepsTheFirst120ClassesOfImageNet() throws IOException {
    put("train_data_batch_1", fixture("imagenet16.pickle"));
    put("train_data_batch_2", fixture("imagenet16.pickle"));
    ImageSet set = open("imagenet16");
    assertEquals("imagenet16-120[4x3x16x16]", set.toString());
    assertEquals(120, set.classes());
    assertEquals(2, set.cropPadding());
    assertArrayEquals(new int[] {0, 119, 0, 119}, set.labels().orElseThrow()); // 1 and 120
    assertPixels(set, 0, 0);
    assertPixels(set, 1, 3);
    assertPixels(set, 3, 3);
  }

  @Test
  void refusesTruncatedAndOversizedBinaryFiles() throws IOException {
    for (int size : new int[] {1, RECORD - 1, RECORD + 1, 2 * RECORD - 1}) {
      put("data_batch_1.bin", Arrays.copyOf(records(1, 1, 2), size));
      String message = refused("cifar10");
      assertTrue(message.contains("data_batch_1.bin: size must be a multiple of 3073"), message);
      assertTrue(message.contains("record " + size / RECORD + " at byte"), message);
    }
    put("data_batch_1.bin", new byte[0]);
    assertTrue(refused("cifar10").contains("size must be in [1, 153650000] bytes but was 0"));
    try (var file =
        new java.io.RandomAccessFile(folder.resolve("data_batch_1.bin").toFile(), "rw")) {
      file.setLength(50_001L * RECORD); // sparse
    }
    assertTrue(refused("cifar10").contains("but was 153653073"));
  }

  @Test
  void refusesLabelsOutOfRange() throws IOException {
    put("data_batch_1.bin", records(1, 1, 10));
    String message = refused("cifar10");
    assertTrue(
        message.endsWith("record 1, byte 3073: label must be in [0, 9] but was 10"), message);
    put("train.bin", records(2, 100));
    assertTrue(refused("cifar100").contains("byte 1: label must be in [0, 99] but was 100"));
  }

  @Test
  void refusesFoldersWithoutBatches() throws IOException {
    assertTrue(refused("cifar10").contains("holds no training batch of cifar10"));
    assertTrue(refused("imagenet16").contains("train_data_batch_[0-9]+"));
    put("data_batch_1.bin", records(1, 1));
    put("data_batch_1", fixture("cifar10_protocol2.pickle"));
    assertTrue(refused("cifar10").contains("keep one kind"));
    for (String source : List.of("cifar10:" + folder + "/none", "cifar10:", "cifar10", "cifar:x")) {
      assertThrows(IllegalArgumentException.class, () -> ImageSets.open(source, 0), source);
    }
    String unknown =
        assertThrows(IllegalArgumentException.class, () -> ImageSets.open("imagenet:x", 0))
            .getMessage();
    assertTrue(unknown.contains(ImageSets.SOURCES), unknown);
  }

  /** A batch of one data set is not one of another. */
  @Test
  void refusesPythonBatchesOfTheWrongShape() throws IOException {
    put("train_data_batch_1", fixture("cifar10_protocol2.pickle"));
    assertTrue(refused("imagenet16").contains("uint8 array [images, 768] but is u1[2, 3072]"));
    put("train", fixture("cifar10_protocol2.pickle"));
    assertTrue(refused("cifar100").contains("'fine_labels' must be a list of 2 labels"));
  }

  /** Sizes and sums of the real batch are those that the shared README and the spec give. */
  @Test
  void readsRealCifar10() throws IOException {
    Path real = SharedFolder.require("data/cifar10");
    ImageSet set = ImageSets.open("cifar10:" + real, 0);
    assertEquals(4000, set.size());
    double[] sums = new double[3];
    for (int i = 0; i < set.size(); i++) {
      for (int c = 0; c < 3; c++) {
        for (int p = 0; p < 1024; p++) {
          sums[c] += set.pixel(i, c, p / 32, p % 32);
        }
      }
    }
    // The training set's means; 4000 images of std 0.12 around them give ±0.002.
    for (int c = 0; c < 3; c++) {
      assertEquals(
          set.normalization().mean().get(c), sums[c] / (4000 * 1024), 0.006, "channel " + c);
    }
    int[] perClass = new int[10];
    for (int label : set.labels().orElseThrow()) {
      perClass[label]++;
    }
    for (int count : perClass) {
      assertEquals(400, count, 5 * Math.sqrt(400 * 0.9));
    }
  }
}
