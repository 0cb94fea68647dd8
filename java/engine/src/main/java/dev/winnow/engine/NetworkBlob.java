package dev.winnow.engine;

import dev.winnow.engine.bindings.Winnow;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A network as the flat description of {@code include/winnow/network.h}: little-endian int64 words,
 * then the names. The native core decodes and validates it again.
 */
final class NetworkBlob {
  private static final int HEADER_WORDS = 8;

  private long[] words = new long[1024];
  private int size;
  private final ByteArrayOutputStream names = new ByteArrayOutputStream();

  private NetworkBlob() {}

  static byte[] encode(NetworkGraph graph) {
    NetworkBlob blob = new NetworkBlob();
    blob.size = HEADER_WORDS;
    graph.nodes().forEach(blob::node);
    while (blob.names.size() % Long.BYTES != 0) {
      blob.names.write(0);
    }
    int length = Math.addExact(Math.multiplyExact(blob.size, Long.BYTES), blob.names.size());
    long[] header = {
      Winnow.WINNOW_NETWORK_MAGIC,
      Winnow.WINNOW_NETWORK_VERSION,
      length,
      graph.choices(),
      graph.nodes().size(),
      graph.output(),
      blob.names.size(),
      0
    };
    System.arraycopy(header, 0, blob.words, 0, HEADER_WORDS);
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; k < blob.size; k++) {
      bytes.putLong(blob.words[k]);
    }
    return bytes.put(blob.names.toByteArray()).array();
  }

  private void node(Node node) {
    byte[] name = node.name().getBytes(StandardCharsets.UTF_8);
    put(code(node.operation()), names.size(), name.length, node.choice(), node.inputs().size());
    names.writeBytes(name);
    node.inputs().forEach(this::put);
    long[] attributes = attributes(node.operation());
    put(attributes.length);
    put(attributes);
  }

  private void put(long... values) {
    if (size + values.length > words.length) {
      words = Arrays.copyOf(words, Math.max(2 * words.length, size + values.length));
    }
    System.arraycopy(values, 0, words, size, values.length);
    size += values.length;
  }

  /** Its {@code winnow_operation}. */
  static int code(Operation operation) {
    if (operation instanceof Operation.Input) {
      return Winnow.WINNOW_INPUT;
    } else if (operation instanceof Operation.Convolution) {
      return Winnow.WINNOW_CONVOLUTION;
    } else if (operation instanceof Operation.BatchNorm) {
      return Winnow.WINNOW_BATCH_NORM;
    } else if (operation instanceof Operation.Relu) {
      return Winnow.WINNOW_RELU;
    } else if (operation instanceof Operation.AveragePool) {
      return Winnow.WINNOW_AVERAGE_POOL;
    } else if (operation instanceof Operation.MaxPool) {
      return Winnow.WINNOW_MAX_POOL;
    } else if (operation instanceof Operation.WeightedSum) {
      return Winnow.WINNOW_WEIGHTED_SUM;
    } else if (operation instanceof Operation.Concat) {
      return Winnow.WINNOW_CONCAT;
    } else if (operation instanceof Operation.GlobalAveragePool) {
      return Winnow.WINNOW_GLOBAL_AVERAGE_POOL;
    } else if (operation instanceof Operation.Linear) {
      return Winnow.WINNOW_LINEAR;
    } else if (operation instanceof Operation.Zero) {
      return Winnow.WINNOW_ZERO;
    } else if (operation instanceof Operation.PadCrop) {
      return Winnow.WINNOW_PAD_CROP;
    } else if (operation instanceof Operation.ChannelSlice) {
      return Winnow.WINNOW_CHANNEL_SLICE;
    } else if (operation instanceof Operation.Noise) {
      return Winnow.WINNOW_NOISE;
    }
    throw new AssertionError(operation); // the interface is sealed
  }

  private static long[] attributes(Operation operation) {
    if (operation instanceof Operation.Input input) {
      return new long[] {input.shape().channels(), input.shape().height(), input.shape().width()};
    } else if (operation instanceof Operation.Convolution c) {
      long[] pairs = pairs(c.kernel(), c.stride(), c.padding(), c.dilation());
      return join(new long[] {c.outputs()}, pairs, new long[] {c.groups(), bit(c.bias())});
    } else if (operation instanceof Operation.BatchNorm norm) {
      return new long[] {bit(norm.affine()), real(norm.epsilon()), real(norm.momentum())};
    } else if (operation instanceof Operation.Relu relu) {
      return new long[] {real(relu.cap())};
    } else if (operation instanceof Operation.AveragePool pool) {
      long[] pairs = pairs(pool.kernel(), pool.stride(), pool.padding());
      return join(pairs, new long[] {bit(pool.countIncludePad())});
    } else if (operation instanceof Operation.MaxPool pool) {
      return pairs(pool.kernel(), pool.stride(), pool.padding());
    } else if (operation instanceof Operation.WeightedSum sum) {
      return sum.choices().stream().mapToLong(Integer::longValue).toArray();
    } else if (operation instanceof Operation.Linear linear) {
      return new long[] {linear.outputs(), bit(linear.bias())};
    } else if (operation instanceof Operation.Zero zero) {
      return pairs(zero.stride());
    } else if (operation instanceof Operation.PadCrop pad) {
      return new long[] {pad.top(), pad.bottom(), pad.left(), pad.right()};
    } else if (operation instanceof Operation.ChannelSlice slice) {
      return new long[] {slice.first(), slice.count()};
    } else if (operation instanceof Operation.Noise noise) {
      return new long[] {real(noise.deviation())};
    }
    return new long[0]; // concatenation and global pooling have none
  }

  private static long[] pairs(Pair... pairs) {
    long[] sides = new long[2 * pairs.length];
    for (int k = 0; k < pairs.length; k++) {
      sides[2 * k] = pairs[k].height();
      sides[2 * k + 1] = pairs[k].width();
    }
    return sides;
  }

  private static long[] join(long[]... parts) {
    return Arrays.stream(parts).flatMapToLong(Arrays::stream).toArray();
  }

  private static long bit(boolean value) {
    return value ? 1 : 0;
  }

  private static long real(double value) {
    return Double.doubleToRawLongBits(value);
  }
}
