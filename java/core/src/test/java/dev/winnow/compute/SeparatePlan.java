package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A plan that answers each reading of a pass through the method of its own: what stands in for an
 * engine in a test need not merge anything.
 */
public interface SeparatePlan extends Plan {
  @Override
  void linearRegions(List<Job> jobs, Results<Long> results, Monitor monitor);

  @Override
  void activationKernel(
      List<Job> jobs,
      int[] multiplicities,
      NormMode norm,
      Results<long[][]> results,
      Monitor monitor);

  /** Of no use to most. */
  default void patternCounts(
      List<Job> jobs, Results<Reading.PatternCount> results, Monitor monitor) {
    throw new UnsupportedOperationException();
  }

  @Override
  default void read(List<Job> jobs, Pass pass, Results<Readings> results, Monitor monitor) {
    if (pass.readings().size() == 1) { // reported one by one, as an engine does
      each(
          jobs,
          pass,
          pass.readings().iterator().next(),
          (j, read) -> results.accept(j, read),
          monitor);
      return;
    }
    List<Readings> all = new ArrayList<>();
    jobs.forEach(job -> all.add(new Readings()));
    for (Reading<?> reading : pass.readings()) {
      each(jobs, pass, reading, (j, read) -> copy(reading, read, all.get(j)), monitor);
    }
    for (int j = 0; j < jobs.size(); j++) {
      results.accept(j, all.get(j));
    }
  }

  private static <T> void copy(Reading<T> reading, Readings from, Readings to) {
    to.put(reading, from.get(reading));
  }

  private void each(
      List<Job> jobs, Pass pass, Reading<?> reading, Results<Readings> results, Monitor monitor) {
    if (reading instanceof Reading.TangentKernel kernel) {
      ntk(jobs, (j, value) -> results.accept(j, new Readings().put(kernel, value)), monitor);
    } else if (reading instanceof Reading.LinearRegions regions) {
      linearRegions(
          jobs, (j, value) -> results.accept(j, new Readings().put(regions, value)), monitor);
    } else if (reading instanceof Reading.PatternCounts counts) {
      patternCounts(
          jobs, (j, value) -> results.accept(j, new Readings().put(counts, value)), monitor);
    } else if (reading instanceof Reading.ActivationKernel kernel) {
      activationKernel(
          jobs,
          kernel.multiplicities().stream().mapToInt(m -> m).toArray(),
          pass.norms().mode(),
          (j, value) -> results.accept(j, new Readings().put(kernel, value)),
          monitor);
    } else if (reading instanceof Reading.Weights weights) {
      for (int j = 0; j < jobs.size(); j++) {
        results.accept(j, new Readings().put(weights, values(jobs.get(j).parameters())));
      }
    } else {
      Results<Gradients> gradients =
          (j, g) -> results.accept(j, of(reading, g, jobs.get(j).parameters()));
      Cotangent cotangent = pass.cotangent().orElseThrow();
      boolean input = reading instanceof Reading.InputGradient;
      gradients(jobs, cotangent, pass.norms().mode(), input, gradients, monitor);
    }
  }

  private Readings of(Reading<?> reading, Gradients gradients, Parameters parameters) {
    if (reading instanceof Reading.InputGradient byInput) {
      return new Readings().put(byInput, gradients.input().orElseThrow());
    } else if (reading instanceof Reading.ParameterGradients all) {
      return new Readings().put(all, gradients.parameters());
    } else if (reading instanceof Reading.GradientSum sum) {
      Map<String, Tensor> weights = values(parameters);
      Map<String, Double> sums = new LinkedHashMap<>();
      gradients
          .parameters()
          .forEach((name, g) -> sums.put(name, sum(sum, weights.get(name).values(), g.values())));
      return new Readings().put(sum, sums);
    }
    if (reading instanceof Reading.ChannelSaliencies saliencies) {
      Map<String, Tensor> unknown = new LinkedHashMap<>(); // gradients by weights do not tell
      gradients
          .parameters()
          .forEach(
              (name, g) -> {
                if (g.shape().length > 1) {
                  double[] channels = new double[g.shape()[0]];
                  Arrays.fill(channels, Double.NaN);
                  unknown.put(name, new Tensor(new int[] {channels.length}, channels));
                }
              });
      return new Readings().put(saliencies, unknown);
    }
    if (reading instanceof Reading.HessianProducts products) {
      Map<String, Double> unknown = new LinkedHashMap<>(); // nor do they tell the second derivative
      gradients.parameters().keySet().forEach(name -> unknown.put(name, Double.NaN));
      return new Readings().put(products, unknown);
    }
    throw new UnsupportedOperationException(reading.toString());
  }

  private static double sum(Reading.GradientSum kind, double[] w, double[] g) {
    double sum = 0;
    for (int i = 0; i < g.length; i++) {
      sum +=
          switch (kind) {
            case NORM -> g[i] * g[i];
            case WEIGHTED -> w[i] * g[i];
            case WEIGHTED_ABS -> Math.abs(w[i] * g[i]);
          };
    }
    return kind == Reading.GradientSum.NORM ? Math.sqrt(sum) : sum;
  }
}
