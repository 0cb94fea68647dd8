package dev.winnow.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.InputFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Files of named tensors: an 8-byte little-endian header length, a JSON header with dtype, shape
 * and byte range of each tensor, the values. The file is never trusted: every length, shape and
 * offset is checked before anything is allocated for it, ranges must follow each other without hole
 * or overlap and end with the file, as the format demands.
 *
 * <p>NaN and infinity are values like others here; who takes them for weights must look.
 *
 * @see <a href="https://github.com/huggingface/safetensors">the format</a>
 */
public final class Safetensors {
  /** The format's own limit. */
  private static final long LARGEST_HEADER = 100_000_000;

  /** What Java allocates in one piece. */
  private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private static final String METADATA = "__metadata__";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Safetensors() {}

  /**
   * All tensors of a file, in the order of their bytes; the free-text metadata is not returned.
   *
   * @throws IllegalArgumentException when the file is malformed, naming file and tensor or place
   * @throws IOException when it cannot be read
   */
  public static Map<String, Tensor> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw new IllegalArgumentException(
            file + ": a safetensors file has at least 8 bytes but this has " + size);
      }
      long header = bytes(channel, 0, 8).getLong();
      long largest = Math.min(LARGEST_HEADER, size - 8);
      if (header < 2 || header > largest) {
        throw new IllegalArgumentException(
            file + ": header length must be in [2, " + largest + "] but was " + header);
      }
      JsonNode json = parse(file, bytes(channel, 8, (int) header));
      long data = 8 + header;
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (Entry entry : entries(file, json, size - data)) {
        tensors.put(entry.name, values(file, channel, data, entry));
      }
      return tensors;
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }

  /**
   * Writes tensors in the map's order, all in one number type. The file appears whole or not at
   * all: it is written beside its place and then moved there.
   *
   * @param dtype {@link Dtype#F32} (values round to nearest) or {@link Dtype#F64}
   * @throws IllegalArgumentException for another dtype, a name that the format reserves, or a
   *     finite value beyond the range of the type, naming tensor and element
   * @throws IOException when the file cannot be written
   */
  public static void write(Path file, Map<String, Tensor> tensors, Dtype dtype) throws IOException {
    if (dtype != Dtype.F32 && dtype != Dtype.F64) {
      throw new IllegalArgumentException("dtype to write must be F32 or F64 but was " + dtype);
    }
    byte[] header = header(tensors, dtype);
    Path target = file.toAbsolutePath();
    Path partial = target.resolveSibling(target.getFileName() + ".partial");
    try {
      try (FileChannel channel =
          FileChannel.open(
              partial,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer length = buffer(8).putLong(header.length);
        writeFully(channel, length.flip());
        writeFully(channel, ByteBuffer.wrap(header));
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
          writeFully(channel, encode(tensor.getKey(), tensor.getValue(), dtype));
        }
        channel.force(true);
      }
      Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** Where a tensor lies, relative to the end of the header. */
  private record Entry(String name, Dtype dtype, int[] shape, int elements, long begin, long end) {}

  private static JsonNode parse(Path file, ByteBuffer header) throws IOException {
    try {
      JsonNode json = JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(header).toString());
      if (!json.isObject()) {
        throw new IllegalArgumentException(file + ": header must be a JSON object");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": header is not JSON: " + e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": header is not UTF-8", e);
    }
  }

  private static List<Entry> entries(Path file, JsonNode json, long available) {
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!field.getKey().equals(METADATA)) {
        entries.add(entry(file + ": tensor " + field.getKey(), field.getKey(), field.getValue()));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    for (Entry entry : entries) {
      if (entry.begin != end) {
        throw new IllegalArgumentException(
            file
                + ": tensor "
                + entry.name
                + " must begin at offset "
                + end
                + ", where the one before ends, but begins at "
                + entry.begin);
      }
      end = entry.end;
    }
    if (end != available) {
      throw new IllegalArgumentException(
          file + ": the tensors need " + end + " bytes but the file holds " + available);
    }
    return entries;
  }

  private static Entry entry(String place, String name, JsonNode json) {
    JsonNode dtypeName = json.get("dtype");
    if (dtypeName == null || !dtypeName.isTextual()) {
      throw new IllegalArgumentException(place + " has no dtype");
    }
    Dtype dtype;
    try {
      dtype = Dtype.valueOf(dtypeName.textValue());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          place
              + ": dtype must be one of "
              + Arrays.toString(Dtype.values())
              + " but was "
              + dtypeName.textValue(),
          e);
    }
    long[] sides = integers(place, "shape", json);
    long[] offsets = integers(place, "data_offsets", json);
    if (offsets.length != 2 || offsets[1] < offsets[0]) {
      throw new IllegalArgumentException(
          place + ": data_offsets must be [begin, end] but were " + Arrays.toString(offsets));
    }
    long elements = 1;
    int[] shape = new int[sides.length];
    for (int i = 0; i < sides.length; i++) {
      shape[i] = (int) Math.min(sides[i], Integer.MAX_VALUE);
      elements *= shape[i];
      if (elements > LARGEST_ARRAY || shape[i] != sides[i]) {
        throw new IllegalArgumentException(
            place + ": shape is too large: " + Arrays.toString(sides));
      }
    }
    long length = offsets[1] - offsets[0];
    if (length != elements * dtype.bytes()) {
      throw new IllegalArgumentException(
          place
              + ": "
              + dtype
              + Arrays.toString(shape)
              + " needs "
              + elements * dtype.bytes()
              + " bytes but has "
              + length);
    }
    return new Entry(name, dtype, shape, (int) elements, offsets[0], offsets[1]);
  }

  /** A list of integers that are not negative. */
  private static long[] integers(String place, String key, JsonNode json) {
    JsonNode list = json.get(key);
    if (list == null || !list.isArray()) {
      throw new IllegalArgumentException(place + " has no list " + key);
    }
    long[] values = new long[list.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = list.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw new IllegalArgumentException(
            place + ": " + key + " must hold integers >= 0 but holds " + value);
      }
      values[i] = value.longValue();
    }
    return values;
  }

  private static Tensor values(Path file, FileChannel channel, long data, Entry entry)
      throws IOException {
    double[] values = new double[entry.elements];
    int chunk = 1 << 16;
    for (int first = 0; first < values.length; first += chunk) {
      int last = Math.min(values.length, first + chunk);
      long at = data + entry.begin + (long) first * entry.dtype.bytes();
      ByteBuffer in = bytes(channel, at, (last - first) * entry.dtype.bytes());
      for (int i = first; i < last; i++) {
        try {
          values[i] = entry.dtype.get(in);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              file + ": tensor " + entry.name + ", element " + i + ": " + e.getMessage(), e);
        }
      }
    }
    return new Tensor(entry.shape, values);
  }

  private static byte[] header(Map<String, Tensor> tensors, Dtype dtype) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    long offset = 0;
    for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
      if (tensor.getKey().equals(METADATA)) {
        throw new IllegalArgumentException("a tensor must not be called " + METADATA);
      }
      ObjectNode entry = json.putObject(tensor.getKey());
      entry.put("dtype", dtype.name());
      entry.set("shape", JSON.valueToTree(tensor.getValue().shape()));
      long end = offset + (long) tensor.getValue().values().length * dtype.bytes();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = JSON.writeValueAsBytes(json);
    byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8); // values start 8-byte aligned
    Arrays.fill(padded, text.length, padded.length, (byte) ' ');
    return padded;
  }

  private static ByteBuffer encode(String name, Tensor tensor, Dtype dtype) {
    double[] values = tensor.values();
    ByteBuffer out = buffer(Math.multiplyExact(values.length, dtype.bytes()));
    for (int i = 0; i < values.length; i++) {
      try {
        dtype.put(values[i], out);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "tensor " + name + ", element " + i + ": " + e.getMessage(), e);
      }
    }
    return out.flip();
  }

  private static ByteBuffer bytes(FileChannel channel, long at, int count) throws IOException {
    ByteBuffer buffer = buffer(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new EOFException("file ended at byte " + (at + buffer.position()) + " while read");
      }
    }
    return buffer.flip();
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
