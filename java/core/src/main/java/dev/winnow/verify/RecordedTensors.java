package dev.winnow.verify;

import dev.winnow.compute.Images;
import dev.winnow.compute.Parameters;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.TensorSpec;
import dev.winnow.tensor.Safetensors;
import dev.winnow.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** The tensors of a case; whatever is missing or has another shape is named with its file. */
final class RecordedTensors {
  private final Path file;
  private final Map<String, Tensor> tensors;

  private RecordedTensors(Path file, Map<String, Tensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * @param sha256 of the file, as the case records it
   */
  static RecordedTensors read(Path file, String sha256) throws IOException {
    Map<String, Tensor> tensors = Safetensors.read(file);
    String found = sha256(file);
    if (!found.equals(sha256)) {
      throw new IllegalArgumentException(
          file + ": SHA-256 is " + found + " but the case recorded " + sha256);
    }
    return new RecordedTensors(file, tensors);
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(file + ": no tensor '" + name + "'");
    }
    return tensor;
  }

  /** A tensor that must have this shape. */
  Tensor get(String name, int... shape) {
    Tensor tensor = get(name);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + name
              + "' must have shape "
              + Arrays.toString(shape)
              + " but has "
              + Arrays.toString(tensor.shape()));
    }
    return tensor;
  }

  /** A tensor whose last three sides are channels, height and width; those before are samples. */
  Images images(String name) {
    Tensor tensor = get(name);
    int[] shape = tensor.shape();
    int rank = shape.length;
    if (rank < 4 || tensor.values().length == 0) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + name
              + "' must be a block of images but has shape "
              + Arrays.toString(shape));
    }
    float[] values = new float[tensor.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) tensor.values()[i];
    }
    int samples = values.length / (shape[rank - 3] * shape[rank - 2] * shape[rank - 1]);
    return new Images(values, samples, shape[rank - 3], shape[rank - 2], shape[rank - 1]);
  }

  /** Class indices, one per sample. */
  int[] labels(String name, int samples, int classes) {
    double[] values = get(name, samples).values();
    int[] labels = new int[values.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (int) values[i];
      if (labels[i] != values[i] || labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            file
                + ": tensor '"
                + name
                + "' must hold classes in [0, "
                + (classes - 1)
                + "] but entry "
                + i
                + " is "
                + values[i]);
      }
    }
    return labels;
  }

  /**
   * The weights of a network. Learned tensors must be there; running statistics are taken where
   * recorded.
   *
   * @param prefix before each canonical name
   */
  Parameters parameters(NetworkGraph graph, String prefix) {
    return parameters(graph, prefix, new HashMap<>());
  }

  /** The same, norms without recorded scale and shift having 1 and 0. */
  Parameters parametersOfPlainNorms(NetworkGraph graph) {
    Map<String, Tensor> given = new HashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      boolean scale = spec.role() == Role.NORM_SCALE;
      if ((scale || spec.role() == Role.NORM_SHIFT) && !tensors.containsKey(spec.name())) {
        double[] values = new double[(int) spec.elements()];
        Arrays.fill(values, scale ? 1 : 0);
        given.put(spec.name(), new Tensor(new int[] {values.length}, values));
      }
    }
    return parameters(graph, "", given);
  }

  /**
   * The weights of convolutions and linear layers that have a prefix of their own; norms have 1 and
   * 0, biases 0, and running statistics are the network's.
   */
  Parameters gaussianParameters(NetworkGraph graph, String prefix) {
    Map<String, Tensor> given = new HashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
      switch (spec.role()) {
        case CONVOLUTION_WEIGHT, LINEAR_WEIGHT -> {} // recorded under the prefix
        case RUNNING_MEAN, RUNNING_VARIANCE -> given.put(spec.name(), get(spec.name(), shape));
        default -> {
          double[] values = new double[(int) spec.elements()];
          Arrays.fill(values, spec.role() == Role.NORM_SCALE ? 1 : 0);
          given.put(spec.name(), new Tensor(shape, values));
        }
      }
    }
    return parameters(graph, prefix, given);
  }

  private Parameters parameters(NetworkGraph graph, String prefix, Map<String, Tensor> given) {
    for (TensorSpec spec : graph.tensors()) {
      String name = prefix + spec.name();
      boolean wanted = spec.role().learned() && !given.containsKey(spec.name());
      if (wanted || tensors.containsKey(name)) {
        int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
        given.put(spec.name(), get(name, shape));
      }
    }
    return new Parameters.Given(given);
  }
}
