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
import java.util.List;

/**
 * A network as the flat description of {@code include/winnow/network.h}: little-endian int64 words,
 * then the names. The native core decodes and validates it again.
 */
final class NetworkBlob {
  private static final int HEADER_WORDS = 8;

  private long[] words = new long[2048];
  private int size;
  private final ByteArrayOutputStream names = new ByteArrayOutputStream();

  private NetworkBlob() {}

  static byte[] encode(NetworkGraph graph) {
    NetworkBlob blob = new NetworkBlob();
    blob.size = HEADER_WORDS;
    for (Node node : graph.nodes()) {
      blob.node(node);
    }
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
    bytes.asLongBuffer().put(blob.words, 0, blob.size);
    bytes.position(blob.size * Long.BYTES);
    return bytes.put(blob.names.toByteArray()).array();
  }

  private void node(Node node) {
    byte[] name = node.name().getBytes(StandardCharsets.UTF_8);
    put(code(node.operation()));
    put(names.size());
    put(name.length);
    put(node.choice());
    names.writeBytes(name);
    List<Integer> inputs = node.inputs();
    put(inputs.size());
    for (int k = 0; k < inputs.size(); k++) {
      put(inputs.get(k));
    }
    int count = size;
    put(0);
    attributes(node.operation());
    words[count] = size - count - 1;
  }

  private void put(long value) {
    if (size == words.length) {
      words = Arrays.copyOf(words, 2 * size);
    }
    words[size++] = value;
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

  private void attributes(Operation operation) {
    if (operation instanceof Operation.Input input) {
      put(input.shape().channels());
      put(input.shape().height());
      put(input.shape().width());
    } else if (operation instanceof Operation.Convolution c) {
      put(c.outputs());
      pair(c.kernel());
      pair(c.stride());
      pair(c.padding());
      pair(c.dilation());
      put(c.groups());
      bit(c.bias());
    } else if (operation instanceof Operation.BatchNorm norm) {
      bit(norm.affine());
      real(norm.epsilon());
      real(norm.momentum());
    } else if (operation instanceof Operation.Relu relu) {
      real(relu.cap());
    } else if (operation instanceof Operation.AveragePool pool) {
      pair(pool.kernel());
      pair(pool.stride());
      pair(pool.padding());
      bit(pool.countIncludePad());
    } else if (operation instanceof Operation.MaxPool pool) {
      pair(pool.kernel());
      pair(pool.stride());
      pair(pool.padding());
    } else if (operation instanceof Operation.WeightedSum sum) {
      for (int k = 0; k < sum.choices().size(); k++) {
        put(sum.choices().get(k));
      }
    } else if (operation instanceof Operation.Linear linear) {
      put(linear.outputs());
      bit(linear.bias());
    } else if (operation instanceof Operation.Zero zero) {
      pair(zero.stride());
    } else if (operation instanceof Operation.PadCrop pad) {
      put(pad.top());
      put(pad.bottom());
      put(pad.left());
      put(pad.right());
    } else if (operation instanceof Operation.ChannelSlice slice) {
      put(slice.first());
      put(slice.count());
    } else if (operation instanceof Operation.Noise noise) {
      real(noise.deviation());
    } // concatenation and global pooling have none
  }

  private void pair(Pair pair) {
    put(pair.height());
    put(pair.width());
  }

  private void bit(boolean value) {
    put(value ? 1 : 0);
  }

  private void real(double value) {
    put(Double.doubleToRawLongBits(value));
  }
}
