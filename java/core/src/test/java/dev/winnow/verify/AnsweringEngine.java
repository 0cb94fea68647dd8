package dev.winnow.verify;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Reading;
import dev.winnow.compute.SeparatePlan;
import dev.winnow.compute.TrainingPass;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Computes nothing: answers with what the test gave it and remembers what it was asked. */
final class AnsweringEngine implements Engine {
  /** What it answers to every job; null for zeros in the shape of the plan. */
  double[][] kernel;

  double[][] logits;
  long regions;

  final List<NetworkGraph> graphs = new ArrayList<>();
  final List<PlanOptions> options = new ArrayList<>();
  final List<Job> jobs = new ArrayList<>();
  int open;

  @Override
  public Plan plan(NetworkGraph graph, PlanOptions planOptions) {
    graphs.add(graph);
    options.add(planOptions);
    open++;
    return new AnsweringPlan(graph, planOptions);
  }

  @Override
  public Map<String, String> provenance() {
    return Map.of();
  }

  @Override
  public void close() {}

  private final class AnsweringPlan implements SeparatePlan {
    private final NetworkGraph graph;
    private final PlanOptions planOptions;

    AnsweringPlan(NetworkGraph graph, PlanOptions planOptions) {
      this.graph = graph;
      this.planOptions = planOptions;
    }

    private <T> void answer(List<Job> asked, T value, Results<T> results) {
      for (int i = 0; i < asked.size(); i++) {
        jobs.add(asked.get(i));
        results.accept(i, value);
      }
    }

    private double[][] zeros(int columns) {
      return new double[planOptions.batch()][columns];
    }

    @Override
    public NetworkGraph graph() {
      return graph;
    }

    @Override
    public PlanOptions options() {
      return planOptions;
    }

    @Override
    public void ntk(List<Job> asked, Results<double[][]> results, Monitor monitor) {
      answer(asked, kernel != null ? kernel : zeros(planOptions.batch()), results);
    }

    @Override
    public void linearRegions(List<Job> asked, Results<Long> results, Monitor monitor) {
      answer(asked, regions, results);
    }

    /** Zeros; the jobs were asked for regions too. */
    @Override
    public void patternCounts(
        List<Job> asked, Results<Reading.PatternCount> results, Monitor monitor) {
      for (int i = 0; i < asked.size(); i++) {
        results.accept(i, new Reading.PatternCount(0, 0, 0));
      }
    }

    /** Zeros. */
    @Override
    public void activationKernel(
        List<Job> asked,
        int[] multiplicities,
        NormMode norm,
        Results<long[][]> results,
        Monitor monitor) {
      answer(asked, new long[planOptions.batch()][planOptions.batch()], results);
    }

    @Override
    public void logits(
        List<Job> asked, NormMode norm, Results<double[][]> results, Monitor monitor) {
      int classes = graph.nodes().get(graph.output()).shape().channels();
      answer(asked, logits != null ? logits : zeros(classes), results);
    }

    /** Zeros. */
    @Override
    public void synapticFlow(List<Job> jobs, Results<Double> results, Monitor monitor) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void gradients(
        List<Job> asked,
        Cotangent cotangent,
        NormMode norm,
        boolean input,
        Results<Gradients> results,
        Monitor monitor) {
      answer(asked, filled(graph, planOptions.batch(), 0), results);
    }

    @Override
    public void trainingPass(
        List<Job> asked, int node, Results<TrainingPass> results, Monitor monitor) {
      for (int i = 0; i < asked.size(); i++) {
        jobs.add(asked.get(i));
        results.accept(i, trained(graph, node, asked.get(i).images().samples(), 0));
      }
    }

    @Override
    public Map<String, Tensor> values(Parameters parameters) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      open--;
    }
  }

  /** Gradients that are one number everywhere. */
  static Gradients filled(NetworkGraph graph, int batch, double number) {
    Shape in = graph.nodes().get(0).shape();
    Tensor input = filled(number, batch, in.channels(), in.height(), in.width());
    return new Gradients(filled(graph, number, true), Optional.of(input));
  }

  /** Values and running statistics that are one number everywhere. */
  static TrainingPass trained(NetworkGraph graph, int node, int samples, double number) {
    double[][] values = new double[samples][(int) graph.nodes().get(node).shape().elements()];
    for (double[] sample : values) {
      Arrays.fill(sample, number);
    }
    return new TrainingPass(values, filled(graph, number, false));
  }

  private static Map<String, Tensor> filled(NetworkGraph graph, double number, boolean learned) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (TensorSpec tensor : graph.tensors()) {
      if (tensor.role().learned() == learned) {
        int[] shape = tensor.shape().stream().mapToInt(Integer::intValue).toArray();
        tensors.put(tensor.name(), filled(number, shape));
      }
    }
    return tensors;
  }

  private static Tensor filled(double number, int... shape) {
    double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    Arrays.fill(values, number);
    return new Tensor(shape, values);
  }
}
