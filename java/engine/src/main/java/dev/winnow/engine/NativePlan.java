package dev.winnow.engine;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_network;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_plan_options;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
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
    sets = new ParameterSets(graph, network, engine.name());
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
    run("winnow_ntk", list, NormMode.BATCH, output, results, monitor);
  }

  @Override
  public void linearRegions(List<Job> jobs, Results<Long> results, Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    Output<Long> output =
        new Output<>() {
          private LongPointer counts;
          private long capacity;

          @Override
          long bytesPerSample() {
            return 0;
          }

          @Override
          Pointer allocate(long jobs, CallTables tables) {
            counts = new LongPointer(jobs);
            capacity = jobs;
            return counts;
          }

          @Override
          int compute(winnow_call call, winnow_error error) {
            return Winnow.winnow_linear_regions(plan, call, counts, capacity, error);
          }

          @Override
          Long read(long job, Images images) {
            return counts.get(job);
          }
        };
    run("winnow_linear_regions", list, NormMode.BATCH, output, results, monitor);
  }

  @Override
  public void activationKernel(
      List<Job> jobs,
      int[] multiplicities,
      NormMode norm,
      Results<long[][]> results,
      Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    checkMultiplicities(multiplicities);
    int largest = list.images().stream().mapToInt(Images::samples).max().orElse(0);
    try (LongPointer weights =
        new LongPointer(Arrays.stream(multiplicities).asLongStream().toArray())) {
      Output<long[][]> output =
          new Longs(largest) {
            @Override
            int compute(winnow_call call, winnow_error error) {
              return Winnow.winnow_activation_kernel(
                  plan, call, weights, multiplicities.length, values, capacity, error);
            }
          };
      run("winnow_activation_kernel", list, norm, output, results, monitor);
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
    run("winnow_forward", list, norm, output, results, monitor);
  }

  @Override
  public void gradients(
      List<Job> jobs,
      Cotangent cotangent,
      NormMode norm,
      boolean input,
      Results<Gradients> results,
      Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkOneBatch(list, "a backward pass");
    try (Backward output = new Backward(graph, options.batch(), cotangent, input, plan)) {
      run("winnow_backward", list, norm, output, results, monitor);
    }
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
    run("winnow_synaptic_flow", list, NormMode.IDENTITY, output, results, monitor);
  }

  @Override
  public void runningStatistics(
      List<Job> jobs, Results<Map<String, Tensor>> results, Monitor monitor) {
    JobList list = new JobList(jobs, graph);
    checkBatches(list);
    long outputs = graph.nodes().get(graph.output()).shape().elements();
    RunningStatistics output = new RunningStatistics(plan, sets, options.batch(), outputs);
    run("winnow_forward", list, NormMode.BATCH, output, results, monitor);
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

  /** A square matrix of whole numbers per job, a row and a column for each of its samples. */
  private abstract static class Longs extends Output<long[][]> {
    private final int largest;
    private long stride;
    LongPointer values;
    long capacity;

    /**
     * @param largest samples of the list's largest input
     */
    Longs(int largest) {
      this.largest = largest;
    }

    @Override
    long bytesPerSample() {
      return (long) Long.BYTES * largest;
    }

    @Override
    Pointer allocate(long jobs, CallTables tables) {
      stride = (long) tables.largestInput() * tables.largestInput();
      capacity = Math.multiplyExact(jobs, stride);
      values = new LongPointer(capacity);
      return values;
    }

    @Override
    long[][] read(long job, Images images) {
      long[][] matrix = new long[images.samples()][images.samples()];
      for (int row = 0; row < matrix.length; row++) {
        values.position(job * stride + (long) row * matrix.length).get(matrix[row]);
      }
      values.position(0);
      return matrix;
    }
  }

  private <T> void run(
      String name,
      JobList jobs,
      NormMode norm,
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
            chunk(name, jobs, start, end, norm, output, results, monitor);
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
      NormMode norm,
      Output<T> output,
      Results<T> results,
      Monitor monitor) {
    try (CallTables tables =
        new CallTables(jobs, start, end, graph.choices(), sets, norm.ordinal())) {
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
        finish(done);
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

  private void checkMultiplicities(int[] multiplicities) {
    long relus =
        graph.nodes().stream().filter(n -> n.operation() instanceof Operation.Relu).count();
    if (multiplicities.length != relus) {
      throw new IllegalArgumentException(
          "multiplicities must be one for each of "
              + relus
              + " ReLUs but were "
              + multiplicities.length);
    }
    for (int k = 0; k < multiplicities.length; k++) {
      if (multiplicities[k] < 0 || multiplicities[k] > MAX_MULTIPLICITY) {
        throw new IllegalArgumentException(
            "multiplicity of ReLU "
                + k
                + " must be in [0, "
                + MAX_MULTIPLICITY
                + "] but was "
                + multiplicities[k]);
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
