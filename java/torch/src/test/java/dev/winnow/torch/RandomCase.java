package dev.winnow.torch;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Row;
import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A random network with a row, weights, images and a cotangent: everything that one comparison
 * needs, from one seed. All numbers are float32, so that single and double precision start alike.
 */
record RandomCase(
    long seed,
    NetworkGraph graph,
    Row row,
    Map<String, Tensor> values,
    Tensor images,
    NormMode norm,
    Cotangent cotangent,
    Stream noise) {

  static RandomCase of(long seed) {
    Stream stream = Stream.root(seed).of("differential");
    NetworkGraph graph = new RandomNetwork(stream.of("network")).grow();
    Draws draws = new Draws(stream.of("numbers").generator());
    int batch = draws.chance(0.2) ? draws.between(15, 19) : draws.between(2, 6);
    Shape in = graph.nodes().get(0).shape();
    Tensor images = draws.normal(1, batch, in.channels(), in.height(), in.width());
    NormMode norm = draws.chance(0.8) ? NormMode.BATCH : draws.one(NormMode.values());
    return new RandomCase(
        seed,
        graph,
        row(draws, graph),
        values(draws, graph),
        images,
        norm,
        given(draws, graph, batch),
        stream.of("noise"));
  }

  int batch() {
    return images.shape()[0];
  }

  private static Cotangent given(Draws draws, NetworkGraph graph, int batch) {
    int outputs = Math.toIntExact(graph.nodes().get(graph.output()).shape().elements());
    if (draws.chance(0.5)) {
      return new Cotangent.Given(draws.normal(1, batch, outputs));
    }
    List<Integer> labels = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      labels.add(draws.between(0, outputs - 1));
    }
    return new Cotangent.CrossEntropy(labels);
  }

  private static Row row(Draws draws, NetworkGraph graph) {
    double[] coefficients = new double[graph.choices()];
    State[] states = new State[graph.choices()];
    for (int c = 0; c < states.length; c++) {
      coefficients[c] = draws.chance(0.1) ? 0 : draws.normal();
      states[c] = draws.chance(0.6) ? State.RUN : draws.one(RandomNetwork.STATES);
    }
    return new Row(coefficients, states);
  }

  private static Map<String, Tensor> values(Draws draws, NetworkGraph graph) {
    Map<String, Tensor> values = new LinkedHashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
      values.put(spec.name(), tensor(draws, spec.role(), shape));
    }
    return values;
  }

  private static Tensor tensor(Draws draws, Role role, int... shape) {
    return switch (role) {
      case CONVOLUTION_WEIGHT, LINEAR_WEIGHT -> {
        int fan = 1;
        for (int side = 1; side < shape.length; side++) {
          fan *= shape[side];
        }
        yield draws.normal(Math.sqrt(2.0 / fan), shape);
      }
      case NORM_SCALE -> shifted(draws.normal(0.2, shape), 1);
      case RUNNING_VARIANCE -> {
        Tensor drawn = draws.normal(1, shape);
        for (int i = 0; i < drawn.values().length; i++) {
          drawn.values()[i] = (float) (0.5 + drawn.values()[i] * drawn.values()[i]);
        }
        yield drawn;
      }
      default -> draws.normal(0.3, shape);
    };
  }

  private static Tensor shifted(Tensor tensor, double by) {
    for (int i = 0; i < tensor.values().length; i++) {
      tensor.values()[i] = (float) (tensor.values()[i] + by);
    }
    return tensor;
  }

  /** Random choices of one stream. */
  record Draws(Philox generator) {
    int between(int low, int high) {
      return low + generator.nextInt(high - low + 1);
    }

    boolean chance(double probability) {
      return generator.nextDouble() < probability;
    }

    <T> T one(T[] of) {
      return of[generator.nextInt(of.length)];
    }

    <T> T one(List<T> of) {
      return of.get(generator.nextInt(of.size()));
    }

    /** Standard normal, rounded to float32 (Box and Muller). */
    double normal() {
      double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - generator.nextDouble()));
      return (float) (radius * StrictMath.cos(2 * Math.PI * generator.nextDouble()));
    }

    Tensor normal(double deviation, int... shape) {
      int elements = 1;
      for (int side : shape) {
        elements *= side;
      }
      double[] values = new double[elements];
      for (int i = 0; i < elements; i++) {
        values[i] = (float) (deviation * normal());
      }
      return new Tensor(shape, values);
    }
  }
}
