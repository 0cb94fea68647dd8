package dev.winnow.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir Path folder;

  /** Law: write, then read, is the identity for values that the type holds, order included. */
  @ParameterizedTest
  @CsvSource({"F32", "F64"})
  void readsWhatItWrote(Dtype dtype) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "z", new Tensor(new int[] {2, 3}, new double[] {0, -0.0, 1.5, -2, 0x1p-140, 3e38f}));
    tensors.put("a.scalar", new Tensor(new int[0], new double[] {Float.NaN}));
    tensors.put("ünïcode \"quoted\"", new Tensor(new int[] {1, 0}, new double[0]));
    tensors.put("big", new Tensor(new int[] {70_001}, ramp(70_001))); // more than one chunk
    Path file = folder.resolve("t.safetensors");
    Safetensors.write(file, tensors, dtype);
    Map<String, Tensor> back = Safetensors.read(file);
    assertEquals(tensors, back);
    assertEquals(List.copyOf(tensors.keySet()), List.copyOf(back.keySet()));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "no partial file stays");
    }
  }

  /** Bytes and values by hand from IEEE 754 and two's complement. */
  @ParameterizedTest
  @CsvSource({
    "F16, 0100, 5.9604644775390625E-8", // 2^-24, the smallest subnormal
    "F16, ff7b, 65504",
    "F16, 0080, -0.0",
    "F16, 007c, Infinity",
    "F16, 00fc, -Infinity",
    "F16, 017c, NaN",
    "F16, 0104, 6.109476089477539E-5", // 2^-14 (1 + 2^-10)
    "BF16, 80bf, -1",
    "F32, 0000c03f, 1.5",
    "F64, 000000000000f83f, 1.5",
    "I8, ff, -1",
    "U8, ff, 255",
    "I16, 0080, -32768",
    "U16, 0080, 32768",
    "I32, ffffffff, -1",
    "U32, ffffffff, 4294967295",
    "I64, 0000000000002000, 9007199254740992",
    "I64, 000000000000e0ff, -9007199254740992",
    "BOOL, 01, 1",
  })
  void decodesEachType(Dtype dtype, String hex, double expected) throws IOException {
    byte[] value = HexFormat.of().parseHex(hex);
    Path file = file("{\"x\":" + entry(dtype.name(), "1", 0, value.length) + "}", value);
    assertArrayEquals(new double[] {expected}, Safetensors.read(file).get("x").values());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{\"x\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}; F31",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}; needs 8 bytes but has 4",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}; needs 4 bytes but has 8",
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}; need 3 bytes but the file"
            + " holds 4",
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}; must begin at offset 0",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]}};"
            + " tensor y must begin at offset 4",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}; data_offsets",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}; data_offsets",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}; integers >= 0",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}; integers >= 0",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}; too"
            + " large",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536,65536],\"data_offsets\":[0,4]}};"
            + " too large",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}; no list shape",
        "{\"x\":{\"shape\":[1],\"data_offsets\":[0,4]}}; no dtype",
        "{\"x\":3}; no dtype",
        "{\"x\":{\"dtype\":\"BOOL\",\"shape\":[4],\"data_offsets\":[0,4]}}; element 3: BOOL must be"
            + " 0 or 1 but was 127",
        "{\"x\":1,\"x\":2}; Duplicate field",
        "[]; JSON object",
        "{} {}; not JSON",
        "{\"x\":; not JSON",
      })
  void refusesMalformedHeaders(String header, String message) throws IOException {
    Path file = file(header, new byte[] {0, 0, 1, 127});
    var e = assertThrows(IllegalArgumentException.class, () -> Safetensors.read(file));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
  }

  @Test
  void refusesIntegersThatADoubleDoesNotHold() throws IOException {
    byte[] value = new byte[8];
    ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putLong((1L << 53) + 1);
    Path file = file("{\"x\":" + entry("I64", "1", 0, 8) + "}", value);
    var e = assertThrows(IllegalArgumentException.class, () -> Safetensors.read(file));
    assertTrue(e.getMessage().contains("9007199254740993"), e.getMessage());
  }

  @Test
  void aFolderInPlaceOfAFileIsNamed() {
    var e = assertThrows(IOException.class, () -> Safetensors.read(folder));
    assertTrue(e.getMessage().startsWith(folder + ": "), e::getMessage);
  }

  @Test
  void refusesHeaderLengthsOutsideTheFile() throws IOException {
    for (long length : new long[] {-1, 0, 1, 3, Long.MAX_VALUE, Long.MIN_VALUE}) {
      ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      Path file = Files.write(folder.resolve("bad"), bytes.array());
      var e = assertThrows(IllegalArgumentException.class, () -> Safetensors.read(file));
      assertTrue(e.getMessage().contains("header length must be in [2, 2]"), e.getMessage());
    }
    Path empty = Files.write(folder.resolve("empty"), new byte[0]);
    assertThrows(IllegalArgumentException.class, () -> Safetensors.read(empty));
    assertThrows(NoSuchFileException.class, () -> Safetensors.read(folder.resolve("missing")));
  }

  @Test
  void refusesToWriteWhatTheTypeCannotHold() {
    Path file = folder.resolve("t.safetensors");
    Map<String, Tensor> huge = Map.of("w", new Tensor(new int[] {2}, new double[] {0, 1e39}));
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> Safetensors.write(file, huge, Dtype.F32));
    assertEquals("tensor w, element 1: 1.0E39 is beyond the range of F32", e.getMessage());
    assertFalse(Files.exists(file));
    assertThrows(IllegalArgumentException.class, () -> Safetensors.write(file, huge, Dtype.I8));
    Map<String, Tensor> reserved = Map.of("__metadata__", new Tensor(new int[0], new double[1]));
    assertThrows(
        IllegalArgumentException.class, () -> Safetensors.write(file, reserved, Dtype.F64));
  }

  /** Any damage gives an error or a readable file, never another exception. */
  @Test
  void survivesDamage() throws IOException {
    Path file = folder.resolve("t.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("a", new Tensor(new int[] {2, 3}, ramp(6)));
    tensors.put("b", new Tensor(new int[] {4}, ramp(4)));
    Safetensors.write(file, tensors, Dtype.F32);
    byte[] whole = Files.readAllBytes(file);
    for (long seed = 0; seed < 2000; seed++) {
      byte[] damaged = damage(whole, new SplittableRandom(seed));
      Files.write(file, damaged);
      try {
        Safetensors.read(file);
      } catch (IllegalArgumentException expected) {
        assertTrue(expected.getMessage().contains(file.toString()), "seed " + seed);
      } catch (RuntimeException | Error other) {
        throw new AssertionError("seed " + seed, other);
      }
    }
  }

  /** The shared cases were written by another program; sizes as its README gives them. */
  @Test
  void readsAGoldenCase() throws IOException {
    Path file = SharedFolder.require("golden/c1_nb201_best/tensors.safetensors");
    Map<String, Tensor> tensors = Safetensors.read(file);
    assertArrayEquals(new int[] {32, 3, 32, 32}, tensors.get("input").shape());
    assertArrayEquals(new int[] {16, 3, 3, 3}, tensors.get("stem.conv.weight").shape());
    for (double label : tensors.get("target").values()) {
      assertTrue(label >= 0 && label < 10 && label == Math.rint(label));
    }
  }

  private static byte[] damage(byte[] whole, SplittableRandom random) {
    byte[] bytes = whole.clone();
    if (random.nextInt(4) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(2 * bytes.length));
    }
    for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private Path file(String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text).put(data);
    return Files.write(folder.resolve("made.safetensors"), bytes.array());
  }

  private static String entry(String dtype, String shape, int begin, int end) {
    return "{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
        .formatted(dtype, shape, begin, end);
  }

  private static double[] ramp(int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = i;
    }
    return values;
  }
}
