package dev.winnow.verify;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.score.ActivationKernelLogDeterminant;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import dev.winnow.score.ConnectionSensitivity;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.SynapticFlow;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.Supernet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scores of a supernet of Zero-Cost-PT in recorded states, with each operation of one edge taken
 * away in turn: the log-determinant of the activation kernel ({@code jacob}), connection
 * sensitivity and synaptic flow.
 *
 * <p>What weighs 0 is absent in the program's DARTS space. In its NAS-Bench-201 it runs on zeros,
 * while the block's own hook still sees the real input: there the kernel is that of the ReLUs with
 * such operations blocked plus that of the blocks' hooks with them muted.
 */
final class Perturbations {
  private static final Initialization ANY = Initialization.PYTORCH_DEFAULT; // weights are given

  private final RecordedJson json;
  private final RecordedTensors tensors;
  private final Supernet supernet;
  private final Parameters parameters;
  private final List<Check> checks;
  private final Engine engine;
  private final Monitor monitor;

  /**
   * @param parameters of the whole supernet
   */
  Perturbations(
      RecordedJson json,
      RecordedTensors tensors,
      Supernet supernet,
      Parameters parameters,
      List<Check> checks,
      Engine engine,
      Monitor monitor) {
    this.json = json;
    this.tensors = tensors;
    this.supernet = supernet;
    this.parameters = parameters;
    this.checks = checks;
    this.engine = engine;
    this.monitor = monitor;
  }

  void verify() {
    RecordedJson proxies = json.at("proxies");
    for (String name : proxies.names()) {
      RecordedJson steps = proxies.at(name).at("steps");
      for (int s = 0; s < steps.size(); s++) {
        switch (name) {
          case "jacob" -> kernels(proxies.at(name), steps.at(s));
          case "snip", "synflow" -> sums(name, steps.at(s));
          default -> throw proxies.at(name).wrong("jacob, snip or synflow");
        }
      }
    }
  }

  private void kernels(RecordedJson proxy, RecordedJson step) {
    Images images = tensors.images("input");
    NetworkGraph graph = supernet.graph();
    List<Row> absent = rows("jacob", step, cells(step) ? Row.State.SKIP : Row.State.BLOCK);
    int[] relus = Hooks.RELUS.multiplicities(graph);
    int[] wrappers = Hooks.RELUS_AND_WRAPPERS.multiplicities(graph);
    Arrays.setAll(wrappers, k -> wrappers[k] - relus[k]);
    List<long[][]> found = new ArrayList<>();
    try (Plan plan = engine.plan(graph, PlanOptions.batch(images.samples()))) {
      kernels(plan, relus, absent, images, (i, kernel) -> found.add(kernel));
      List<Row> seen = cells(step) ? absent : rows("jacob", step, Row.State.MUTE);
      kernels(plan, wrappers, seen, images, (i, kernel) -> add(found.get(i), kernel));
    }
    for (int o = 0; o < found.size(); o++) {
      compare(proxy, step, o, found.get(o));
    }
  }

  private void kernels(
      Plan plan,
      int[] multiplicities,
      List<Row> rows,
      Images images,
      Plan.Results<long[][]> results) {
    List<Job> jobs = rows.stream().map(row -> new Job(row, parameters, images)).toList();
    plan.activationKernel(jobs, multiplicities, NormMode.RUNNING, results, monitor);
  }

  private static void add(long[][] to, long[][] kernel) {
    for (int i = 0; i < to.length; i++) {
      for (int j = 0; j < to.length; j++) {
        to[i][j] += kernel[i][j];
      }
    }
  }

  private void compare(RecordedJson proxy, RecordedJson step, int operation, long[][] kernel) {
    String of = state(step);
    String matrix = "expected.jacob.K." + of + ".op" + operation;
    String label = name("jacob", step, operation);
    if (tensors.has(matrix)) {
      double[] recorded = tensors.get(matrix, kernel.length, kernel.length).values();
      double[] computed =
          Arrays.stream(kernel).flatMapToLong(Arrays::stream).asDoubleStream().toArray();
      long flipped = ActivationKernels.flipped(mostReaders());
      double[] allowed = Bounds.same(recorded.length, flipped);
      checks.add(Check.worst(label + " K", recorded, computed, allowed));
    }
    double expected =
        step.at("scores_f64_logdet_of_same_K").at(json.at("ops").at(operation).text()).number();
    double allowed =
        proxy.at("tolerance").at("value_against_f64_logdet").number() * Math.abs(expected);
    double score = ActivationKernelLogDeterminant.of(kernel).published();
    checks.add(new Check(label, expected, score, allowed));
  }

  /** How often a unit counts at most: all operations on a value have the same pattern. */
  private long mostReaders() {
    NetworkGraph graph = supernet.graph();
    int[] multiplicities = Hooks.RELUS_AND_WRAPPERS.multiplicities(graph);
    Map<Integer, Long> bySource = new HashMap<>();
    int k = 0;
    for (Node node : graph.nodes()) {
      if (node.operation() instanceof Operation.Relu) {
        bySource.merge(node.inputs().get(0), (long) multiplicities[k++], Long::sum);
      }
    }
    return Collections.max(bySource.values());
  }

  /** Flows in float64, as published; the others in float32. */
  private void sums(String name, RecordedJson step) {
    boolean flow = name.equals("synflow");
    NetworkScore score =
        flow ? new SynapticFlow(SynapticFlow.Kept.NONE, ANY) : new ConnectionSensitivity(1, ANY);
    RecordedJson proxy = json.at("proxies").at(name);
    Images images = first(proxy.at("batch").integer(), flow);
    double[] exact = sums(score, Precision.FLOAT64, images, step);
    double[] computed = flow ? exact : sums(score, Precision.FLOAT32, images, step);
    for (int o = 0; o < computed.length; o++) {
      String operation = json.at("ops").at(o).text();
      double expected = step.at("scores_when_op_removed").at(operation).number();
      // README of the cases: or 20 times the difference between number types. None is recorded
      // here, so it is our own; ReLUs that change sides move gradients by more than the bound.
      double allowed =
          Math.max(
              Bounds.stated(proxy.at("tolerance"), expected),
              LayerSums.MEASURED * Math.abs(computed[o] - exact[o]));
      checks.add(new Check(name(name, step, o), expected, computed[o], allowed));
    }
  }

  private double[] sums(NetworkScore score, Precision precision, Images images, RecordedJson step) {
    List<Job> jobs =
        rows(score.name(), step, Row.State.SKIP).stream()
            .map(row -> new Job(row, parameters, images))
            .toList();
    double[] sums = new double[jobs.size()];
    PlanOptions options = new PlanOptions(images.samples(), precision);
    try (Plan plan = engine.plan(supernet.graph(), options)) {
      score.compute(plan, jobs, (o, value) -> sums[o] = value.published(), monitor);
    }
    return sums;
  }

  /** The first images of the batch, with their classes where a loss asks for them. */
  private Images first(int batch, boolean flow) {
    Images all = tensors.images("input");
    int length = all.values().length / all.samples() * batch;
    Images some =
        new Images(
            Arrays.copyOf(all.values(), length), batch, all.channels(), all.height(), all.width());
    if (flow) {
      return some;
    }
    Shape output = supernet.graph().nodes().get(supernet.graph().output()).shape();
    int[] labels = tensors.labels("target", all.samples(), output.channels());
    return some.labelled(Arrays.stream(labels).limit(batch).boxed().toList());
  }

  /**
   * With each operation of the step's edge taken away in turn.
   *
   * @param weightless what an operation is that weighs 0
   */
  private List<Row> rows(String proxy, RecordedJson step, Row.State weightless) {
    List<Row> rows = new ArrayList<>();
    for (int o = 0; o < json.at("ops").size(); o++) {
      double[] coefficients = new double[supernet.graph().choices()];
      Row.State[] states = new Row.State[coefficients.length];
      Arrays.fill(states, weightless);
      for (MixedEdge edge : supernet.edges()) {
        place(edge, weights(proxy, step, edge.cellType(), o), coefficients, states);
      }
      rows.add(new Row(coefficients, states));
    }
    return rows;
  }

  private void place(MixedEdge edge, double[] weights, double[] coefficients, Row.State[] states) {
    RecordedJson operations = json.at("ops");
    int first = edgeIndex(edge) * operations.size();
    for (int o = 0; o < operations.size(); o++) {
      double weight = weights[first + o];
      int choice = edge.choices().get(edge.operations().indexOf(operations.at(o).text()));
      if (weight != 0) {
        coefficients[choice] = weight;
        states[choice] = Row.State.RUN;
      }
    }
  }

  private int edgeIndex(MixedEdge edge) {
    RecordedJson edges = json.at("edges");
    for (int e = 0; e < edges.size(); e++) {
      if (edge.name().endsWith(edges.at(e).text())) {
        return e;
      }
    }
    throw edges.wrong("the edges of the space, " + edge.name() + " among them");
  }

  private double[] weights(String proxy, RecordedJson step, int cellType, int operation) {
    String weights = "expected_input.weights";
    String name = weights + "." + proxy + "." + state(step) + ".op" + operation;
    if (cells(step)) {
      boolean own = step.at("cell_type").text().equals(cellType == 0 ? "normal" : "reduce");
      String at = "." + state(step) + ".step" + step.at("step").integer();
      name = own ? weights + at + ".op" + operation : weights + "_other_cell" + at;
    }
    return tensors.get(name, json.at("edges").size(), json.at("ops").size()).values();
  }

  /** Whether the space has two types of cells. */
  private static boolean cells(RecordedJson step) {
    return step.has("cell_type");
  }

  private static String state(RecordedJson step) {
    return step.at(cells(step) ? "cell_type" : "state").text();
  }

  private String name(String proxy, RecordedJson step, int operation) {
    return state(step) + " without " + json.at("ops").at(operation).text() + " " + proxy;
  }
}
