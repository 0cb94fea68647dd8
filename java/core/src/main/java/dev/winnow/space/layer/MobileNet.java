package dev.winnow.space.layer;

import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * The MobileNet-like space of Zero-Cost-PT (Xiang et al. 2023; the blocks of ProxylessNAS): 21
 * layers, each an inverted residual of kernel 3, 5 or 7 and ratio 3 or 6 with ReLU6, or, where a
 * layer keeps its shape by design, the identity ({@code -}).
 *
 * <p>A network's {@code channels} are the stem's, 40 in the published one; all others but the last
 * convolution's 1,728 are scaled along and rounded down. Stand-alone networks number the layers
 * that are there, as the published program does; the supernet numbers all.
 *
 * @see <a href="https://arxiv.org/abs/2106.06799">Xiang et al. 2023</a>
 */
public final class MobileNet extends LayerSpace {
  private static final List<LayerOperation> BLOCKS = blocks();
  private static final LayerOperation IDENTITY = LayerOperation.identity("id", '-');
  private static final LayerOperation FIRST =
      new LayerOperation("mobilenet_3x3_ratio_1", ' ', 3, 1);

  /** Output channels at full width, layers, stride of the first of them. */
  private static final int[][] STAGES = {
    {32, 4, 2}, {56, 4, 2}, {112, 4, 2}, {128, 4, 1}, {256, 4, 2}, {432, 1, 1}
  };

  private static final int STEM = 40;
  private static final int FIRST_OUTPUTS = 24;

  /** The space. */
  public MobileNet() {
    super(operations());
  }

  private static List<LayerOperation> blocks() {
    List<LayerOperation> blocks = new ArrayList<>();
    for (int kernel = 3; kernel <= 7; kernel += 2) {
      for (int ratio = 3; ratio <= 6; ratio += 3) {
        String name = "mobilenet_" + kernel + "x" + kernel + "_ratio_" + ratio;
        blocks.add(new LayerOperation(name, (char) ('0' + blocks.size()), kernel, ratio));
      }
    }
    return List.copyOf(blocks);
  }

  /** The identity comes last, in every layer but the first of its stage. */
  private static List<List<LayerOperation>> operations() {
    List<LayerOperation> withIdentity = new ArrayList<>(BLOCKS);
    withIdentity.add(IDENTITY);
    List<List<LayerOperation>> operations = new ArrayList<>();
    for (int[] stage : STAGES) {
      for (int i = 0; i < stage[1]; i++) {
        operations.add(i == 0 ? BLOCKS : List.copyOf(withIdentity));
      }
    }
    return operations;
  }

  @Override
  String kind() {
    return "MobileNet-like architecture";
  }

  @Override
  LayerNetwork begin(NetworkOptions options, int choices) {
    LayerNetwork network = new LayerNetwork(options, choices, new Operation.Relu(6)).stem(2);
    network.layer("layers.0", new Layer(scaled(FIRST_OUTPUTS, options), 1), FIRST);
    return network;
  }

  @Override
  List<Layer> layers(NetworkOptions options) {
    List<Layer> layers = new ArrayList<>();
    for (int[] stage : STAGES) {
      for (int i = 0; i < stage[1]; i++) {
        layers.add(new Layer(scaled(stage[0], options), i == 0 ? stage[2] : 1));
      }
    }
    return layers;
  }

  private static int scaled(int channels, NetworkOptions options) {
    return Math.max(1, channels * options.channels() / STEM);
  }

  @Override
  int firstNumber() {
    return 1;
  }

  @Override
  boolean numbersIdentities() {
    return false;
  }

  @Override
  int lastChannels() {
    return 1728;
  }

  @Override
  public String name() {
    return "mobilenet";
  }

  /** Blocks of every kernel and ratio, and identities. */
  @Override
  public String example() {
    return "02-130--51-02-4-10--3";
  }

  /**
   * Identities moved to the end of their stage: they have no weights, so it is the same network.
   */
  @Override
  public String canonical(String architecture) {
    String symbols = notation(architecture);
    StringBuilder form = new StringBuilder();
    int at = 0;
    for (int[] stage : STAGES) {
      form.append(identitiesLast(symbols.substring(at, at + stage[1]), "-"));
      at += stage[1];
    }
    return form.toString();
  }

  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return new NetworkOptions(
        STEM, 1, STAGES.length, true, classes, new Shape(3, imageSide, imageSide));
  }

  @Override
  public NetworkOptions reduced(int classes, Shape image) {
    return new NetworkOptions(10, 1, STAGES.length, true, classes, image);
  }

  @Override
  public NetworkOptions thin(int classes, Shape patch) {
    return new NetworkOptions(patch.channels(), 1, STAGES.length, false, classes, patch);
  }
}
