package dev.winnow.cli.score;

import dev.winnow.compute.Images;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Safetensors;
import dev.winnow.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Weights by canonical name and a batch, perhaps with labels, from safetensors files. The size of
 * the network is read off the weights: C from the stem, N and the stages from the places of the
 * reduction blocks, the classes from the classifier, the image from the batch.
 */
public final class GivenNetwork {
  /** Name of the batch among the tensors. */
  public static final String INPUT = "input";

  /** Name of the labels among the tensors; they may be missing. */
  public static final String TARGET = "target";

  private static final Pattern REDUCTION =
      Pattern.compile("cells\\.(\\d{1,6})\\.shortcut\\.conv\\.weight");

  private final Path file;
  private final Map<String, Tensor> tensors;
  private final Images images;

  private GivenNetwork(Path file, Map<String, Tensor> tensors, Images images) {
    this.file = file;
    this.tensors = tensors;
    this.images = images;
  }

  /**
   * @param weights file of the weights
   * @param batch file of the batch, perhaps the same
   * @throws IllegalArgumentException for a file without a batch, or a batch that is not four-sided
   *     or not finite, naming the file
   */
  public static GivenNetwork read(Path weights, Path batch) throws IOException {
    Map<String, Tensor> tensors = Safetensors.read(weights);
    Map<String, Tensor> others = batch.equals(weights) ? tensors : Safetensors.read(batch);
    Tensor input = others.get(INPUT);
    if (input == null) {
      throw new IllegalArgumentException(
          batch + ": has no tensor '" + INPUT + "'; --batch names a file that has the images");
    }
    Images images = images(batch, input);
    Tensor target = others.get(TARGET);
    return new GivenNetwork(
        weights, tensors, target == null ? images : images.labelled(labels(batch, target, images)));
  }

  private static List<Integer> labels(Path file, Tensor target, Images images) {
    double[] values = target.values();
    if (values.length != images.samples()) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + TARGET
              + "' must have a label for each of "
              + images.samples()
              + " images but has "
              + values.length);
    }
    List<Integer> labels = new ArrayList<>();
    for (double value : values) {
      if (value != (int) value || value < 0) {
        throw new IllegalArgumentException(
            file + ": tensor '" + TARGET + "' must hold classes but one is " + value);
      }
      labels.add((int) value);
    }
    return labels;
  }

  private static Images images(Path file, Tensor input) {
    int[] shape = input.shape();
    if (shape.length != 4) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + INPUT
              + "' must be [samples, channels, height, width] but was "
              + Arrays.toString(shape));
    }
    requireFinite(file, INPUT, input);
    double[] values = input.values();
    float[] pixels = new float[values.length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) values[i];
    }
    return new Images(pixels, shape[0], shape[1], shape[2], shape[3]);
  }

  private static void requireFinite(Path file, String name, Tensor tensor) {
    double[] values = tensor.values();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite((float) values[i])) {
        throw new IllegalArgumentException(
            file + ": tensor '" + name + "' must be finite but element " + i + " is " + values[i]);
      }
    }
  }

  /** The batch. */
  public Images images() {
    return images;
  }

  /** Size of the network as far as the weights tell; 1 where they do not. */
  NetworkOptions size() {
    Tensor stem = tensors.get("stem.conv.weight");
    Tensor classifier = tensors.get("classifier.weight");
    Set<Integer> reductions =
        tensors.keySet().stream()
            .map(REDUCTION::matcher)
            .filter(Matcher::matches)
            .map(matcher -> Integer.valueOf(matcher.group(1)))
            .collect(Collectors.toCollection(TreeSet::new));
    Shape input = new Shape(images.channels(), images.height(), images.width());
    return new NetworkOptions(
        stem == null ? input.channels() : side(stem),
        reductions.isEmpty() ? 1 : Math.max(1, reductions.iterator().next()),
        1 + reductions.size(),
        stem != null,
        classifier == null ? 1 : side(classifier),
        input);
  }

  private static int side(Tensor tensor) {
    return tensor.shape().length == 0 ? 1 : Math.max(1, tensor.shape()[0]);
  }

  /**
   * The tensors that a network needs.
   *
   * @throws IllegalArgumentException for a learned tensor that is missing, one of another shape, or
   *     one that is not finite, naming file and tensor
   */
  Map<String, Tensor> weights(NetworkGraph graph) {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      Tensor tensor = tensors.get(spec.name());
      if (tensor == null) {
        if (spec.role().learned()) {
          throw new IllegalArgumentException(
              file + ": has no tensor '" + spec.name() + "' of shape " + spec.shape());
        }
        continue; // running statistics begin at mean 0, variance 1
      }
      if (!Arrays.stream(tensor.shape()).boxed().toList().equals(spec.shape())) {
        throw new IllegalArgumentException(
            file
                + ": tensor '"
                + spec.name()
                + "' must have shape "
                + spec.shape()
                + " but has "
                + Arrays.toString(tensor.shape()));
      }
      requireFinite(file, spec.name(), tensor);
      weights.put(spec.name(), tensor);
    }
    return weights;
  }

  /** Names of tensors that a network does not have. */
  Set<String> unused(NetworkGraph graph) {
    Set<String> unused = new TreeSet<>(tensors.keySet());
    unused.remove(INPUT);
    unused.remove(TARGET);
    graph.tensors().forEach(spec -> unused.remove(spec.name()));
    return unused;
  }
}
