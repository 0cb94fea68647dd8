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
import dev.winnow.compute.Reading.PatternCount;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.score.NetworkScore;
import dev.winnow.space.CellSpace;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import dev.winnow.space.darts.Darts;
import dev.winnow.space.darts.DartsCell;
import dev.winnow.space.layer.MobileNet;
import dev.winnow.space.layer.NasBenchMacro;
import dev.winnow.verify.CaseReport.NotRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A folder {@code case.json}, {@code tensors.safetensors} of schema golden-parity/1. */
final class GoldenCase {
  static final String DESCRIPTION = "case.json";
  private static final String SCHEMA = "golden-parity/1";
  private static final Reading<Long> REGIONS = new Reading.LinearRegions();
  private static final Reading<PatternCount> COUNTS = new Reading.PatternCounts();
  private static final Map<String, CellSpace> SPACES =
      Map.of(
          "nb201", new NasBench201(),
          "darts", new Darts(),
          "mobilenet", new MobileNet(),
          "nbmacro", new NasBenchMacro());

  private final Path folder;
  private final RecordedJson json;
  private final Engine engine;
  private final Monitor monitor;
  private CellSpace space;
  private final List<Check> checks = new ArrayList<>();
  private final List<NotRun> notRun = new ArrayList<>();

  GoldenCase(Path folder, RecordedJson json, Engine engine, Monitor monitor) {
    this.folder = folder;
    this.json = json;
    this.engine = engine;
    this.monitor = monitor;
  }

  CaseReport verify() throws IOException {
    String schema = json.at("schema").text();
    if (!schema.equals(SCHEMA)) {
      throw json.at("schema").wrong(SCHEMA);
    }
    String kind = json.at("kind").text();
    String spaceName = json.at("space").text();
    space = SPACES.get(spaceName);
    if (space == null) {
      skip("space " + spaceName, "its networks cannot be built yet");
    } else {
      switch (kind) {
        case "tenas_supernet_ntk" -> kernels();
        case "tenas_supernet_regions" -> regions();
        case "zero_cost_scores" -> scores();
        case "forward_backward" -> forwardBackward();
        case "zero_cost_pt" -> perturbations();
        case "supernet_training" ->
            skip(
                "kind " + kind,
                "steps of an optimiser: this engine scores networks and trains none");
        default -> skip("kind " + kind, "it cannot be computed yet");
      }
    }
    return new CaseReport(json.at("case").text(), kind, checks, notRun, "");
  }

  private void skip(String name, String reason) {
    notRun.add(new NotRun(name, reason));
  }

  /** Whether the device has a score; one that it does not have is skipped, with its reason. */
  private boolean runs(NetworkScore score, NetworkGraph graph) {
    Optional<String> refusal = score.refusal(engine, graph);
    refusal.ifPresent(reason -> skip(score.name(), reason));
    return refusal.isEmpty();
  }

  private RecordedTensors tensors() throws IOException {
    Path file = folder.resolve("tensors.safetensors");
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(file + ": no such file");
    }
    return RecordedTensors.read(file, json.at("tensors_sha256").text());
  }

  private void kernels() throws IOException {
    RecordedTensors tensors = tensors();
    Images images = tensors.images("input");
    Supernet supernet = space.supernet(supernetOptions(images));
    Parameters parameters = tensors.parameters(supernet.graph(), "");
    int n = images.samples();
    for (Precision precision : Precision.values()) {
      List<Job> jobs = jobs(supernet, tensors, parameters, images, precision);
      try (Plan plan = engine.plan(supernet.graph(), new PlanOptions(n, precision))) {
        plan.ntk(
            jobs,
            (i, theta) ->
                Kernel.recorded(proxy(mask(i), "ntk_cond"), tensors, n, precision)
                    .compare(mask(i).at("mask").text() + " ", theta, precision, checks),
            monitor);
      }
    }
    for (int i = 0; i < json.at("masks").size(); i++) {
      othersOf(mask(i), List.of("ntk_cond"));
    }
  }

  private void regions() throws IOException {
    RecordedTensors tensors = tensors();
    Images images = tensors.images("lr.input");
    Supernet supernet = space.supernet(supernetOptions(images));
    Parameters parameters = tensors.parameters(supernet.graph(), "thin.");
    List<Job> jobs = jobs(supernet, tensors, parameters, images, Precision.FLOAT32);
    int batch = tensors.get("lr.input").shape()[1];
    try (Plan plan = engine.plan(supernet.graph(), PlanOptions.batch(batch))) {
      plan.read(
          jobs,
          Pass.forward(NormMode.BATCH, REGIONS, COUNTS),
          (i, read) -> {
            RecordedJson proxy = proxy(mask(i), "linear_regions");
            String name = mask(i).at("mask").text() + " linear_regions ";
            double expected = proxy.at("exact_unique_codes").number();
            double allowed = Bounds.stated(proxy.at("tolerance"), expected);
            checks.add(new Check(name + "float32", expected, read.get(REGIONS), allowed));
            long bits = Rows.patternBits(supernet.graph(), jobs.get(i).row());
            checks.add(new Check(name + "bits", proxy.at("n_code_bits").number(), bits, 0));
            PatternCount counts = read.get(COUNTS);
            if (proxy.has("constant_bits")) {
              double constant = proxy.at("constant_bits").number();
              checks.add(new Check(name + "constant_bits", constant, counts.constantUnits(), 0));
            }
            if (proxy.has("largest_region")) { // a sign that flips takes a patch in or out of it
              double largest = proxy.at("largest_region").number();
              checks.add(
                  new Check(name + "largest_region", largest, counts.largestRegion(), allowed));
            }
          },
          monitor);
    }
    for (int i = 0; i < jobs.size(); i++) {
      othersOf(mask(i), List.of("linear_regions"));
    }
  }

  private List<Job> jobs(
      Supernet supernet,
      RecordedTensors tensors,
      Parameters parameters,
      Images images,
      Precision precision) {
    RecordedJson masks = json.at("masks");
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < masks.size(); i++) {
      double[] values = alphas(supernet, masks.at(i).at("alpha_tensor"), tensors);
      jobs.add(new Job(Rows.softmax(supernet, values, precision), parameters, images));
    }
    return jobs;
  }

  /** The rows of one tensor for each type of cell, one below the other. */
  private static double[] alphas(Supernet supernet, RecordedJson names, RecordedTensors tensors) {
    List<double[]> parts = new ArrayList<>();
    for (int type = 0; type < names.size(); type++) {
      int cellType = type;
      List<MixedEdge> edges =
          supernet.edges().stream().filter(edge -> edge.cellType() == cellType).toList();
      int operations = edges.get(0).operations().size();
      parts.add(tensors.get(names.at(type).text(), edges.size(), operations).values());
    }
    return parts.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private RecordedJson mask(int index) {
    return json.at("masks").at(index);
  }

  private static RecordedJson proxy(RecordedJson owner, String name) {
    return owner.at("proxies").at(name);
  }

  /** Names the scores that are recorded beside those that were computed. */
  private void othersOf(RecordedJson owner, List<String> computed) {
    for (String name : owner.at("proxies").names()) {
      if (!computed.contains(name)) {
        skip(name, "this score cannot be computed yet");
      }
    }
  }

  /**
   * Size of a TE-NAS supernet. The program's depth cuts the list of cells and reductions off, −1
   * leaves it whole: three stages. The reduction of DARTS is a cell.
   */
  private NetworkOptions supernetOptions(Images images) {
    RecordedJson network = json.at("network");
    int cells = network.at("N").integer();
    int depth = network.at("depth").integer();
    boolean darts = space instanceof Darts;
    if (darts && network.at("stem_multiplier").integer() != 1) {
      throw network.at("stem_multiplier").wrong("1");
    }
    int stages = 3;
    if (depth != -1) {
      if (depth < 1 || depth > cells + (darts ? 1 : 0)) {
        throw network.at("depth").wrong("-1 or in [1, N]");
      }
      stages = depth > cells ? 2 : 1;
      cells = Math.min(depth, cells);
    }
    return options(network, "num_classes", cells, stages, network.at("use_stem").flag(), images);
  }

  private static NetworkOptions options(
      RecordedJson network, String classes, int cells, int stages, boolean stem, Images images) {
    if (network.has("affine") && !network.at("affine").flag()) {
      throw network.at("affine").wrong("true");
    }
    return new NetworkOptions(
        network.at("C").integer(),
        cells,
        stages,
        stem,
        network.at(classes).integer(),
        new Shape(images.channels(), images.height(), images.width()));
  }

  private void scores() throws IOException {
    RecordedTensors tensors = tensors();
    Images images = tensors.images("input");
    NetworkGraph graph = standAlone("num_classes", images);
    int classes = graph.nodes().get(graph.output()).shape().channels();
    int[] target = tensors.labels("target", images.samples(), classes);
    Images labelled = images.labelled(Arrays.stream(target).boxed().toList());
    Job job = new Job(Row.NONE, tensors.parameters(graph, ""), labelled);
    boolean kernel = json.at("proxies").has("ntk_cond");
    LayerSums sums = new LayerSums(json, score -> runs(score, graph), checks, monitor);
    for (Precision precision : Precision.values()) {
      int n = images.samples();
      try (Plan plan = engine.plan(graph, new PlanOptions(n, precision))) {
        logits(plan, job, tensors);
        if (kernel) {
          plan.ntk(
              List.of(job),
              (i, theta) ->
                  Kernel.recorded(proxy(json, "ntk_cond"), tensors, n, precision)
                      .compare("", theta, precision, checks),
              monitor);
        }
        new ActivationKernels(json, tensors, checks).verify(plan, job, monitor);
        sums.verifyLoss(plan, job);
        new JacobianScores(json, checks, monitor).verify(plan, job);
      }
    }
    sums.verifyFlows(engine, graph, job);
    if (json.at("proxies").has(GaussianComplexities.NAME)
        && runs(GaussianComplexities.SCORE, graph)) {
      GaussianComplexities.verify(json.at("proxies"), tensors, engine, graph, checks, monitor);
    }
    List<String> computed = new ArrayList<>(ActivationKernels.NAMES);
    computed.addAll(LayerSums.NAMES);
    computed.addAll(JacobianScores.NAMES);
    computed.add("ntk_cond");
    computed.add(GaussianComplexities.NAME);
    othersOf(json, computed);
  }

  private void forwardBackward() throws IOException {
    RecordedTensors tensors = tensors();
    Images images = tensors.images("input");
    NetworkGraph graph = standAlone("K", images);
    Job job = new Job(Row.NONE, tensors.parameters(graph, ""), images);
    for (Precision precision : Precision.values()) {
      try (Plan plan = engine.plan(graph, new PlanOptions(images.samples(), precision))) {
        logits(plan, job, tensors);
        new LossGradients(json, tensors, checks).verify(plan, job, monitor);
        new RunningBuffers(json, tensors, checks).verify(plan, job, monitor);
      }
    }
  }

  private void perturbations() throws IOException {
    RecordedTensors tensors = tensors();
    Images images = tensors.images("input");
    RecordedJson network = json.at("network");
    int cells =
        space instanceof Darts ? stageCells(network.at("layers")) : network.at("N").integer();
    Supernet supernet =
        space.supernet(
            new NetworkOptions(
                network.at("C").integer(),
                cells,
                3,
                true,
                network.at("K").integer(),
                new Shape(images.channels(), images.height(), images.width())));
    Parameters parameters = tensors.parametersOfPlainNorms(supernet.graph());
    new Perturbations(json, tensors, supernet, parameters, checks, engine, monitor).verify();
  }

  /** N of a DARTS network of 3 N + 2 cells, the only numbers that stages can express. */
  private static int stageCells(RecordedJson layers) {
    if (layers.integer() < 5 || layers.integer() % 3 != 2) {
      throw layers.wrong("3 N + 2");
    }
    return layers.integer() / 3;
  }

  private NetworkGraph standAlone(String classes, Images images) {
    RecordedJson network = json.at("network");
    if (space instanceof Darts) {
      int cells = stageCells(network.at("layers"));
      return space.network(
          cell(network.at("genotype_normal")) + "/" + cell(network.at("genotype_reduce")),
          options(network, classes, cells, 3, true, images));
    }
    if (space instanceof MobileNet || space instanceof NasBenchMacro) {
      return layers(network, classes, images);
    }
    NetworkOptions options = options(network, classes, network.at("N").integer(), 3, true, images);
    return space.network(json.at("architecture").text(), options);
  }

  /** A network of a space whose depth is fixed; the architecture is a list of numbers. */
  private NetworkGraph layers(RecordedJson network, String classes, Images images) {
    NetworkOptions standard = space.standard(network.at(classes).integer(), images.height());
    int channels =
        network.has("init_channels")
            ? network.at("init_channels").integer()
            : (int) (standard.channels() * network.at("width_mult").number());
    RecordedJson architecture = json.at("architecture");
    String numbers =
        IntStream.range(0, architecture.size())
            .mapToObj(i -> Integer.toString(architecture.at(i).integer()))
            .collect(Collectors.joining(", ", "[", "]"));
    return space.network(
        numbers,
        new NetworkOptions(
            channels,
            standard.cellsPerStage(),
            standard.stages(),
            true,
            standard.classes(),
            standard.input()));
  }

  private static String cell(RecordedJson inputs) {
    if (inputs.size() != DartsCell.SIZE) {
      throw inputs.wrong(DartsCell.SIZE + " inputs");
    }
    return IntStream.range(0, inputs.size())
        .mapToObj(i -> inputs.at(i).at(0).text() + "~" + inputs.at(i).at(1).integer())
        .collect(Collectors.joining(";"));
  }

  /** Logits with batch statistics and the loss they give; with running statistics if recorded. */
  private void logits(Plan plan, Job job, RecordedTensors tensors) {
    Precision precision = plan.options().precision();
    boolean float32 = precision == Precision.FLOAT32;
    String suffix = float32 ? "" : "_f64";
    plan.logits(
        List.of(job),
        NormMode.BATCH,
        (i, logits) -> {
          if (float32 || tensors.has("expected.logits_f64")) {
            compareLogits("logits", "expected.logits" + suffix, logits, precision, tensors);
          }
          double expected = json.at("expected_loss" + suffix).number();
          double loss =
              crossEntropy(logits, tensors.labels("target", logits.length, logits[0].length));
          double allowed = Bounds.sum(precision) * Math.abs(expected);
          checks.add(new Check("loss " + Bounds.label(precision), expected, loss, allowed));
        },
        monitor);
    if (float32 && tensors.has("expected.logits_eval")) {
      plan.logits(
          List.of(job),
          NormMode.RUNNING,
          (i, logits) ->
              compareLogits("logits_eval", "expected.logits_eval", logits, precision, tensors),
          monitor);
    }
  }

  private void compareLogits(
      String name,
      String recorded,
      double[][] logits,
      Precision precision,
      RecordedTensors tensors) {
    double[] expected = tensors.get(recorded, logits.length, logits[0].length).values();
    double size = Bounds.maxAbs(expected);
    double allowed =
        precision == Precision.FLOAT32 && json.has("tolerance")
            ? Bounds.stated(json.at("tolerance").at(name), size)
            : Bounds.sum(precision) * size;
    double[] computed = Arrays.stream(logits).flatMapToDouble(Arrays::stream).toArray();
    checks.add(
        Check.worst(
            name + " " + Bounds.label(precision),
            expected,
            computed,
            Bounds.same(expected.length, allowed)));
  }

  /** Mean over the samples of −log softmax(logits)[target]. */
  private static double crossEntropy(double[][] logits, int[] target) {
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      double largest = Arrays.stream(logits[i]).max().orElseThrow();
      double partition = Arrays.stream(logits[i]).map(z -> Math.exp(z - largest)).sum();
      sum += largest + Math.log(partition) - logits[i][target[i]];
    }
    return sum / logits.length;
  }
}
