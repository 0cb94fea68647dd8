package dev.winnow.engine;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Norms;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.compute.TrainingPass;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_network;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_plan_options;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A network laid out natively. A long list of jobs becomes native calls of bounded size; a result
 * is read and handed on as soon as the native core reports its job as final.
 */
final class NativePlan implements Plan {
  /** Bytes of parameters, images and outputs that one native call may hold beside the arena. */
  private static final long CHUNK_BYTES = 64L << 20;

  private static final int MAX_MULTIPLICITY = 1 << 20;

  private final NativeEngine engine;
  private final NetworkGraph graph;
  private final PlanOptions options;
  private final winnow_network network = new winnow_network();
  private final winnow_plan plan = new winnow_plan();
  private final ParameterSets sets;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed; // guarded by lock

  NativePlan(NativeEngine engine, NetworkGraph graph, PlanOptions options) {
    this.engine = engine;
    this.graph = graph;
    this.options = options;
    byte[] blob = NetworkBlob.encode(graph);
    try (BytePointer bytes = new BytePointer(blob)) {
      NativeCall.make(
          "winnow_network_create",
          engine.name(),
          error -> Winnow.winnow_network_create(bytes, blob.length, network, error));
    }
    try (winnow_plan_options struct = new winnow_plan_options()) {
      struct
          .size(struct.sizeof())
          .batch(options.batch())
          .dtype(options.precision().ordinal()) // FLOAT32, FLOAT64 as winnow_dtype
          .timing(0)
          .taps(null)
          .tap_count(0);
      NativeCall.make(
          "winnow_plan_create",
          engine.name(),
          error -> Winnow.winnow_plan_create(engine.device(), network, struct, plan, error));
    } catch (RuntimeException | Error e) {
      Winnow.winnow_network_destroy(network);
      throw e;
    }
    sets = new ParameterSets(graph, network, engine);
  }

  @Override
  public NetworkGraph graph() {
    return graph;
  }

  @Override
  public PlanOptions options() {
    return options;
  }

  @Override
  public void ntk(List<Job> jobs, Results<double[][]> results, Monitor monitor) {
    int n = options.batch();
    if (n < 2) {
      throw new IllegalArgumentException(
          "the tangent kernel compares samples: batch must be >= 2 but was " + n);
    }
    JobList list = new JobList(jobs, graph);
    checkOneBatch(list, "the tangent kernel");
    Output<double[][]> output =
        new Doubles(n) {
          @Override
          int compute(winnow_call call, winnow_error error) {
            return Winnow.winnow_ntk(plan, call, Winnow.WINNOW_NTK_ROLES, values, capacity, error);
          }
        };
    run("winnow_ntk", list, Norms.all(NormMode.BATCH), output, results, monitor);
  }

  @Override
  public void read(List<Job> jobs, Pass pass, Results<Readings> results, Monitor monitor) {
    Reading<double[][]> kernel = new Reading.TangentKernel();
    if (pass.readings().contains(kernel)) {
      checkAlone(pass);
      ntk(jobs, (job, theta) -> results.accept(job, new Readings().put(kernel, theta)), monitor);
      return;
    }
    Objects.requireNonNull(results, "results");
    JobList list = new JobList(jobs, graph);
    Reading<Map<String, Tensor>> weights = new Reading.Weights();
    Results<Readings> out =
        pass.readings().contains(weights)
            ? (job, read) ->
                results.accept(job, read.put(weights, sets.values(jobs.get(job).parameters())))
            : results;
    if (pass.readings().equals(Set.of(weights))) {
      readNothingElse(jobs, out, monitor);
      return;
    }
    if (pass.cotangent().isPresent() || pass.readings().contains(new Reading.BlockProducts())) {
      checkOneBatch(list, "a backward pass");
    } else if (pass.readings().stream().anyMatch(Reading.ActivationRows.class::isInstance)) {
      checkOneBatch(list, "what reads rows of activations");
    } else {
      checkBatches(list);
    }
    for (Reading<?> reading : pass.readings()) {
      if (reading instanceof Reading.ActivationKernel activation) {
        checkMultiplicities(activation.multiplicities());
      }
    }
    int largest = list.images().stream().mapToInt(Images::samples).max().orElse(0);
    try (Output<Readings> output = output(pass, largest)) {
      run("winnow_read", list, pass.norms(), output, out, monitor);
    }
  }

  private Output<Readings> output(Pass pass, int largest) {
    List<Output<Readings>> calls = new ArrayList<>();
    Set<Reading<?>> rest = new HashSet<>(pass.readings());
    rest.remove(new Reading.Weights());
    for (Reading<?> reading : pass.readings()) {
      if (reading instanceof Reading.ActivationGrams grams) {
        rest.remove(grams);
        calls.add(new GramOutput(graph, options.batch(), grams, plan));
      } else if (reading instanceof Reading.ActivationRows rows) {
        rest.remove(rows);
        calls.add(new RowsOutput(graph, options.batch(), rows, plan));
      } else if (reading instanceof Reading.BlockProducts products) {
        rest.remove(products);
        calls.add(new BlockOutput(graph, options.batch(), products, plan));
      }
    }
    if (!rest.isEmpty()) {
      Pass own = new Pass(pass.norms(), pass.cotangent(), rest);
      calls.add(
          rest.contains(new Reading.HessianProducts())
              ? new HessianOutput(graph, options.batch(), own, largest, plan, sets)
              : new PassOutput(graph, options.batch(), own, largest, plan));
    }
    return calls.size() == 1 ? calls.get(0) : new SeveralCalls(calls);
  }

  private void readNothingElse(List<Job> jobs, Results<Readings> results, Monitor monitor) {
    for (int j = 0; j < jobs.size(); j++) {
      int job = j;
      exclusively(
          () -> {
            if (monitor.cancelled()) {
              throw new CancelledException(
                  "reading weights was cancelled after " + job + " of " + jobs.size() + " jobs");
            }
            results.accept(job, new Readings());
            sets.trim();
            return null;
          });
    }
  }

  @Override
  public void logits(List<Job> jobs, NormMode norm, Results<double[][]> results, Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    int outputs = Math.toIntExact(graph.nodes().get(graph.output()).shape().elements());
    Output<double[][]> output =
        new Doubles(outputs) {
          @Override
          int compute(winnow_call call, winnow_error error) {
            return Winnow.winnow_forward(plan, call, values, capacity, error);
          }
        };
    run("winnow_forward", list, Norms.all(norm), output, results, monitor);
  }

  @Override
  public void synapticFlow(List<Job> jobs, Results<Double> results, Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    Output<Double> output =
        new Output<>() {
          private DoublePointer flows;
          private long capacity;

          @Override
          long bytesPerSample() {
            return 0;
          }

          @Override
          Pointer allocate(long jobs, CallTables tables) {
            flows = new DoublePointer(jobs);
            capacity = jobs;
            return flows;
          }

          @Override
          int compute(winnow_call call, winnow_error error) {
            return Winnow.winnow_synaptic_flow(plan, call, flows, capacity, error);
          }

          @Override
          Double read(long job, Images images) {
            return flows.get(job);
          }
        };
    run("winnow_synaptic_flow", list, Norms.all(NormMode.IDENTITY), output, results, monitor);
  }

  @Override
  public void trainingPass(
      List<Job> jobs, int node, Results<TrainingPass> results, Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    String name = node == graph.output() ? "winnow_forward" : "winnow_activations";
    try (Output<TrainingPass> output =
        new TrainingOutput(graph, options.batch(), node, plan, sets)) {
      run(name, list, Norms.all(NormMode.BATCH), output, results, monitor);
    }
  }

  @Override
  public Map<String, Tensor> values(Parameters parameters) {
    Objects.requireNonNull(parameters, "parameters");
    return exclusively(
        () -> {
          try {
            return sets.values(parameters);
          } finally {
            sets.trim();
          }
        });
  }

  @Override
  public void close() {
    refuseReentry();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      sets.close();
      Winnow.winnow_plan_destroy(plan);
      Winnow.winnow_network_destroy(network);
    } finally {
      lock.unlock();
    }
    engine.release();
  }

  /** A matrix of doubles per job: a row for each sample of the call's largest input. */
  private abstract static class Doubles extends Output<double[][]> {
    private final int columns;
    private long stride;
    DoublePointer values;
    long capacity;

    Doubles(int columns) {
      this.columns = columns;
    }

    @Override
    long bytesPerSample() {
      return (long) Double.BYTES * columns;
    }

    @Override
    Pointer allocate(long jobs, CallTables tables) {
      stride = Math.multiplyExact((long) tables.largestInput(), columns);
      capacity = Math.multiplyExact(jobs, stride);
      values = new DoublePointer(capacity);
      return values;
    }

    @Override
    double[][] read(long job, Images images) {
      double[][] matrix = new double[images.samples()][columns];
      for (int row = 0; row < matrix.length; row++) {
        values.position(job * stride + (long) row * columns).get(matrix[row]);
      }
      values.position(0);
      return matrix;
    }
  }

  private <T> void run(
      String name,
      JobList jobs,
      Norms norms,
      Output<T> output,
      Results<T> results,
      Monitor monitor) {
    Objects.requireNonNull(results, "results");
    Objects.requireNonNull(monitor, "monitor");
    exclusively(
        () -> {
          int start = 0;
          while (start < jobs.size()) {
            int end = jobs.chunk(start, CHUNK_BYTES, sets.bytesPerSet(), output.bytesPerSample());
            chunk(name, jobs, start, end, norms, output, results, monitor);
            start = end;
          }
          return null;
        });
  }

  private <T> void chunk(
      String name,
      JobList jobs,
      int start,
      int end,
      Norms norms,
      Output<T> output,
      Results<T> results,
      Monitor monitor) {
    try (CallTables tables =
        new CallTables(jobs, start, end, graph.choices(), sets, norms.mode().ordinal())) {
      if (!norms.exceptions().isEmpty()) {
        tables.norms(modes(norms));
      }
      Delivery<T> delivery = new Delivery<>(name, jobs, start, output, results, monitor);
      if (!delivery.progress(0)) {
        throw delivery.failure();
      }
      Pointer memory = output.allocate(end - start, tables);
      try {
        ProgressCallback.during(
            () ->
                NativeCall.make(name, engine.name(), error -> output.compute(tables.call(), error)),
            delivery);
        delivery.finish(end - start);
      } catch (NativeException e) {
        throw e.code() == NativeException.Code.CALLBACK_FAILED ? delivery.failure() : e;
      } finally {
        memory.close();
      }
    } finally {
      sets.trim();
    }
  }

  /** Hands results on while the native call runs. */
  private static final class Delivery<T> implements ProgressCallback.Listener {
    private final String name;
    private final JobList jobs;
    private final int start;
    private final Output<T> output;
    private final Results<T> results;
    private final Monitor monitor;
    private int delivered;
    private Throwable stopped;

    Delivery(
        String name,
        JobList jobs,
        int start,
        Output<T> output,
        Results<T> results,
        Monitor monitor) {
      this.name = name;
      this.jobs = jobs;
      this.start = start;
      this.output = output;
      this.results = results;
      this.monitor = monitor;
    }

    @Override
    public boolean progress(long done) {
      try {
        finish(output.ready(done));
        if (monitor.cancelled()) {
          stopped =
              new CancelledException(
                  name
                      + " was cancelled after "
                      + (start + delivered)
                      + " of "
                      + jobs.size()
                      + " jobs");
        }
      } catch (RuntimeException | Error e) {
        stopped = e; // must not cross the native frames; thrown again behind them
      }
      return stopped == null;
    }

    /** Delivers what is final and was not delivered. */
    void finish(long done) {
      for (; delivered < done; delivered++) {
        int job = start + delivered;
        Images images = jobs.images(jobs.entries().get(job).images());
        results.accept(job, output.read(delivered, images));
      }
    }

    /** Why the call was asked to stop; an error is thrown at once. */
    RuntimeException failure() {
      if (stopped instanceof Error error) {
        throw error;
      }
      return (RuntimeException) stopped;
    }
  }

  private void checkOneBatch(JobList jobs, String what) {
    for (Images images : jobs.images()) {
      if (images.samples() != options.batch()) {
        throw new IllegalArgumentException(
            what
                + " needs one batch of "
                + options.batch()
                + " images but got "
                + images.samples());
      }
    }
  }

  private void checkBatches(JobList jobs) {
    for (Images images : jobs.images()) {
      if (images.samples() % options.batch() != 0) {
        throw new IllegalArgumentException(
            "images must be a multiple of the batch "
                + options.batch()
                + " but got "
                + images.samples());
      }
    }
  }

  /** Of every node; those that are no norms have no use for theirs. */
  private int[] modes(Norms norms) {
    int[] modes = new int[graph.nodes().size()];
    Set<String> unknown = new HashSet<>(norms.exceptions().keySet());
    for (int n = 0; n < modes.length; n++) {
      Node node = graph.nodes().get(n);
      boolean norm = node.operation() instanceof Operation.BatchNorm;
      NormMode mode = norm ? norms.exceptions().get(node.name()) : null;
      modes[n] = (mode == null ? norms.mode() : mode).ordinal();
      if (norm) {
        unknown.remove(node.name());
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("the network has no norm " + unknown.iterator().next());
    }
    return modes;
  }

  /** Inner products take other tensors than the rest of what is read of gradients. */
  private static void checkAlone(Pass pass) {
    if (pass.readings().size() > 1
        || !pass.cotangent().equals(Optional.of(new Cotangent.OnesOnRows()))
        || !pass.norms().equals(Norms.all(NormMode.BATCH))) {
      throw new IllegalArgumentException(
          "the tangent kernel is read alone, of the summed logits with batch statistics, but was"
              + " asked for with "
              + pass);
    }
  }

  private void checkMultiplicities(List<Integer> multiplicities) {
    long relus =
        graph.nodes().stream().filter(n -> n.operation() instanceof Operation.Relu).count();
    if (multiplicities.size() != relus) {
      throw new IllegalArgumentException(
          "multiplicities must be one for each of "
              + relus
              + " ReLUs but were "
              + multiplicities.size());
    }
    for (int k = 0; k < multiplicities.size(); k++) {
      if (multiplicities.get(k) < 0 || multiplicities.get(k) > MAX_MULTIPLICITY) {
        throw new IllegalArgumentException(
            "multiplicity of ReLU "
                + k
                + " must be in [0, "
                + MAX_MULTIPLICITY
                + "] but was "
                + multiplicities.get(k));
      }
    }
  }

  private <T> T exclusively(Supplier<T> action) {
    refuseReentry();
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("plan is closed");
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /** A callback of a running call must not start another one on its arena, or free it. */
  private void refuseReentry() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("plan is computing: use it again when its call has ended");
    }
  }
}
