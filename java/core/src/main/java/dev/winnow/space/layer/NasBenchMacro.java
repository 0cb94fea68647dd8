package dev.winnow.space.layer;

import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * NAS-Bench-Macro (Su et al. 2021): eight layers in stages of 2, 3 and 3, each the identity (0), an
 * inverted residual of kernel 3 and ratio 3 (1) or of kernel 5 and ratio 6 (2); 6,561
 * architectures. The first layer of a stage halves the resolution and doubles the channels; an
 * identity there is a 1x1 convolution with batch norm. A network's {@code channels} are the stem's.
 *
 * @see <a href="https://arxiv.org/abs/2103.11922">Su et al. 2021</a>
 */
public final class NasBenchMacro extends LayerSpace {
  private static final List<LayerOperation> OPERATIONS =
      List.of(
          LayerOperation.identity("id", '0'),
          new LayerOperation("ir_3x3_t3", '1', 3, 3),
          new LayerOperation("ir_5x5_t6", '2', 5, 6));

  private static final int[] STAGES = {2, 3, 3};

  /** The space. */
  public NasBenchMacro() {
    super(Collections.nCopies(8, OPERATIONS));
  }

  @Override
  String kind() {
    return "NAS-Bench-Macro architecture";
  }

  @Override
  LayerNetwork begin(NetworkOptions options, int choices) {
    return new LayerNetwork(options, choices, Operation.Relu.STANDARD).stem(1);
  }

  @Override
  List<Layer> layers(NetworkOptions options) {
    List<Layer> layers = new ArrayList<>();
    int channels = options.channels();
    for (int stage : STAGES) {
      channels = Math.multiplyExact(2, channels);
      for (int i = 0; i < stage; i++) {
        layers.add(new Layer(channels, i == 0 ? 2 : 1));
      }
    }
    return layers;
  }

  @Override
  int firstNumber() {
    return 0;
  }

  @Override
  boolean numbersIdentities() {
    return true;
  }

  @Override
  int lastChannels() {
    return 1280;
  }

  @Override
  public String name() {
    return "nas-bench-macro";
  }

  /** The architecture of highest mean CIFAR-10 test accuracy in the benchmark's table. */
  @Override
  public String example() {
    return "22212202";
  }

  /**
   * Identities moved to the end of their stage, but for a stage's first layer: they have no
   * weights, so it is the same network. 3,969 of them are distinct.
   */
  @Override
  public String canonical(String architecture) {
    String digits = notation(architecture);
    StringBuilder form = new StringBuilder();
    int at = 0;
    for (int stage : STAGES) {
      form.append(digits.charAt(at));
      form.append(identitiesLast(digits.substring(at + 1, at + stage), "0"));
      at += stage;
    }
    return form.toString();
  }

  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    return new NetworkOptions(32, 1, 3, true, classes, new Shape(3, imageSide, imageSide));
  }

  @Override
  public NetworkOptions thin(int classes, Shape patch) {
    return new NetworkOptions(patch.channels(), 1, 3, false, classes, patch);
  }
}
