package dev.winnow.engine;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Images;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Reading.GradientSum;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_cotangents;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_gradient_sink;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_readings;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/** What is read of one pass: a native sink or count for each reading, side by side in memory. */
final class PassOutput extends Output<Readings> {
  private static final int LEARNED = learned();

  /** A reading's native numbers, each of eight bytes. */
  private record Slot(Reading<?> reading, int sink, long each) {}

  private final NetworkGraph graph;
  private final int batch;
  private final Pass pass;
  private final winnow_plan plan;
  private final List<Slot> slots = new ArrayList<>();
  private final winnow_cotangents cotangents = new winnow_cotangents();
  private DoublePointer given;
  private LongPointer multiplicities;
  private DoublePointer values; // slot by slot, job by job
  private long jobs;

  /**
   * @param largest samples of the list's largest input
   * @throws IllegalArgumentException for a cotangent that does not fit the logits
   */
  PassOutput(NetworkGraph graph, int batch, Pass pass, int largest, winnow_plan plan) {
    this.graph = graph;
    this.batch = batch;
    this.pass = pass;
    this.plan = plan;
    Pointer.memset(cotangents, 0, cotangents.sizeof());
    pass.cotangent().ifPresent(this::enter);
    pass.readings().stream()
        .sorted(Comparator.comparing(Reading::toString)) // some fixed order
        .forEach(reading -> slot(reading, largest));
  }

  private void enter(Cotangent cotangent) {
    cotangents
        .size(cotangents.sizeof())
        .node(-1)
        .stop(-1)
        .count(cotangent.single() ? 1 : batch)
        .want_input_gradient(pass.readings().contains(new Reading.InputGradient()) ? 1 : 0);
    if (cotangent instanceof Cotangent.Given tensor) {
      double[] numbers = tensor.values().values();
      checkLength("cotangent", numbers.length, batch * outputs());
      given = new DoublePointer(numbers);
      cotangents.kind(Winnow.WINNOW_COTANGENT_GIVEN).dtype(Winnow.WINNOW_F64).values(given);
    } else if (cotangent instanceof Cotangent.CrossEntropy) {
      cotangents.kind(Winnow.WINNOW_COTANGENT_CROSS_ENTROPY);
    } else if (cotangent instanceof Cotangent.CrossEntropyRows) {
      cotangents.kind(Winnow.WINNOW_COTANGENT_CROSS_ENTROPY_ROWS);
    } else if (cotangent instanceof Cotangent.Ones) {
      cotangents.kind(Winnow.WINNOW_COTANGENT_ONES);
    } else if (cotangent instanceof Cotangent.OnesOnRows) {
      cotangents.kind(Winnow.WINNOW_COTANGENT_ONES_ON_ROW);
    }
  }

  private void slot(Reading<?> reading, int largest) {
    long count = cotangents.count();
    if (reading instanceof Reading.ParameterGradients) {
      slots.add(new Slot(reading, Winnow.WINNOW_SINK_COPY, count * graph.parameters()));
    } else if (reading instanceof Reading.InputGradient) {
      slots.add(new Slot(reading, Winnow.WINNOW_SINK_INPUT_COPY, count * batch * inputs()));
    } else if (reading instanceof GradientSum sum) {
      int sink =
          switch (sum) {
            case NORM -> Winnow.WINNOW_SINK_NORM;
            case WEIGHTED -> Winnow.WINNOW_SINK_WEIGHTED;
            case WEIGHTED_ABS -> Winnow.WINNOW_SINK_WEIGHTED_ABS;
          };
      long tensors = graph.tensors().stream().filter(tensor -> tensor.role().learned()).count();
      slots.add(new Slot(reading, sink, count * tensors));
    } else if (reading instanceof Reading.ChannelSaliencies) {
      long channels =
          graph.tensors().stream()
              .filter(PassOutput::ofLayer)
              .mapToLong(t -> t.shape().get(0))
              .sum();
      slots.add(new Slot(reading, Winnow.WINNOW_SINK_FISHER, count * channels));
    } else if (reading instanceof Reading.SignSums) {
      slots.add(new Slot(reading, Winnow.WINNOW_SINK_SIGN_SUM, graph.parameters()));
    } else if (reading instanceof Reading.ActivationKernel kernel) {
      multiplicities =
          new LongPointer(kernel.multiplicities().stream().mapToLong(m -> m).toArray());
      slots.add(new Slot(reading, -1, (long) largest * largest));
    } else if (reading instanceof Reading.LinearRegions
        || reading instanceof Reading.UnitPatterns) {
      slots.add(new Slot(reading, -1, 1));
    } else if (reading instanceof Reading.ReluPatterns) {
      slots.add(new Slot(reading, -1, relus()));
    } else if (reading instanceof Reading.PatternCounts) {
      slots.add(new Slot(reading, -1, Winnow.WINNOW_COUNTS));
    }
  }

  /** Whether anything native is read. */
  boolean computes() {
    return !slots.isEmpty();
  }

  @Override
  long bytesPerSample() {
    return Double.BYTES * slots.stream().mapToLong(Slot::each).sum() / batch + Double.BYTES;
  }

  @Override
  Pointer allocate(long count, CallTables tables) {
    jobs = count;
    pass.cotangent().ifPresent(cotangent -> targets(cotangent, tables));
    values = new DoublePointer(at(slots.size(), 0));
    return values;
  }

  private void targets(Cotangent cotangent, CallTables tables) {
    if (cotangent instanceof Cotangent.CrossEntropyRows) {
      tables.targets(images -> checked(images.labels()));
    } else if (cotangent instanceof Cotangent.CrossEntropy entropy) {
      tables.targets(
          images -> checked(entropy.labels().isEmpty() ? images.labels() : entropy.labels()));
    }
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    long sinkCount = slots.stream().filter(slot -> slot.sink() >= 0).count();
    try (winnow_gradient_sink sinks = new winnow_gradient_sink(Math.max(1, sinkCount));
        winnow_readings readings = new winnow_readings()) {
      Pointer.memset(readings, 0, readings.sizeof());
      readings.size(readings.sizeof());
      int sink = 0;
      for (int s = 0; s < slots.size(); s++) {
        Slot slot = slots.get(s);
        long capacity = jobs * slot.each();
        DoublePointer place = values.getPointer(at(s, 0));
        if (slot.sink() >= 0) {
          sinks
              .getPointer(sink++)
              .kind(slot.sink())
              .roles(LEARNED)
              .values(place)
              ._capacity(capacity);
        } else if (slot.reading() instanceof Reading.ActivationKernel kernel) {
          readings
              .multiplicities(multiplicities)
              .tap_count(kernel.multiplicities().size())
              .kernel(new LongPointer(place))
              .kernel_capacity(capacity);
        } else if (slot.reading() instanceof Reading.UnitPatterns) {
          readings.unit_patterns(new LongPointer(place)).unit_patterns_capacity(capacity);
        } else if (slot.reading() instanceof Reading.ReluPatterns) {
          readings.tap_patterns(new LongPointer(place)).tap_patterns_capacity(capacity);
        } else if (slot.reading() instanceof Reading.PatternCounts) {
          readings.pattern_counts(new LongPointer(place)).pattern_counts_capacity(capacity);
        } else {
          readings.regions(new LongPointer(place)).regions_capacity(capacity);
        }
      }
      if (pass.cotangent().isPresent()) {
        readings.cotangents(cotangents).sinks(sinks).sink_count(sinkCount);
      }
      return Winnow.winnow_read(plan, call, readings, error);
    }
  }

  @Override
  Readings read(long job, Images images) {
    Readings readings = new Readings();
    for (int s = 0; s < slots.size(); s++) {
      Slot slot = slots.get(s);
      Reading<?> reading = slot.reading();
      if (reading instanceof Reading.ActivationKernel kernel) {
        readings.put(kernel, kernel(at(s, job), images.samples()));
      } else if (reading instanceof Reading.LinearRegions regions) {
        readings.put(regions, counts(s, job)[0]);
      } else if (reading instanceof Reading.UnitPatterns patterns) {
        readings.put(patterns, counts(s, job)[0]);
      } else if (reading instanceof Reading.ReluPatterns patterns) {
        readings.put(patterns, Arrays.stream(counts(s, job)).boxed().toList());
      } else if (reading instanceof Reading.PatternCounts patterns) {
        long[] counts = counts(s, job);
        readings.put(
            patterns,
            new Reading.PatternCount(
                counts[Winnow.WINNOW_COUNT_LARGEST_REGION],
                counts[Winnow.WINNOW_COUNT_CONSTANT],
                counts[Winnow.WINNOW_COUNT_ACTIVE]));
      } else {
        double[] numbers = numbers(at(s, job), slot.each());
        if (reading instanceof Reading.ParameterGradients gradients) {
          readings.put(gradients, tensors(numbers));
        } else if (reading instanceof Reading.SignSums signs) {
          readings.put(signs, tensors(numbers));
        } else if (reading instanceof Reading.ChannelSaliencies saliencies) {
          readings.put(saliencies, byChannel(numbers));
        } else if (reading instanceof GradientSum sum) {
          readings.put(sum, byTensor(numbers));
        } else if (reading instanceof Reading.InputGradient gradient) {
          Shape shape = graph.nodes().get(0).shape();
          int[] sides = {batch, shape.channels(), shape.height(), shape.width()};
          readings.put(gradient, new Tensor(sides, numbers));
        }
      }
    }
    return readings;
  }

  @Override
  public void close() {
    cotangents.close();
    if (given != null) {
      given.close();
    }
    if (multiplicities != null) {
      multiplicities.close();
    }
  }

  /** Where a job's numbers of a slot begin. */
  private long at(int slot, long job) {
    long before = slots.subList(0, slot).stream().mapToLong(Slot::each).sum();
    long here = job == 0 ? 0 : job * slots.get(slot).each();
    return Math.addExact(Math.multiplyExact(jobs, before), here);
  }

  private double[] numbers(long from, long count) {
    double[] numbers = new double[Math.toIntExact(count)];
    values.getPointer(from).get(numbers);
    return numbers;
  }

  private long[] counts(int slot, long job) {
    long[] counts = new long[Math.toIntExact(slots.get(slot).each())];
    new LongPointer(values.getPointer(at(slot, job))).get(counts);
    return counts;
  }

  private long relus() {
    return graph.nodes().stream().filter(n -> n.operation() instanceof Operation.Relu).count();
  }

  private long[][] kernel(long from, int samples) {
    long[][] kernel = new long[samples][samples];
    LongPointer flat = new LongPointer(values.getPointer(from));
    for (int row = 0; row < samples; row++) {
      flat.getPointer((long) row * samples).get(kernel[row]);
    }
    return kernel;
  }

  private Map<String, Tensor> tensors(double[] numbers) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    int at = 0;
    for (TensorSpec spec : graph.tensors()) {
      if (spec.role().learned()) {
        int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
        double[] own = new double[Math.toIntExact(spec.elements())];
        System.arraycopy(numbers, at, own, 0, own.length);
        tensors.put(spec.name(), new Tensor(shape, own));
        at += own.length;
      }
    }
    return tensors;
  }

  private Map<String, Tensor> byChannel(double[] numbers) {
    Map<String, Tensor> channels = new LinkedHashMap<>();
    int at = 0;
    for (TensorSpec weight : graph.tensors()) {
      if (ofLayer(weight)) {
        int[] shape = {weight.shape().get(0)};
        channels.put(
            weight.name(), new Tensor(shape, Arrays.copyOfRange(numbers, at, at + shape[0])));
        at += shape[0];
      }
    }
    return channels;
  }

  /** Gradients of a job, of a pass that reads them. */
  Map<String, Tensor> gradients(long job) {
    for (int s = 0; s < slots.size(); s++) {
      if (slots.get(s).reading() instanceof Reading.ParameterGradients) {
        return tensors(numbers(at(s, job), slots.get(s).each()));
      }
    }
    throw new IllegalStateException("no gradients are read of " + pass);
  }

  /** What enters at the logits. */
  winnow_cotangents cotangents() {
    return cotangents;
  }

  static boolean ofLayer(TensorSpec tensor) {
    return tensor.role() == Role.CONVOLUTION_WEIGHT || tensor.role() == Role.LINEAR_WEIGHT;
  }

  private Map<String, Double> byTensor(double[] numbers) {
    Map<String, Double> sums = new LinkedHashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      if (spec.role().learned()) {
        sums.put(spec.name(), numbers[sums.size()]);
      }
    }
    return sums;
  }

  private long inputs() {
    return graph.nodes().get(0).shape().elements();
  }

  private long outputs() {
    return graph.nodes().get(graph.output()).shape().elements();
  }

  private List<Integer> checked(List<Integer> labels) {
    checkLength("labels", labels.size(), batch);
    for (int i = 0; i < labels.size(); i++) {
      if (labels.get(i) < 0 || labels.get(i) >= outputs()) {
        throw new IllegalArgumentException(
            "label of sample "
                + i
                + " must be in [0, "
                + (outputs() - 1)
                + "] but was "
                + labels.get(i));
      }
    }
    return labels;
  }

  private static void checkLength(String what, long length, long expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          what + " must have " + expected + " elements but has " + length);
    }
  }

  private static int learned() {
    int roles = 0;
    for (Role role : Role.values()) {
      roles |= role.learned() ? 1 << role.ordinal() : 0;
    }
    return roles;
  }
}
