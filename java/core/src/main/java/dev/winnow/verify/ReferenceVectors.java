package dev.winnow.verify;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.CellSpace;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import dev.winnow.space.darts.Darts;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file {@code te-nas-vectors.json}: results of the TE-NAS program in float64 on weights and
 * inputs that follow from a rule, so that nothing but results is stored. Weights: splitmix64 of
 * seed 1 (region networks 7) over convolutions and classifier in construction order, U(−1, 1) over
 * √fan_in, rounded to float32; norms 1 and 0, classifier bias 0. Images: seed 12345, U(−√3, √3).
 * Patches: seed 777, a common level in U(−√3, √3) plus U(−0.15, 0.15) per pixel.
 */
final class ReferenceVectors {
  static final String FILE_NAME = "te-nas-vectors.json";
  private static final String FULL = "A_nb201_supernet";
  private static final int CLASSES = 10;
  private static final Shape IMAGE = new Shape(3, 16, 16);
  private static final Shape PATCH = new Shape(1, 3, 3);
  private static final int PATCHES = 600;
  private static final int PATCH_BATCH = 200;

  private final String name;
  private final RecordedJson json;
  private final Engine engine;
  private final Monitor monitor;
  private final List<Check> checks = new ArrayList<>();

  ReferenceVectors(String name, RecordedJson json, Engine engine, Monitor monitor) {
    this.name = name;
    this.json = json;
    this.engine = engine;
    this.monitor = monitor;
  }

  /** Whether a JSON file is one of these. */
  static boolean recognises(RecordedJson json) {
    return json.has(FULL);
  }

  CaseReport verify() {
    CellSpace cells = new NasBench201();
    NetworkOptions size = new NetworkOptions(3, 1, 3, true, CLASSES, IMAGE);
    exact("A_ntensors", json.at("A_ntensors"), filled(cells.supernet(size).graph()).size());
    boolean[][] all = full(cells);
    boolean[][] pruned = full(cells);
    pruned[2][3] = false;
    Map<String, boolean[][]> masks = new LinkedHashMap<>();
    masks.put(FULL, all);
    masks.put("B_nb201_prune_edge2_op3", pruned);
    masks.put("C_nb201_single_3_1_2_4_3_1", single(cells, 3, 1, 2, 4, 3, 1));
    kernels(cells.supernet(size), 6, masks);
    regions("F_lr_nb201", cells.supernet(new NetworkOptions(1, 1, 1, false, CLASSES, PATCH)), all);

    CellSpace darts = new Darts();
    Supernet supernet = darts.supernet(darts.reduced(CLASSES, IMAGE));
    exact("D_ntensors", json.at("D_ntensors"), filled(supernet.graph()).size());
    masks.clear();
    masks.put("D_darts_supernet", full(darts));
    masks.put("E_darts_final", single(darts, finalOperations()));
    kernels(supernet, 5, masks);
    regions("G_lr_darts", darts.supernet(darts.thin(CLASSES, PATCH)), full(darts));
    return new CaseReport(name, "te-nas reference vectors", checks, List.of(), "");
  }

  /** Operation 1 + (e mod 7) on edge e, backwards in the reduction cell; six edges removed. */
  private static int[] finalOperations() {
    int edges = 14;
    int[] operations = new int[2 * edges];
    for (int e = 0; e < edges; e++) {
      operations[e] = 1 + e % 7;
      operations[2 * edges - 1 - e] = 1 + e % 7;
    }
    for (int removed : new int[] {4, 7, 8, 11, 12, 13}) {
      operations[removed] = 0;
      operations[edges + removed] = 0;
    }
    return operations;
  }

  private void kernels(Supernet supernet, int samples, Map<String, boolean[][]> masks) {
    NetworkGraph graph = supernet.graph();
    Parameters parameters = fill(graph, new SplitMix64(1));
    Images images = images(samples);
    List<String> names = List.copyOf(masks.keySet());
    masks.forEach(
        (entry, alive) ->
            exact(entry + " P", json.at(entry).at("P"), Rows.weights(graph, supernet.row(alive))));
    for (Precision precision : Precision.values()) {
      List<Job> jobs =
          masks.values().stream()
              .map(a -> new Job(Rows.equal(supernet, a, precision), parameters, images))
              .toList();
      try (Plan plan = engine.plan(graph, new PlanOptions(samples, precision))) {
        plan.logits(
            jobs,
            NormMode.BATCH,
            (i, logits) -> compareLogits(names.get(i), logits, Bounds.sum(precision), precision),
            monitor);
        plan.ntk(
            jobs,
            (i, theta) ->
                kernel(json.at(names.get(i)), precision)
                    .compare(names.get(i) + " ", theta, precision, checks),
            monitor);
      }
    }
  }

  private static Kernel kernel(RecordedJson recorded, Precision precision) {
    double[] gram = recorded.at("gram").numbers();
    double[] eigenvalues = recorded.at("eig").numbers();
    double kappa = recorded.at("cond").number();
    return precision == Precision.FLOAT32
        ? Kernel.float32(gram, eigenvalues, kappa)
        : Kernel.float64(gram, eigenvalues, kappa, Bounds.FLOAT64);
  }

  private void compareLogits(
      String entry, double[][] logits, double relative, Precision precision) {
    double[] row = json.at(entry).at("logits_row0").numbers();
    double[] sums = json.at(entry).at("logit_sums").numbers();
    double[] computed = Arrays.stream(logits).mapToDouble(z -> Arrays.stream(z).sum()).toArray();
    // A sum of K logits: K times the error of the largest.
    double bound = relative * Bounds.maxAbs(row);
    String of = " " + Bounds.label(precision);
    checks.add(
        Check.worst(entry + " logits_row0" + of, row, logits[0], Bounds.same(row.length, bound)));
    checks.add(
        Check.worst(
            entry + " logit_sums" + of, sums, computed, Bounds.same(sums.length, CLASSES * bound)));
  }

  private void regions(String entry, Supernet supernet, boolean[][] alive) {
    SplitMix64 stream = new SplitMix64(7);
    for (int i = 0; i < 9; i++) {
      stream.nextSigned(); // the stem's 1x1x3x3 weights: drawn, never used
    }
    Row row = supernet.row(alive);
    Job job = new Job(row, fill(supernet.graph(), stream), patches());
    for (Precision precision : Precision.values()) {
      String label = Bounds.label(precision);
      RecordedJson recorded = json.at(entry).at(label);
      String of = entry + " " + label + " ";
      try (Plan plan = engine.plan(supernet.graph(), new PlanOptions(PATCH_BATCH, precision))) {
        Reading<Long> count = new Reading.LinearRegions();
        Reading<Reading.PatternCount> counts = new Reading.PatternCounts();
        plan.read(
            List.of(job),
            Pass.forward(NormMode.BATCH, count, counts),
            (i, read) -> {
              exact(of + "regions", recorded.at("regions"), read.get(count));
              exact(of + "active", recorded.at("active"), read.get(counts).activeUnits());
            },
            monitor);
      }
      exact(of + "bits", recorded.at("bits"), Rows.patternBits(supernet.graph(), row));
    }
  }

  private void exact(String what, RecordedJson expected, long computed) {
    checks.add(new Check(what, expected.number(), computed, 0));
  }

  private static boolean[][] full(CellSpace space) {
    List<MixedEdge> edges = space.edges();
    boolean[][] alive = new boolean[edges.size()][];
    for (int e = 0; e < alive.length; e++) {
      alive[e] = new boolean[edges.get(e).operations().size()];
      Arrays.fill(alive[e], 1, alive[e].length, true); // all but none
    }
    return alive;
  }

  /**
   * @param operations one of each edge; 0 is none, the edge is removed
   */
  private static boolean[][] single(CellSpace space, int... operations) {
    boolean[][] alive = full(space);
    for (int edge = 0; edge < operations.length; edge++) {
      Arrays.fill(alive[edge], false);
      alive[edge][operations[edge]] = true;
    }
    return alive;
  }

  private static List<TensorSpec> filled(NetworkGraph graph) {
    return graph.tensors().stream()
        .filter(t -> t.role() == Role.CONVOLUTION_WEIGHT || t.role() == Role.LINEAR_WEIGHT)
        .toList();
  }

  private static Parameters fill(NetworkGraph graph, SplitMix64 stream) {
    Map<String, Tensor> tensors = new HashMap<>();
    for (TensorSpec spec : graph.tensors()) {
      double constant =
          spec.role() == Role.NORM_SCALE || spec.role() == Role.RUNNING_VARIANCE ? 1 : 0;
      double[] values = new double[Math.toIntExact(spec.elements())];
      Arrays.fill(values, constant);
      tensors.put(
          spec.name(), new Tensor(spec.shape().stream().mapToInt(side -> side).toArray(), values));
    }
    // The builder's order is the program's order of construction.
    for (TensorSpec spec : filled(graph)) {
      double fanIn = (double) spec.elements() / spec.shape().get(0);
      double[] values = tensors.get(spec.name()).values();
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (stream.nextSigned() / Math.sqrt(fanIn));
      }
    }
    return new Parameters.Given(tensors);
  }

  private static Images images(int samples) {
    SplitMix64 stream = new SplitMix64(12345);
    float[] values = new float[samples * 3 * 16 * 16];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (stream.nextSigned() * Math.sqrt(3));
    }
    return new Images(values, samples, 3, 16, 16);
  }

  private static Images patches() {
    SplitMix64 stream = new SplitMix64(777);
    float[] values = new float[PATCHES * 9];
    for (int patch = 0; patch < PATCHES; patch++) {
      double level = stream.nextSigned() * Math.sqrt(3);
      for (int pixel = 0; pixel < 9; pixel++) {
        values[patch * 9 + pixel] = (float) (level + 0.15 * stream.nextSigned());
      }
    }
    return new Images(values, PATCHES, 1, 3, 3);
  }
}
