package dev.winnow.space.darts;

import dev.winnow.net.Shape;
import dev.winnow.space.NetworkOptions;

/**
 * The frame around the cells of a DARTS network, and what its published programs do differently.
 *
 * @param channels C of the cells before the first reduction; each reduction doubles it
 * @param cells {@code reduction[k]}: whether cell k is a reduction cell, as text of {@code n} and
 *     {@code r}, for example {@code nnrnnrnn}
 * @param stem what images pass before the first cell
 * @param stemChannels outputs of the stem
 * @param affine whether batch norms inside cells have parameters
 * @param poolNorm whether pools are followed by a batch norm without parameters
 * @param lastNorm whether batch norm and ReLU come before the global pool
 * @param classes outputs of the classifier
 * @param input shape of one image
 */
record DartsMacro(
    int channels,
    String cells,
    Stem stem,
    int stemChannels,
    boolean affine,
    boolean poolNorm,
    boolean lastNorm,
    int classes,
    Shape input) {

  /** Images of this side and more pass the stem for ImageNet. */
  static final int IMAGENET_SIDE = 96;

  enum Stem {
    /** None: the cells see the image. */
    NONE,
    /** A 3x3 convolution and batch norm. */
    CIFAR,
    /** Three 3x3 convolutions of stride 2; the first cell's first input is one stage larger. */
    IMAGENET
  }

  /**
   * The network that a found cell is trained in (DARTS), for three stages; the small network of
   * TE-NAS, cut off after the first reduction cell or before it, for two or one.
   */
  static DartsMacro standAlone(NetworkOptions options) {
    boolean whole = options.stages() == 3;
    Stem stem = stem(options);
    int width = whole && stem == Stem.CIFAR ? 3 * options.channels() : options.channels();
    return new DartsMacro(
        options.channels(),
        cells(options),
        stem,
        width,
        true,
        false,
        !whole,
        options.classes(),
        options.input());
  }

  /**
   * The supernet that is trained or perturbed (DARTS, Zero-Cost-PT), for three stages; TE-NAS's,
   * which is made like its stand-alone network, for two or one.
   */
  static DartsMacro supernet(NetworkOptions options) {
    if (options.stages() < 3) {
      return standAlone(options);
    }
    return new DartsMacro(
        options.channels(),
        cells(options),
        stem(options),
        3 * options.channels(),
        false,
        true,
        false,
        options.classes(),
        options.input());
  }

  private static Stem stem(NetworkOptions options) {
    if (!options.stem()) {
      return Stem.NONE;
    }
    boolean large = Math.min(options.input().height(), options.input().width()) >= IMAGENET_SIDE;
    return large && options.stages() == 3 ? Stem.IMAGENET : Stem.CIFAR;
  }

  private static String cells(NetworkOptions options) {
    String normal = "n".repeat(options.cellsPerStage());
    return switch (options.stages()) {
      case 1 -> normal;
      case 2 -> normal + "r";
      case 3 -> normal + "r" + normal + "r" + normal;
      default ->
          throw new IllegalArgumentException(
              "stages of a DARTS network must be in [1, 3] but was " + options.stages());
    };
  }
}
