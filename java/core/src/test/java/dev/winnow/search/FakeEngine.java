package dev.winnow.search;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.compute.SeparatePlan;
import dev.winnow.compute.TrainingPass;
import dev.winnow.net.NetworkGraph;
import dev.winnow.random.Stream;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * Stands in for the native engine where a test is about search logic: κ and region counts are a
 * pure function of the job, so every law of determinism can be tested without native code. A
 * diagonal kernel has the κ that {@link #kappa} says; both have a part that depends on the
 * operations and noise that depends on weights and images.
 */
public class FakeEngine implements Engine {
  /** All jobs that were computed, by kind of score, in order. */
  public final Map<String, List<Job>> computed = new TreeMap<>();

  /** Number of plans made. */
  public int plans;

  private final int threads;

  /**
   * @param threads compute jobs; with more than one also in another order
   */
  public FakeEngine(int threads) {
    this.threads = threads;
  }

  public FakeEngine() {
    this(1);
  }

  /** κ of a job; NaN makes the kernel singular. */
  protected double kappa(NetworkGraph graph, Job job) {
    double noise = uniform(job, "ntk") - 0.5;
    return 20 * Math.exp(3 * quality(graph, job.row()) + 0.5 * noise);
  }

  /** Regions of a job. */
  protected long regions(NetworkGraph graph, Job job) {
    return Math.round(
        job.images().samples()
            * (0.4 + 0.4 * quality(graph, job.row()) + 0.1 * uniform(job, "regions")));
  }

  /** In [0, 1], from which operations run. */
  private static double quality(NetworkGraph graph, Row row) {
    double sum = 0;
    if (row.size() == 0) {
      for (var node : graph.nodes()) {
        sum += node.name().endsWith("conv") ? 1 : 0;
      }
      return sum / (sum + 10);
    }
    for (int choice = 0; choice < row.size(); choice++) {
      if (row.state(choice) == Row.State.RUN) {
        sum += row.coefficient(choice) * ((choice * 7919 + 13) % 101) / 101.0;
      }
    }
    return sum / 6;
  }

  private static double uniform(Job job, String what) {
    Stream stream =
        job.parameters() instanceof Parameters.Drawn drawn ? drawn.stream() : Stream.root(0);
    return stream
        .of(what)
        .of(job.row().hashCode() & 3) // part of the noise is common to candidates, part is not
        .of(Arrays.hashCode(job.images().values()))
        .generator()
        .nextDouble();
  }

  @Override
  public Plan plan(NetworkGraph graph, PlanOptions options) {
    plans++;
    return new FakePlan(graph, options);
  }

  @Override
  public Map<String, String> provenance() {
    return Map.of("device", "fake", "threads", Integer.toString(threads));
  }

  @Override
  public void close() {}

  private final class FakePlan implements SeparatePlan {
    private final NetworkGraph graph;
    private final PlanOptions options;

    FakePlan(NetworkGraph graph, PlanOptions options) {
      this.graph = graph;
      this.options = options;
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
      run("ntk", jobs, job -> diagonal(options.batch(), kappa(graph, job)), results, monitor);
    }

    @Override
    public void linearRegions(List<Job> jobs, Results<Long> results, Monitor monitor) {
      run("regions", jobs, job -> regions(graph, job), results, monitor);
    }

    @Override
    public void activationKernel(
        List<Job> jobs,
        int[] multiplicities,
        NormMode norm,
        Results<long[][]> results,
        Monitor monitor) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void synapticFlow(List<Job> jobs, Results<Double> results, Monitor monitor) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void gradients(
        List<Job> jobs,
        Cotangent cotangent,
        NormMode norm,
        boolean input,
        Results<Gradients> results,
        Monitor monitor) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void trainingPass(
        List<Job> jobs, int node, Results<TrainingPass> results, Monitor monitor) {
      throw new UnsupportedOperationException();
    }

    private <T> void run(
        String kind,
        List<Job> jobs,
        Function<Job, T> compute,
        Results<T> results,
        Monitor monitor) {
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      try {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < jobs.size(); i++) {
          order.add(i);
        }
        if (threads > 1) {
          Collections.shuffle(order, new Random(threads));
        }
        Map<Integer, Future<T>> futures = new TreeMap<>();
        for (int i : order) {
          futures.put(i, pool.submit(() -> compute.apply(jobs.get(i))));
        }
        for (Map.Entry<Integer, Future<T>> future : futures.entrySet()) {
          if (monitor.cancelled()) {
            throw new CancelledException("asked to stop");
          }
          T value = future.getValue().get();
          computed.computeIfAbsent(kind, k -> new ArrayList<>()).add(jobs.get(future.getKey()));
          results.accept(future.getKey(), value);
        }
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      } finally {
        pool.shutdownNow();
      }
    }

    @Override
    public void logits(
        List<Job> jobs, NormMode norm, Results<double[][]> results, Monitor monitor) {
      throw new UnsupportedOperationException("no search asks for logits");
    }

    @Override
    public Map<String, Tensor> values(Parameters parameters) {
      throw new UnsupportedOperationException("no search asks for weights");
    }

    @Override
    public void close() {}
  }

  /** A kernel with eigenvalues 1, …, 1, κ; all zero for κ = NaN. */
  private static double[][] diagonal(int n, double kappa) {
    double[][] theta = new double[n][n];
    for (int i = 0; i < n && !Double.isNaN(kappa); i++) {
      theta[i][i] = i == 0 ? kappa : 1;
    }
    return theta;
  }
}
