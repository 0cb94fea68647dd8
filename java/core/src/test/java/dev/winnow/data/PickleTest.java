package dev.winnow.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PickleTest {
  private static final Path FILE = Path.of("batch.pickle");

  @TempDir Path folder;

  /** One byte per character; escapes such as {@code \u0080} give the opcodes. */
  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Object read(String latin1) {
    return Pickle.read(FILE, bytes(latin1));
  }

  private static String refused(byte[] pickle) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Pickle.read(FILE, pickle)).getMessage();
    assertTrue(message.startsWith("batch.pickle: pickle at byte "), message);
    return message.substring("batch.pickle: pickle at byte ".length());
  }

  /** Meanings from the comments of Python's pickletools. */
  @Test
  void readsScalars() {
    assertEquals(Pickle.NONE, read("N."));
    assertEquals(true, read("\u0080\u0002\u0088."));
    assertEquals(false, read("I00\n."));
    assertEquals(true, read("I01\n."));
    assertEquals(-17L, read("I-17\n."));
    assertEquals(-17L, read("L-17L\n."));
    assertEquals(255L, read("K\u00ff."));
    assertEquals(0xABCDL, read("M\u00cd\u00ab."));
    assertEquals(-1L, read("J\u00ff\u00ff\u00ff\u00ff."));
    assertEquals(0L, read("\u008a\u0000."));
    assertEquals(-256L, read("\u008a\u0002\u0000\u00ff."));
    assertEquals(Long.MIN_VALUE, read("\u008a\u0008\0\0\0\0\0\0\0\u0080."));
    assertEquals(1.5, read("G\u003f\u00f8\0\0\0\0\0\0."));
    assertEquals(-2.5e3, read("F-2500.0\n."));
    assertEquals("né\n", read("Vn\u00e9\\u000a\n."));
    assertEquals("é", read("X\u0002\0\0\0\u00c3\u00a9."));
    assertEquals("a'\n\u00ffb", ((Pickle.Bytes) read("S'a\\'\\n\\xffb'\n.")).latin1());
  }

  @Test
  void readsContainersAndTheMemo() {
    assertEquals(List.of(1L, 2L), read("]q\0(K\u0001K\u0002e."));
    assertEquals(List.of(1L, 2L, 3L), read("K\u0001K\u0002K\u0003\u0087."));
    assertEquals(List.of(List.of(), List.of()), read("]q\u0005h\u0005\u0086."));
    assertEquals(Map.of("a", 1L, "b", 2L), read("}(U\u0001aK\u0001U\u0001bK\u0002u."));
    assertEquals(Map.of("a", List.of()), read("(dp0\nS'a'\n(ls."));
  }

  /** A batch as Python 2 wrote the published files: protocol 2, text is bytes, numpy.core. */
  static byte[] python2Batch(int images, int columns, String labelKey) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes("\u0080\u0002}q\u0001(U\u0004dataq\u0002"));
    out.writeBytes(bytes("cnumpy.core.multiarray\n_reconstruct\nq\u0003cnumpy\nndarray\nq\u0004"));
    out.writeBytes(bytes("K\0\u0085U\u0001b\u0087Rq\u0005(K\u0001"));
    out.writeBytes(
        bytes("M" + littleEndian(images, 2) + "M" + littleEndian(columns, 2) + "\u0086"));
    out.writeBytes(bytes("cnumpy\ndtype\nq\u0006U\u0002u1K\0K\u0001\u0087Rq\u0007"));
    out.writeBytes(
        bytes("(K\u0003U\u0001|NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\0tb"));
    out.writeBytes(bytes("\u0089T" + littleEndian(images * columns, 4)));
    for (int i = 0; i < images * columns; i++) {
      out.write(i * 7);
    }
    out.writeBytes(bytes("tbU" + (char) labelKey.length() + labelKey + "]("));
    for (int i = 0; i < images; i++) {
      out.writeBytes(bytes("K" + (char) (i % 10)));
    }
    out.writeBytes(bytes("eu."));
    return out.toByteArray();
  }

  private static String littleEndian(int value, int size) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < size; i++) {
      text.append((char) (value >> (8 * i) & 0xFF));
    }
    return text.toString();
  }

  @Test
  void readsBatchesAsPython2WroteThem() throws IOException {
    Files.write(folder.resolve("data_batch_1"), python2Batch(12, 3072, "labels"));
    ImageSet set = ImageSets.open("cifar10:" + folder, 0);
    assertEquals(12, set.size());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, set.labels().orElseThrow());
    assertEquals((7 * 3072 & 0xFF) / 255f, set.pixel(1, 0, 0, 0));
    assertEquals((7 * (12 * 3072 - 1) & 0xFF) / 255f, set.pixel(11, 2, 31, 31));
  }

  /** What a hostile pickle would call, and every way to reach a callable that is not ours. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "cos|system|(S'true'|tR.; 0: global os.system is not allowed",
        "cbuiltins|eval|.; 0: global builtins.eval is not allowed",
        "cnumpy|load|.; 0: global numpy.load is not allowed",
        "cnumpy.core.multiarray|scalar|.; 0: global numpy.core.multiarray.scalar is not allowed",
        "S'os'|S'system'|\u0093.; 16: global os.system is not allowed",
        "cnumpy|ndarray|)R.; 16: numpy.ndarray cannot be called",
        "cnumpy.core.multiarray|_reconstruct|(N)tR.; 40: only numpy.ndarray can be reconstructed",
        "N)R.; 2: only a global can be called",
        "(icollections|X|.; 1: opcode 0x69 'i' is not allowed",
        "No.; 1: opcode 0x6f 'o' is not allowed",
        "N).\u0081; 2: STOP leaves 1 more objects",
        "N)\u0081.; 2: opcode 0x81 is not allowed",
        "S'x'|P1|.; 5: opcode 0x50 'P' is not allowed",
        "\u0082\u0001.; 0: opcode 0x82 is not allowed",
        "\u0080\u0005N.; 0: protocol must be in [0, 4] but was 5",
        "cnumpy|dtype|(S'O8'|tR.; 21: array element type O8 is not allowed",
        "cnumpy|dtype|(S'V4'|tR.; 21: array element type V4 is not allowed",
        "N0N.; 1: opcode 0x30 '0' is not allowed",
      })
  void refusesWhatIsNotOnTheList(String pickle, String message) {
    String said = refused(bytes(pickle.replace('|', '\n')));
    assertTrue(said.startsWith(message), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "N.N; 1: STOP is followed by 1 more bytes",
        ".; 0: the stack is empty",
        "(.; 1: the stack is empty",
        "e.; 0: there is no mark",
        "N; 1: needs 1 bytes",
        "h\u0001.; 0: nothing was memorised as 1",
        "g-1|.; 0: memo index must be in",
        "Ixyz|.; 0: 'xyz' is not a 64-bit integer",
        "L99999999999999999999L|.; 0: '99999999999999999999' is not a 64-bit integer",
        "I1; 0: a line does not end",
        "Fx|.; 0: 'x' is not a number",
        "Sabc|.; 0: a string is not in quotes",
        "S'a\\|.; 0: a string is not in quotes",
        "S'\\q'|.; 0: escape \\q is not allowed",
        "S'\\x4'|.; 0: an escape is not complete",
        "V\\u00zz|.; 0: an escape is not hexadecimal",
        "\u008a\u0009123456789.; 0: integers have at most 8 bytes",
        "\u008b\u00ff\u00ff\u00ff\u007f.; 0: integers have at most 8 bytes",
        "T\u00ff\u00ff\u00ff\u00ff.; 0: needs 4294967295 bytes but the file has 1 more",
        "\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.; 0: needs 18446744073709551615"
            + " bytes",
        "\u0095\u0009\u0001\u0001\u0001\u0001\u0001\u0001\u0001N.; 0: needs 72340172838076681"
            + " bytes",
        "X\u0001\u0001\u0001\u0001.; 0: needs",
        "\u008c\u0001\u00ff.; 0: a string is not UTF-8",
        "}NNs.; 3: a short string is needed",
        "}(Nu.; 3: a key has no value",
        "]NNs.; 3: only a dictionary takes keys",
        "}Na.; 2: a list or tuple is needed",
        "]]b.; 2: only a new array or an element type",
      })
  void refusesMalformedPickles(String pickle, String message) {
    String said = refused(bytes(pickle.replace('|', '\n')));
    assertTrue(said.startsWith(message), said);
  }

  @Test
  void refusesProtocol5() throws IOException {
    byte[] pickle = BatchFilesTest.fixture("array_protocol5.pickle");
    assertEquals("0: protocol must be in [0, 4] but was 5", refused(pickle));
  }

  /** Arrays whose shape, type and bytes disagree. */
  @ParameterizedTest
  @CsvSource({"2, 3071", "3, 3072", "0, 3072", "65535, 65535"})
  void refusesArraysThatDoNotFitTheirBytes(int images, int columns) {
    byte[] pickle = python2Batch(2, 3072, "labels");
    byte[] was = bytes("M" + littleEndian(2, 2) + "M" + littleEndian(3072, 2));
    byte[] now = bytes("M" + littleEndian(images, 2) + "M" + littleEndian(columns, 2));
    int at =
        new String(pickle, StandardCharsets.ISO_8859_1)
            .indexOf(new String(was, StandardCharsets.ISO_8859_1));
    System.arraycopy(now, 0, pickle, at, now.length);
    assertTrue(refused(pickle).contains("array"), "array");
  }

  /** A list inside itself, a million lists, text encoded again and again: bounded, and no hang. */
  @Test
  void boundsMemoryAndTime() {
    assertTrue(Pickle.read(FILE, bytes("]q\0h\0a.")) instanceof List<?>);
    byte[] lists = new byte[Pickle.MOST_OPCODES + 10];
    Arrays.fill(lists, (byte) ']');
    assertTrue(refused(lists).contains("more than 2000000 opcodes"));
    StringBuilder again = new StringBuilder("c_codecs\nencode\nq\0");
    again.append("X\u0010\u0027\0\0").append("x".repeat(10_000)).append("q\u0001");
    again.append("X\u0006\0\0\0latin1q\u0002");
    again.append("h\0h\u0001h\u0002\u0086R".repeat(1000)).append('.');
    assertTrue(refused(bytes(again.toString())).contains("encoded text is longer than the file"));
  }

  /** Any damage to any kind of batch gives an error or a set, never another exception. */
  @ParameterizedTest
  @CsvSource({
    "cifar10_protocol0.pickle, cifar10, data_batch_1",
    "cifar10_protocol1.pickle, cifar10, data_batch_1",
    "cifar10_protocol2.pickle, cifar10, data_batch_1",
    "cifar10_protocol3.pickle, cifar10, data_batch_1",
    "cifar10_protocol4.pickle, cifar10, data_batch_1",
    "cifar100_column_major.pickle, cifar100, train",
    "imagenet16.pickle, imagenet16, train_data_batch_1",
    "python 2, cifar10, data_batch_1",
    "binary, cifar10, data_batch_1.bin",
  })
  void survivesDamage(String kind, String source, String name) throws IOException {
    byte[] whole =
        switch (kind) {
          case "python 2" -> python2Batch(2, 3072, "labels");
          case "binary" -> new byte[2 * 3073];
          default -> BatchFilesTest.fixture(kind);
        };
    Path file = folder.resolve(name);
    int refused = 0;
    for (long seed = 0; seed < 400; seed++) {
      Files.write(file, damage(whole, new SplittableRandom(seed)));
      try {
        ImageSets.open(source + ":" + folder, 0);
      } catch (IllegalArgumentException | IOException expected) {
        assertTrue(expected.getMessage().contains(name), "seed " + seed);
        refused++;
      } catch (RuntimeException | Error other) {
        throw new AssertionError(kind + ", seed " + seed, other);
      }
    }
    assertTrue(refused > 80, "only " + refused + " damaged files were refused");
  }

  /** Cuts, appends, or overwrites a few bytes, mostly in the structure around the pixels. */
  private static byte[] damage(byte[] whole, SplittableRandom random) {
    byte[] bytes = whole.clone();
    switch (random.nextInt(4)) {
      case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(40));
      default -> {
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
          int near = 1 + random.nextInt(300);
          int at = random.nextBoolean() ? near : bytes.length - near;
          bytes[at] = (byte) random.nextInt(256);
        }
      }
    }
    return bytes;
  }
}
