package dev.winnow.data;

import dev.winnow.net.Shape;
import java.util.List;
import java.util.regex.Pattern;

/** The published image files that Winnow reads: the training sets that TE-NAS draws from. */
enum Layout {
  /** 50,000 images; binary records of a label and 3072 pixels, or Python batches. */
  CIFAR10(
      "cifar10",
      32,
      new Labels("labels", 1, 0, 10, 10),
      50_000,
      Normalization.rgb255(new double[] {125.3, 123.0, 113.9}, new double[] {63.0, 62.1, 66.7}),
      List.of("cifar-10-batches-bin", "cifar-10-batches-py"),
      "data_batch_.*\\.bin",
      "data_batch_[0-9]+"),

  /** 50,000 images; binary records of a coarse label, a fine label and 3072 pixels, or Python. */
  CIFAR100(
      "cifar100",
      32,
      new Labels("fine_labels", 2, 0, 100, 100),
      50_000,
      Normalization.rgb255(new double[] {129.3, 124.1, 112.4}, new double[] {68.2, 65.4, 70.4}),
      List.of("cifar-100-binary", "cifar-100-python"),
      "train.*\\.bin",
      "train"),

  /**
   * The images of the first 120 of ImageNet's 1000 classes at 16×16: 151,700 of the 1,281,167 in
   * all ten Python batches. There is no binary layout.
   */
  IMAGENET16_120(
      "imagenet16-120",
      16,
      new Labels("labels", 0, 1, 1000, 120),
      1_281_167,
      Normalization.rgb255(
          new double[] {122.68, 116.66, 104.01}, new double[] {63.22, 61.26, 65.09}),
      List.of(),
      null,
      "train_data_batch_[0-9]+");

  /**
   * How classes are written.
   *
   * @param key of the label list in a Python batch
   * @param bytes of labels before the pixels of a binary record; the last one counts
   * @param first number of the first class
   * @param written number of classes in the files
   * @param kept the first so many of them are kept
   */
  record Labels(String key, int bytes, int first, int written, int kept) {
    /**
     * The class of a label, from 0; images of classes past {@code kept} are left out.
     *
     * @throws IllegalArgumentException for a label that the layout does not have, saying where
     */
    int classOf(long label, String place) {
      if (label < first || label >= first + written) {
        throw new IllegalArgumentException(
            place
                + ": label must be in ["
                + first
                + ", "
                + (first + written - 1)
                + "] but was "
                + label);
      }
      return (int) label - first;
    }
  }

  final String label;
  final Shape shape;
  final Labels labels;
  final int mostImages;
  final Normalization normalization;
  final List<String> folders;
  final Pattern binary;
  final Pattern pickled;

  Layout(
      String label,
      int side,
      Labels labels,
      int mostImages,
      Normalization normalization,
      List<String> folders,
      String binary,
      String pickled) {
    this.label = label;
    this.shape = new Shape(3, side, side);
    this.labels = labels;
    this.mostImages = mostImages;
    this.normalization = normalization;
    this.folders = folders;
    this.binary = binary == null ? null : Pattern.compile(binary);
    this.pickled = Pattern.compile(pickled);
  }

  /** Bytes of one image. */
  int imageBytes() {
    return (int) shape.elements();
  }
}
