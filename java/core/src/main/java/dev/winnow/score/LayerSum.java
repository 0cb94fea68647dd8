package dev.winnow.score;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A score that adds up, over the convolutions and linear layers, a function of a layer's weight W
 * and of the gradient G by it. Biases and norms do not count. Sums are in float64, in the network's
 * order.
 *
 * <p>{@link #compute(Plan, List, List, Plan.Results, Monitor)} computes several that read the same
 * {@link WeightPass} from one pass, to the same bits as each alone, with the terms.
 *
 * <p><b>Undefined</b> where it reads gradients and no path leads from the image to the logits (the
 * published programs print what the classifier alone gives, 0 if it sees only zeros), and where the
 * sum is not finite. {@link Score#published} is the sum.
 *
 * <p><b>Fails</b>: {@link IllegalArgumentException} for cross-entropy on images without labels, for
 * a flow on a plan of another batch than 1 or not in float64.
 */
public abstract class LayerSum implements NetworkScore {
  private final String name;
  private final Direction direction;
  private final WeightPass pass;
  private final Sampling sampling;
  private final Initialization initialization;

  LayerSum(
      String name, Direction direction, WeightPass pass, int batch, Initialization initialization) {
    this.name = name;
    this.direction = direction;
    this.pass = pass;
    this.sampling = new Sampling(pass.flow() ? Sampling.Kind.ONES : Sampling.Kind.IMAGES, batch, 1);
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  /** A layer's term. */
  abstract double term(double[] weight, double[] gradient);

  /** Whether the terms depend on the gradients; where none does, no pass is run. */
  boolean readsGradients() {
    return true;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Direction direction() {
    return direction;
  }

  /** The pass it reads. */
  public final WeightPass pass() {
    return pass;
  }

  @Override
  public final String draws() {
    return pass.name();
  }

  @Override
  public final Precision precision() {
    return pass.precision();
  }

  @Override
  public final NormMode norm() {
    return pass.norm();
  }

  @Override
  public final Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        initialization,
        sampling);
  }

  @Override
  public final void compute(
      Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    computeTogether(
        plan, jobs, List.of(this), (job, values) -> results.accept(job, values.get(0)), monitor);
  }

  @Override
  public final void computeTogether(
      Plan plan,
      List<Job> jobs,
      List<? extends NetworkScore> scores,
      Plan.Results<List<Score>> results,
      Monitor monitor) {
    List<LayerSum> sums = scores.stream().map(LayerSum.class::cast).toList();
    if (pass == WeightPass.FLOW && jobs.stream().allMatch(job -> flows(plan.graph(), job.row()))) {
      check(plan, jobs, sums);
      plan.synapticFlow(
          jobs,
          (job, flow) -> {
            boolean cut = !Connectivity.reachesOutput(plan.graph(), jobs.get(job).row());
            results.accept(job, Collections.nCopies(sums.size(), of(flow, cut)));
          },
          monitor);
      return;
    }
    compute(
        plan,
        jobs,
        sums,
        (job, values) -> results.accept(job, values.stream().map(Value::score).toList()),
        monitor);
  }

  /**
   * Several scores of every job, from one pass a job.
   *
   * @param scores all of one {@link #pass}
   * @param results receives the values in the order of the scores
   */
  public static void compute(
      Plan plan,
      List<Job> jobs,
      List<? extends LayerSum> scores,
      Plan.Results<List<Value>> results,
      Monitor monitor) {
    check(plan, jobs, scores);
    for (int j = 0; j < jobs.size(); j++) {
      boolean connected = Connectivity.reachesOutput(plan.graph(), jobs.get(j).row());
      List<Map<String, Double>> layers = terms(plan, jobs.get(j), scores, monitor);
      List<Value> values = new ArrayList<>();
      for (int s = 0; s < scores.size(); s++) {
        boolean cut = scores.get(s).readsGradients() && !connected;
        values.add(new Value(of(layers.get(s), cut), layers.get(s)));
      }
      results.accept(j, values);
    }
  }

  /**
   * A score and what it is made of.
   *
   * @param score the sum
   * @param layers the terms by the layer's canonical name, in the network's order
   */
  public record Value(Score score, Map<String, Double> layers) {
    public Value {
      layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }
  }

  /** Whether the terms of a flow are one derivative: none is negative, and nothing is drawn. */
  private static boolean flows(NetworkGraph graph, Row row) {
    return IntStream.range(0, row.size()).allMatch(choice -> row.coefficient(choice) >= 0)
        && graph.nodes().stream().noneMatch(node -> node.operation() instanceof Operation.Noise);
  }

  private static Score of(Map<String, Double> layers, boolean cut) {
    double sum = 0;
    for (double term : layers.values()) {
      sum += term;
    }
    return of(sum, cut);
  }

  private static Score of(double sum, boolean cut) {
    if (cut) {
      return Score.undefined("no path leads from the image to the logits", sum);
    }
    return Double.isFinite(sum)
        ? Score.of(sum)
        : Score.undefined("the sum over the layers is not finite", sum);
  }

  private static List<Map<String, Double>> terms(
      Plan plan, Job job, List<? extends LayerSum> scores, Monitor monitor) {
    WeightPass pass = scores.get(0).pass();
    NetworkGraph graph = plan.graph();
    Map<String, Tensor> weights = new LinkedHashMap<>(plan.values(job.parameters()));
    Job asked = job;
    if (pass.flow()) {
      weights.replaceAll((name, tensor) -> absolute(tensor));
      Shape shape = graph.nodes().get(0).shape();
      asked = job.on(new Parameters.Given(weights), Sampling.ones(1, shape));
    }
    Map<String, Tensor> gradients = Map.of();
    if (scores.stream().anyMatch(LayerSum::readsGradients)) {
      Gradients[] found = new Gradients[1];
      plan.gradients(
          List.of(asked),
          cotangent(pass, graph, job),
          pass.norm(),
          false,
          (j, value) -> found[0] = value,
          monitor);
      gradients = found[0].parameters();
    } else if (monitor.cancelled()) {
      throw new CancelledException("the sum over the layers was cancelled");
    }
    List<Map<String, Double>> terms = new ArrayList<>();
    for (LayerSum score : scores) {
      Map<String, Double> layers = new LinkedHashMap<>();
      for (TensorSpec tensor : graph.tensors()) {
        if (counts(tensor, graph, job.row())) {
          double[] weight = weights.get(tensor.name()).values();
          double[] gradient =
              score.readsGradients() ? gradients.get(tensor.name()).values() : new double[0];
          layers.put(graph.nodes().get(tensor.node()).name(), score.term(weight, gradient));
        }
      }
      terms.add(layers);
    }
    return terms;
  }

  private static boolean counts(TensorSpec tensor, NetworkGraph graph, Row row) {
    int choice = graph.nodes().get(tensor.node()).choice();
    return (tensor.role() == Role.CONVOLUTION_WEIGHT || tensor.role() == Role.LINEAR_WEIGHT)
        && (choice == NetworkGraph.ALWAYS || row.state(choice) != Row.State.SKIP);
  }

  private static Tensor absolute(Tensor tensor) {
    return new Tensor(tensor.shape(), Arrays.stream(tensor.values()).map(Math::abs).toArray());
  }

  private static Cotangent cotangent(WeightPass pass, NetworkGraph graph, Job job) {
    if (!pass.flow()) {
      return new Cotangent.CrossEntropy(job.images().labels());
    }
    double[] ones = new double[(int) graph.nodes().get(graph.output()).shape().elements()];
    Arrays.fill(ones, 1);
    return new Cotangent.Given(new Tensor(new int[] {1, ones.length}, ones));
  }

  private static void check(Plan plan, List<Job> jobs, List<? extends LayerSum> scores) {
    LayerSum first = scores.get(0);
    for (LayerSum score : scores) {
      if (score.pass != first.pass) {
        throw new IllegalArgumentException(
            score.name + " reads another pass than " + first.name + " and cannot share it");
      }
      if (!score.pass.flow() && score.readsGradients()) {
        jobs.forEach(job -> Labels.require(score, job.images()));
      }
    }
    if (first.pass.flow()
        && (plan.options().batch() != 1 || plan.options().precision() != Precision.FLOAT64)) {
      throw new IllegalArgumentException(
          first.name
              + " needs a plan of batch 1 in FLOAT64 but it was of batch "
              + plan.options().batch()
              + " in "
              + plan.options().precision());
    }
  }
}
