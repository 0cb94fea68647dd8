package dev.winnow.verify;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Row;
import dev.winnow.compute.SeparatePlan;
import dev.winnow.compute.TrainingPass;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * The forward pass of NAS-Bench-201 networks by the definitions, one plain loop per operation, in
 * double whatever the plan's number type: an oracle that shares no code with the native core. Has
 * no backward pass; its tangent kernels and gradients are not a number.
 */
final class ForwardEngine implements Engine {

  @Override
  public Plan plan(NetworkGraph graph, PlanOptions options) {
    return new ForwardPlan(graph, options);
  }

  @Override
  public Map<String, String> provenance() {
    return Map.of();
  }

  @Override
  public void close() {}

  private record ForwardPlan(NetworkGraph graph, PlanOptions options) implements SeparatePlan {

    @Override
    public void ntk(List<Job> jobs, Results<double[][]> results, Monitor monitor) {
      for (int i = 0; i < jobs.size(); i++) {
        double[][] unknown = new double[options.batch()][options.batch()];
        for (double[] line : unknown) {
          Arrays.fill(line, Double.NaN);
        }
        results.accept(i, unknown);
      }
    }

    @Override
    public void linearRegions(List<Job> jobs, Results<Long> results, Monitor monitor) {
      for (int j = 0; j < jobs.size(); j++) {
        results.accept(j, (long) new HashSet<>(patterns(jobs.get(j))).size());
      }
    }

    @Override
    public void patternCounts(
        List<Job> jobs, Results<Reading.PatternCount> results, Monitor monitor) {
      for (int j = 0; j < jobs.size(); j++) {
        List<BitSet> patterns = patterns(jobs.get(j));
        long largest =
            patterns.stream().mapToInt(p -> Collections.frequency(patterns, p)).max().orElse(0);
        BitSet ever = new BitSet();
        BitSet always = (BitSet) patterns.get(0).clone();
        long active = 0;
        for (BitSet pattern : patterns) {
          ever.or(pattern);
          always.and(pattern);
          active += pattern.cardinality();
        }
        long never = Rows.patternBits(graph, jobs.get(j).row()) - ever.cardinality();
        results.accept(j, new Reading.PatternCount(largest, never + always.cardinality(), active));
      }
    }

    private List<BitSet> patterns(Job job) {
      List<BitSet> patterns = new ArrayList<>();
      for (int first = 0; first < job.images().samples(); first += options.batch()) {
        double[][] values = forward(job, first, NormMode.BATCH);
        for (int i = 0; i < options.batch(); i++) {
          patterns.add(pattern(values, i));
        }
      }
      return patterns;
    }

    @Override
    public void activationKernel(
        List<Job> jobs,
        int[] multiplicities,
        NormMode norm,
        Results<long[][]> results,
        Monitor monitor) {
      for (int j = 0; j < jobs.size(); j++) {
        double[][] values = forward(jobs.get(j), 0, norm);
        int batch = options.batch();
        long[][] kernel = new long[batch][batch];
        int relu = 0;
        for (int n = 0; n < values.length; n++) {
          if (!(graph.nodes().get(n).operation() instanceof Operation.Relu)) {
            continue;
          }
          int multiplicity = multiplicities[relu++];
          int size = values[n].length / batch;
          for (int a = 0; a < batch; a++) {
            for (int b = 0; b < batch; b++) {
              for (int k = 0; k < size; k++) {
                boolean equal = (values[n][a * size + k] > 0) == (values[n][b * size + k] > 0);
                kernel[a][b] += equal ? multiplicity : 0;
              }
            }
          }
        }
        results.accept(j, kernel);
      }
    }

    private BitSet pattern(double[][] values, int sample) {
      BitSet pattern = new BitSet();
      int bit = 0;
      for (int n = 0; n < values.length; n++) {
        if (graph.nodes().get(n).operation() instanceof Operation.Relu && values[n] != null) {
          int size = values[n].length / options.batch();
          for (int k = 0; k < size; k++) {
            pattern.set(bit++, values[n][sample * size + k] > 0);
          }
        }
      }
      return pattern;
    }

    @Override
    public void logits(
        List<Job> jobs, NormMode norm, Results<double[][]> results, Monitor monitor) {
      for (int j = 0; j < jobs.size(); j++) {
        double[] flat = forward(jobs.get(j), 0, norm)[graph.output()];
        int classes = flat.length / options.batch();
        double[][] logits = new double[options.batch()][];
        for (int i = 0; i < logits.length; i++) {
          logits[i] = Arrays.copyOfRange(flat, i * classes, (i + 1) * classes);
        }
        results.accept(j, logits);
      }
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
      for (int j = 0; j < jobs.size(); j++) {
        results.accept(j, AnsweringEngine.filled(graph, options.batch(), Double.NaN));
      }
    }

    @Override
    public void trainingPass(
        List<Job> jobs, int node, Results<TrainingPass> results, Monitor monitor) {
      for (int j = 0; j < jobs.size(); j++) {
        int samples = jobs.get(j).images().samples();
        results.accept(j, AnsweringEngine.trained(graph, node, samples, Double.NaN));
      }
    }

    @Override
    public Map<String, Tensor> values(Parameters parameters) {
      return ((Parameters.Given) parameters).tensors();
    }

    @Override
    public void close() {}

    /** Values of all nodes, [batch, c, h, w]; null for a node that the row skips. */
    private double[][] forward(Job job, int first, NormMode norm) {
      Map<String, Tensor> tensors = values(job.parameters());
      double[][] values = new double[graph.nodes().size()][];
      values[0] = batch(job.images(), first);
      for (int n = 1; n < values.length; n++) {
        Node node = graph.nodes().get(n);
        if (node.choice() == NetworkGraph.ALWAYS
            || job.row().state(node.choice()) == Row.State.RUN) {
          values[n] = value(node, values, tensors, job.row(), norm);
        }
      }
      return values;
    }

    private double[] batch(Images images, int first) {
      int size = images.channels() * images.height() * images.width();
      double[] values = new double[options.batch() * size];
      for (int i = 0; i < values.length; i++) {
        values[i] = images.values()[first * size + i];
      }
      return values;
    }

    private double[] value(
        Node node, double[][] values, Map<String, Tensor> tensors, Row row, NormMode norm) {
      double[] x = values[node.inputs().get(0)];
      Shape in = graph.nodes().get(node.inputs().get(0)).shape();
      Operation operation = node.operation();
      if (operation instanceof Operation.Convolution c) {
        return convolution(c, tensors.get(node.name() + ".weight").values(), x, in, node.shape());
      } else if (operation instanceof Operation.BatchNorm b) {
        return norm(b, node, tensors, x, norm);
      } else if (operation instanceof Operation.Relu) {
        return Arrays.stream(x).map(v -> Math.max(v, 0)).toArray();
      } else if (operation instanceof Operation.AveragePool p) {
        return pool(p.kernel(), p.stride(), p.padding(), false, x, in, node.shape());
      } else if (operation instanceof Operation.MaxPool p) {
        return pool(p.kernel(), p.stride(), p.padding(), true, x, in, node.shape());
      } else if (operation instanceof Operation.Concat) {
        return concat(node, values);
      } else if (operation instanceof Operation.PadCrop p) {
        return padCrop(p, x, in, node.shape());
      } else if (operation instanceof Operation.GlobalAveragePool) {
        return means(x, in.height() * in.width());
      } else if (operation instanceof Operation.Linear l) {
        return linear(l, node, tensors, x, in.channels());
      } else if (operation instanceof Operation.WeightedSum s) {
        return sum(s, node, values, row);
      } else if (operation instanceof Operation.Zero) {
        return new double[x.length];
      }
      throw new UnsupportedOperationException(operation.toString());
    }

    private double[] sum(Operation.WeightedSum sum, Node node, double[][] values, Row row) {
      double[] y = new double[Math.toIntExact(options.batch() * node.shape().elements())];
      for (int k = 0; k < node.inputs().size(); k++) {
        int choice = sum.choices().get(k);
        double[] x = values[node.inputs().get(k)];
        if (choice != NetworkGraph.ALWAYS && row.state(choice) == Row.State.SKIP) {
          continue;
        }
        double weight = choice == NetworkGraph.ALWAYS ? 1 : row.coefficient(choice);
        for (int i = 0; i < y.length; i++) {
          y[i] += weight * x[i];
        }
      }
      return y;
    }

    private double[] convolution(
        Operation.Convolution c, double[] weight, double[] x, Shape in, Shape out) {
      double[] y = new double[Math.toIntExact(options.batch() * out.elements())];
      int kernel = c.kernel().height();
      int stride = c.stride().height();
      int padding = c.padding().height();
      int fan = in.channels() / c.groups();
      int taps = fan * kernel * kernel;
      // Tap by tap, so that the innermost loop runs along a row.
      for (int plane = 0; plane < options.batch() * out.channels(); plane++) {
        int n = plane / out.channels();
        int o = plane % out.channels();
        for (int tap = 0; tap < taps; tap++) {
          int i = o / (out.channels() / c.groups()) * fan + tap / (kernel * kernel);
          int ky = tap / kernel % kernel * c.dilation().height();
          int kx = tap % kernel * c.dilation().width();
          double w = weight[o * taps + tap];
          for (int row = 0; row < out.height(); row++) {
            int iy = row * stride + ky - padding;
            if (iy < 0 || iy >= in.height()) {
              continue;
            }
            int from = ((n * in.channels() + i) * in.height() + iy) * in.width() + kx - padding;
            int to = (plane * out.height() + row) * out.width();
            for (int column = 0; column < out.width(); column++) {
              int ix = column * stride + kx - padding;
              if (ix >= 0 && ix < in.width()) {
                y[to + column] += w * x[from + column * stride];
              }
            }
          }
        }
      }
      return y;
    }

    private double[] concat(Node node, double[][] values) {
      double[] y = new double[Math.toIntExact(options.batch() * node.shape().elements())];
      int at = 0;
      for (int n = 0; n < options.batch(); n++) {
        for (int source : node.inputs()) {
          int length = Math.toIntExact(graph.nodes().get(source).shape().elements());
          System.arraycopy(values[source], n * length, y, at, length);
          at += length;
        }
      }
      return y;
    }

    private double[] padCrop(Operation.PadCrop pad, double[] x, Shape in, Shape out) {
      double[] y = new double[Math.toIntExact(options.batch() * out.elements())];
      int at = 0;
      for (int plane = 0; plane < options.batch() * in.channels(); plane++) {
        for (int row = 0; row < out.height(); row++) {
          for (int column = 0; column < out.width(); column++, at++) {
            int iy = row - pad.top();
            int ix = column - pad.left();
            if (iy >= 0 && iy < in.height() && ix >= 0 && ix < in.width()) {
              y[at] = x[(plane * in.height() + iy) * in.width() + ix];
            }
          }
        }
      }
      return y;
    }

    /** Padding neither counts nor wins. */
    private double[] pool(
        Pair kernels, Pair strides, Pair paddings, boolean max, double[] x, Shape in, Shape out) {
      double[] y = new double[Math.toIntExact(options.batch() * out.elements())];
      int kernel = kernels.height();
      int stride = strides.height();
      int padding = paddings.height();
      int at = 0;
      for (int plane = 0; plane < options.batch() * in.channels(); plane++) {
        for (int row = 0; row < out.height(); row++) {
          for (int column = 0; column < out.width(); column++) {
            double sum = 0;
            double largest = Double.NEGATIVE_INFINITY;
            int inside = 0;
            for (int k = 0; k < kernel * kernel; k++) {
              int iy = row * stride + k / kernel - padding;
              int ix = column * stride + k % kernel - padding;
              if (iy >= 0 && iy < in.height() && ix >= 0 && ix < in.width()) {
                double v = x[(plane * in.height() + iy) * in.width() + ix];
                sum += v;
                largest = Math.max(largest, v);
                inside++;
              }
            }
            y[at++] = max ? largest : sum / inside;
          }
        }
      }
      return y;
    }

    private double[] norm(
        Operation.BatchNorm b, Node node, Map<String, Tensor> tensors, double[] x, NormMode mode) {
      int channels = node.shape().channels();
      int area = node.shape().height() * node.shape().width();
      double[] y = new double[x.length];
      for (int c = 0; c < channels; c++) {
        double mean = 0;
        double variance = 0;
        if (mode == NormMode.BATCH) {
          int count = options.batch() * area;
          for (int n = 0; n < options.batch(); n++) {
            for (int i = 0, at = (n * channels + c) * area; i < area; i++, at++) {
              mean += x[at] / count;
            }
          }
          for (int n = 0; n < options.batch(); n++) {
            for (int i = 0, at = (n * channels + c) * area; i < area; i++, at++) {
              variance += (x[at] - mean) * (x[at] - mean) / count;
            }
          }
        } else {
          mean = tensors.get(node.name() + ".running_mean").values()[c];
          variance = tensors.get(node.name() + ".running_var").values()[c];
        }
        double scale =
            tensors.get(node.name() + ".weight").values()[c] / Math.sqrt(variance + b.epsilon());
        double shift = tensors.get(node.name() + ".bias").values()[c];
        for (int n = 0; n < options.batch(); n++) {
          for (int i = 0, at = (n * channels + c) * area; i < area; i++, at++) {
            y[at] = (x[at] - mean) * scale + shift;
          }
        }
      }
      return y;
    }

    private static double[] means(double[] x, int area) {
      double[] y = new double[x.length / area];
      for (int i = 0; i < x.length; i++) {
        y[i / area] += x[i] / area;
      }
      return y;
    }

    private double[] linear(
        Operation.Linear l, Node node, Map<String, Tensor> tensors, double[] x, int features) {
      double[] weight = tensors.get(node.name() + ".weight").values();
      double[] bias = tensors.get(node.name() + ".bias").values();
      double[] y = new double[options.batch() * l.outputs()];
      for (int i = 0; i < y.length; i++) {
        int o = i % l.outputs();
        y[i] = bias[o];
        for (int f = 0; f < features; f++) {
          y[i] += weight[o * features + f] * x[i / l.outputs() * features + f];
        }
      }
      return y;
    }
  }
}
