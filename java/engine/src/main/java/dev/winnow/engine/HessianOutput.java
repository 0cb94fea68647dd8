package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_cotangents;
import dev.winnow.engine.bindings.winnow_directions;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_gradient_sink;
import dev.winnow.engine.bindings.winnow_parameters;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.TensorSpec;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** A pass, and behind it a second one with tangents along the gradients that the first found. */
final class HessianOutput extends Output<Readings> {
  private static final Reading<Map<String, Double>> PRODUCTS = new Reading.HessianProducts();
  private static final Reading<Map<String, Tensor>> GRADIENTS = new Reading.ParameterGradients();
  private static final int LAYERS =
      1 << Role.CONVOLUTION_WEIGHT.ordinal() | 1 << Role.LINEAR_WEIGHT.ordinal();
  private static final long NONE = -1;

  private final PassOutput first;
  private final winnow_plan plan;
  private final ParameterSets sets;
  private final List<String> weights;
  private final int batch;
  private boolean second; // the pass that runs
  private long jobs;
  private DoublePointer products; // [jobs, weights]
  private long[] directionOf; // [jobs]

  /**
   * @param pass with products of the Hessian
   * @throws IllegalArgumentException for several cotangents
   */
  HessianOutput(
      NetworkGraph graph, int batch, Pass pass, int largest, winnow_plan plan, ParameterSets sets) {
    if (!pass.cotangent().orElseThrow().single()) {
      throw new IllegalArgumentException(
          "products of the Hessian are of one cotangent, but were asked for with " + pass);
    }
    this.batch = batch;
    this.plan = plan;
    this.sets = sets;
    weights = graph.tensors().stream().filter(PassOutput::ofLayer).map(TensorSpec::name).toList();
    Set<Reading<?>> others = new HashSet<>(pass.readings());
    others.remove(PRODUCTS);
    others.add(GRADIENTS);
    first =
        new PassOutput(
            graph, batch, new Pass(pass.norms(), pass.cotangent(), others), largest, plan);
  }

  @Override
  long bytesPerSample() {
    long own = sets.bytesPerSet() + (long) Double.BYTES * weights.size();
    return first.bytesPerSample() + own / batch;
  }

  @Override
  Pointer allocate(long count, CallTables tables) {
    jobs = count;
    second = false;
    free();
    products = new DoublePointer(count * weights.size());
    return first.allocate(count, tables);
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    int status = first.compute(call, error);
    if (status != Winnow.WINNOW_OK) {
      return status;
    }
    second = true;
    List<winnow_parameters> along = new ArrayList<>();
    try {
      directionOf = new long[Math.toIntExact(jobs)];
      for (int j = 0; j < directionOf.length; j++) {
        Map<String, Tensor> gradients = first.gradients(j);
        boolean finite = gradients.values().stream().allMatch(HessianOutput::finite);
        directionOf[j] = finite ? along.size() : NONE;
        if (finite) {
          along.add(sets.create(new Parameters.Given(gradients)));
        }
      }
      return product(call, along, error);
    } finally {
      along.forEach(Winnow::winnow_parameters_destroy);
    }
  }

  private int product(winnow_call call, List<winnow_parameters> along, winnow_error error) {
    try (winnow_directions directions = new winnow_directions();
        winnow_cotangents cotangents = new winnow_cotangents();
        PointerPointer<winnow_parameters> table = new PointerPointer<>(Math.max(1, along.size()));
        LongPointer of = new LongPointer(directionOf);
        winnow_gradient_sink sink = new winnow_gradient_sink()) {
      for (int d = 0; d < along.size(); d++) {
        table.put(d, along.get(d));
      }
      Pointer.memset(directions, 0, directions.sizeof());
      directions
          .size(directions.sizeof())
          .parameters(table)
          .parameters_count(along.size())
          .parameters_of(of)
          .roles(LAYERS);
      sink.kind(Winnow.WINNOW_SINK_WEIGHTED)
          .roles(LAYERS)
          .values(products)
          ._capacity(jobs * weights.size());
      Pointer.memcpy(cotangents, first.cotangents(), cotangents.sizeof());
      cotangents.want_input_gradient(0); // the first pass's business
      return Winnow.winnow_backward_tangent(plan, call, directions, cotangents, sink, 1, error);
    }
  }

  private static boolean finite(Tensor tensor) {
    return Arrays.stream(tensor.values()).allMatch(Double::isFinite);
  }

  @Override
  long ready(long done) {
    return second ? done : 0;
  }

  @Override
  Readings read(long job, Images images) {
    Map<String, Double> own = new LinkedHashMap<>();
    boolean finite = directionOf[Math.toIntExact(job)] != NONE;
    for (int w = 0; w < weights.size(); w++) {
      own.put(weights.get(w), finite ? products.get(job * weights.size() + w) : Double.NaN);
    }
    return first.read(job, images).put(PRODUCTS, own);
  }

  @Override
  public void close() {
    first.close();
    free();
  }

  private void free() {
    if (products != null) {
      products.close();
    }
  }
}
