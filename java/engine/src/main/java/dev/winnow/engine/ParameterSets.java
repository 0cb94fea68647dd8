package dev.winnow.engine;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Parameters;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_network;
import dev.winnow.engine.bindings.winnow_parameters;
import dev.winnow.engine.bindings.winnow_recipe;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.TensorSpec;
import dev.winnow.random.Stream;
import dev.winnow.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.bytedeco.javacpp.BytePointer;

/**
 * Native parameter sets of one network, made when first asked for and shared between equal {@link
 * Parameters}. The most recently used ones are kept: a search asks for the same weights again for
 * every candidate of a round.
 */
final class ParameterSets implements AutoCloseable {
  private static final long KEPT_BYTES = 64L << 20;

  private final NetworkGraph graph;
  private final winnow_network network;
  private final NativeEngine engine;
  private final long bytesPerSet;
  private final Map<Parameters, winnow_parameters> sets = new LinkedHashMap<>(16, 0.75f, true);

  ParameterSets(NetworkGraph graph, winnow_network network, NativeEngine engine) {
    this.graph = graph;
    this.network = network;
    this.engine = engine;
    long elements = 0;
    for (TensorSpec tensor : graph.tensors()) {
      elements += tensor.elements();
    }
    this.bytesPerSet = Double.BYTES * elements;
  }

  /** Native memory of one set. */
  long bytesPerSet() {
    return bytesPerSet;
  }

  /** The set with these values; stays valid until the next {@link #trim}. */
  winnow_parameters get(Parameters parameters) {
    winnow_parameters set = sets.get(parameters);
    if (set == null) {
      set = create(parameters);
      sets.put(parameters, set);
    }
    return set;
  }

  /** Frees the least recently used sets beyond what is worth keeping. */
  void trim() {
    Iterator<winnow_parameters> oldest = sets.values().iterator();
    for (long excess = sets.size() - KEPT_BYTES / Math.max(1, bytesPerSet); excess > 0; excess--) {
      Winnow.winnow_parameters_destroy(oldest.next());
      oldest.remove();
    }
  }

  /** What a set gives each tensor of the network, by name. */
  Map<String, Tensor> values(Parameters parameters) {
    return values(get(parameters), tensor -> true);
  }

  /** The chosen tensors of a set, by name. */
  Map<String, Tensor> values(winnow_parameters set, Predicate<TensorSpec> chosen) {
    Map<String, Tensor> values = new LinkedHashMap<>();
    List<TensorSpec> tensors = graph.tensors();
    for (int t = 0; t < tensors.size(); t++) {
      int index = t;
      TensorSpec tensor = tensors.get(t);
      if (!chosen.test(tensor)) {
        continue;
      }
      double[] data = new double[Math.toIntExact(tensor.elements())];
      NativeCall.make(
          "winnow_parameters_get",
          engine.name(),
          error -> Winnow.winnow_parameters_get(set, index, data, data.length, error));
      values.put(tensor.name(), new Tensor(shape(tensor), data));
    }
    return values;
  }

  @Override
  public void close() {
    sets.values().forEach(Winnow::winnow_parameters_destroy);
    sets.clear();
  }

  /** A new set that only the caller has; to be destroyed by it. */
  winnow_parameters create(Parameters parameters) {
    winnow_parameters set = new winnow_parameters();
    NativeCall.make(
        "winnow_parameters_create",
        engine.name(),
        error -> Winnow.winnow_parameters_create(network, set, error));
    try {
      if (parameters instanceof Parameters.Drawn drawn) {
        fill(set, drawn.initialization(), drawn.stream());
      } else if (parameters instanceof Parameters.Given given) {
        copy(set, given.tensors());
      }
      return set;
    } catch (RuntimeException | Error e) {
      Winnow.winnow_parameters_destroy(set);
      throw e;
    }
  }

  private void fill(winnow_parameters set, Initialization initialization, Stream stream) {
    List<Initialization.Recipe> recipes = initialization.recipes();
    try (BytePointer bytes = new BytePointer(structs(recipes))) {
      winnow_recipe structs = new winnow_recipe(bytes);
      NativeCall.make(
          "winnow_parameters_fill",
          engine.name(),
          error ->
              Winnow.winnow_parameters_fill(
                  set,
                  engine.device(),
                  structs,
                  recipes.size(),
                  stream.seed(),
                  stream.id(),
                  error));
    }
  }

  /** An array of {@code winnow_recipe}, field by field, copied to native memory at once. */
  private static byte[] structs(List<Initialization.Recipe> recipes) {
    int bytes = 4 * Integer.BYTES + Double.BYTES;
    ByteBuffer structs = ByteBuffer.allocate(Math.max(1, recipes.size()) * bytes);
    structs.order(ByteOrder.nativeOrder());
    for (Initialization.Recipe recipe : recipes) {
      structs
          .putInt(recipe.role().ordinal())
          .putInt(recipe.distribution().ordinal())
          .putInt(recipe.fan().ordinal())
          .putInt(0) // reserved
          .putDouble(recipe.gain());
    }
    return structs.array();
  }

  private void copy(winnow_parameters set, Map<String, Tensor> tensors) {
    Set<String> known = new HashSet<>();
    List<TensorSpec> specs = graph.tensors();
    for (int t = 0; t < specs.size(); t++) {
      TensorSpec spec = specs.get(t);
      known.add(spec.name());
      Tensor given = tensors.get(spec.name());
      if (given == null) {
        if (spec.role().learned()) {
          throw new IllegalArgumentException(
              "parameters lack tensor " + spec.name() + " " + spec.shape());
        }
        continue; // running statistics have a default
      }
      if (!Arrays.equals(given.shape(), shape(spec))) {
        throw new IllegalArgumentException(
            "tensor "
                + spec.name()
                + " must have shape "
                + spec.shape()
                + " but has "
                + Arrays.toString(given.shape()));
      }
      int index = t;
      NativeCall.make(
          "winnow_parameters_set",
          engine.name(),
          error ->
              Winnow.winnow_parameters_set(
                  set, index, given.values(), given.values().length, error));
    }
    for (String name : tensors.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("the network has no tensor " + name);
      }
    }
  }

  private static int[] shape(TensorSpec tensor) {
    return tensor.shape().stream().mapToInt(Integer::intValue).toArray();
  }
}
