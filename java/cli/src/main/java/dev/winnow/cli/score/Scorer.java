package dev.winnow.cli.score;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.random.Stream;
import dev.winnow.score.Labels;
import dev.winnow.score.MacCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.ParameterCount;
import dev.winnow.score.PassInput;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Protocol;
import dev.winnow.score.Sampling;
import dev.winnow.score.Score;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.SingleNetwork;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Scores architectures one by one. In a repeat all architectures see the same images and equally
 * named weights are equal, so what differs between them is not the draw; a value depends on the
 * seed, the architecture and the repeat alone.
 */
public final class Scorer {
  private final SearchSpace space;
  private final ScoreSettings settings;
  private final Map<String, NetworkScore> scores;
  private final List<Group> groups;
  private final Optional<ImageSet> images;
  private final Optional<GivenNetwork> given;
  private final long seed;
  private final int repeats;
  private final Supplier<Engine> engine;
  private final Map<Protocol, List<Images>> batches = new HashMap<>();
  private final Map<String, Long> nanos = new LinkedHashMap<>();
  private long scored;

  /**
   * @param scores their names
   * @param images what networks with drawn weights see
   * @param given weights and batch in place of drawn ones and images
   * @param repeats draws of weights and images per score
   * @param engine asked for when a score needs one; counts do not
   * @throws IllegalArgumentException for a score that needs labels on images without
   */
  public Scorer(
      SearchSpace space,
      ScoreSettings settings,
      List<String> scores,
      Optional<ImageSet> images,
      Optional<GivenNetwork> given,
      long seed,
      int repeats,
      Supplier<Engine> engine) {
    this.space = space;
    this.settings = settings;
    this.scores = new LinkedHashMap<>();
    scores.forEach(name -> this.scores.put(name, settings.score(name)));
    for (NetworkScore score : this.scores.values()) {
      images.ifPresent(all -> Labels.require(score, all));
      given.ifPresent(network -> Labels.require(score, network.images()));
    }
    this.images = images;
    this.given = given;
    this.seed = seed;
    this.repeats = repeats;
    this.engine = engine;
    Map<Setup, Group> groups = new LinkedHashMap<>();
    this.scores.forEach(
        (name, score) -> {
          Group group = groups.computeIfAbsent(setup(score), Group::new);
          group.names.add(name);
          group.scores.add(score);
        });
    this.groups = List.copyOf(groups.values());
  }

  /** What scores have in common that are computed together: the plan, its jobs. */
  private record Setup(
      boolean counted, Optional<Protocol> protocol, int batch, PlanOptions.Precision precision) {}

  /** Scores on equal networks, weights and images. */
  private static final class Group {
    final Setup setup;
    final List<String> names = new ArrayList<>();
    final List<NetworkScore> scores = new ArrayList<>();
    List<Job> drawn; // what networks of all architectures are given; null before the first

    Group(Setup setup) {
      this.setup = setup;
    }
  }

  private Setup setup(NetworkScore score) {
    return new Setup(
        counts(score),
        given.isPresent() ? Optional.empty() : Optional.of(protocol(score)),
        batch(score),
        score.precision());
  }

  /** What is stored with every value, column by column. */
  public Map<String, String> protocol() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("space", space.name());
    columns.put("seed", given.isPresent() && !addsNoise(space) ? "" : Long.toString(seed));
    columns.put("repeats", Integer.toString(repeats));
    columns.put("data", given.isPresent() ? "given" : images.orElseThrow().name());
    columns.put("device", engineProvenance().getOrDefault("kind", ""));
    columns.put("variant", engineProvenance().getOrDefault("variant", ""));
    scores.forEach((name, score) -> columns.put(name + "_protocol", describe(score)));
    return columns;
  }

  /** Whether networks of a space draw numbers as they run, so that given weights leave a draw. */
  public static boolean addsNoise(SearchSpace space) {
    NetworkOptions size = space.standard(10, 32);
    NetworkGraph graph =
        space instanceof CellSpace cells
            ? cells.supernet(size).graph()
            : space.network(space.example(), size);
    return graph.nodes().stream().anyMatch(node -> node.operation() instanceof Operation.Noise);
  }

  /** Where the engine computes; empty where no score needs one. */
  public Map<String, String> engineProvenance() {
    return computes() ? engine.get().provenance() : Map.of();
  }

  private boolean computes() {
    return !scores.values().stream().allMatch(Scorer::counts);
  }

  private String describe(NetworkScore score) {
    if (given.isPresent()) {
      String network = network(given()) + "; given weights";
      return counts(score)
          ? network
          : network
              + "; "
              + (flow(score) ? "1 ones" : givenSamples() + " given images")
              + norm(score);
    }
    Protocol protocol = protocol(score);
    if (counts(score)) {
      return network(protocol.network());
    }
    return network(protocol.network())
        + "; "
        + protocol.initialization().name()
        + "; "
        + (protocol.sampling().batches() == 1 ? "" : protocol.sampling().batches() + " x ")
        + protocol.sampling().batch()
        + " "
        + protocol.sampling().kind().name().toLowerCase(Locale.ROOT)
        + norm(score);
  }

  private static String norm(NetworkScore score) {
    String statistics =
        switch (score.norm()) {
          case BATCH -> "batch statistics";
          case RUNNING -> "running statistics";
          case IDENTITY -> "no normalisation";
        };
    return "; "
        + statistics
        + "; "
        + score.precision().name().toLowerCase(Locale.ROOT)
        + (score.options().isEmpty() ? "" : "; " + score.options());
  }

  private static boolean flow(NetworkScore score) {
    return score instanceof PassScore one && one.input().equals(PassInput.FLOW);
  }

  private int givenSamples() {
    return given.orElseThrow().images().samples();
  }

  private String network(NetworkOptions options) {
    if (space instanceof SingleNetwork) {
      return "classes=" + options.classes() + " input=" + options.input();
    }
    return "C="
        + options.channels()
        + " N="
        + options.cellsPerStage()
        + " stages="
        + options.stages()
        + (options.stem() ? "" : " no stem")
        + " classes="
        + options.classes()
        + " input="
        + options.input();
  }

  private static boolean counts(NetworkScore score) {
    return score instanceof ParameterCount || score instanceof MacCount;
  }

  private NetworkOptions size(Setup setup) {
    return given.isPresent() ? given() : setup.protocol().orElseThrow().network();
  }

  private NetworkOptions given() {
    return settings.given(given.orElseThrow().size());
  }

  /** All scores of an architecture; those that can share passes do. */
  public Map<String, Summary> score(String architecture, Monitor monitor) {
    Map<String, Summary> summaries = new LinkedHashMap<>();
    scores.keySet().forEach(name -> summaries.put(name, null)); // their order
    for (Group group : groups) {
      List<String> names = group.names;
      long start = System.nanoTime();
      List<List<Score>> repeated = values(group, architecture, monitor);
      for (int s = 0; s < names.size(); s++) {
        int index = s;
        List<Score> values = repeated.stream().map(all -> all.get(index)).toList();
        summaries.put(names.get(s), Summary.of(values));
      }
      long each = (System.nanoTime() - start) / names.size();
      names.forEach(name -> nanos.merge(name, each, Long::sum));
    }
    scored++;
    return summaries;
  }

  /**
   * Multiply-accumulates of one image in the networks of an architecture, one network for all
   * scores that are computed together: how large it is for them.
   */
  public long macs(String architecture) {
    return groups.stream()
        .map(group -> size(group.setup))
        .mapToLong(size -> space.network(architecture, size).macs())
        .sum();
  }

  /** Number of architectures scored so far. */
  public long scored() {
    return scored;
  }

  /**
   * Nanoseconds spent on each score so far, building the networks included; of what is computed
   * together each has an equal part.
   */
  public Map<String, Long> nanoseconds() {
    return nanos;
  }

  /**
   * Refuses what the device cannot compute. To be asked with the first architecture before anything
   * is computed or written.
   *
   * @throws IllegalArgumentException naming the score, the device and what it lacks
   */
  public void requireDevice(String architecture) {
    for (NetworkScore score : scores.values()) {
      if (!counts(score)) {
        Passes.require(engine.get(), space.network(architecture, size(setup(score))), score);
      }
    }
  }

  /** Scores that are computed together, repeat by repeat. */
  private List<List<Score>> values(Group group, String architecture, Monitor monitor) {
    Setup setup = group.setup;
    NetworkGraph graph = space.network(architecture, size(setup));
    if (setup.counted()) {
      return List.of(group.scores.stream().map(one -> count(one, graph)).toList());
    }
    if (given.isEmpty() && group.drawn == null) {
      group.drawn = drawnJobs(setup.protocol().orElseThrow());
    }
    List<Job> jobs = given.isPresent() ? givenJob(graph) : group.drawn;
    List<List<Score>> values = new ArrayList<>();
    try (Plan plan = engine.get().plan(graph, new PlanOptions(setup.batch(), setup.precision()))) {
      Passes.computeAll(plan, jobs, group.scores, (job, all) -> values.add(all), monitor);
    }
    return values;
  }

  private static Score count(NetworkScore score, NetworkGraph graph) {
    return Score.of(score instanceof MacCount ? graph.macs() : graph.parameters());
  }

  private int batch(NetworkScore score) {
    return given.isPresent() ? score.batchOf(givenSamples()) : protocol(score).sampling().batch();
  }

  private List<Job> givenJob(NetworkGraph graph) {
    GivenNetwork network = given.orElseThrow();
    Job job = new Job(Row.NONE, new Parameters.Given(network.weights(graph)), network.images());
    return List.of(job.noisy(noise(0)));
  }

  /** What noise operations add in a repeat, whatever the weights and images. */
  private Stream noise(int repeat) {
    return Stream.root(seed).of("score").of("noise").of(repeat);
  }

  private Protocol protocol(NetworkScore score) {
    return settings.protocol(score, space, images.orElseThrow());
  }

  private List<Job> drawnJobs(Protocol protocol) {
    List<Images> drawn = batches.computeIfAbsent(protocol, this::draw);
    List<Job> jobs = new ArrayList<>();
    for (int r = 0; r < repeats; r++) {
      Job job = new Job(Row.NONE, drawn(protocol, r), drawn.get(r));
      jobs.add(job.noisy(noise(r)));
    }
    return jobs;
  }

  private List<Images> draw(Protocol protocol) {
    List<Images> drawn = new ArrayList<>();
    for (int r = 0; r < repeats; r++) {
      drawn.add(protocol.draw(images.orElseThrow(), stream(protocol).of("images").of(r), 0));
    }
    return drawn;
  }

  private Parameters drawn(Protocol protocol, int repeat) {
    return new Parameters.Drawn(
        protocol.initialization(), stream(protocol).of("weights").of(repeat));
  }

  /** Scores of one initialisation and sampling see the same weights and images. */
  private Stream stream(Protocol protocol) {
    Sampling sampling = protocol.sampling();
    return Stream.root(seed)
        .of("score")
        .of(protocol.initialization().name())
        .of(sampling.kind().name())
        .of(sampling.batch())
        .of(sampling.batches());
  }

  /**
   * The weights and the batch that a score of an architecture is computed on in the first repeat,
   * by canonical name, {@code input} and, where known, {@code target}: what {@link GivenNetwork}
   * reads.
   */
  public Map<String, Tensor> tensors(String name, String architecture) {
    NetworkScore score = scores.get(name);
    Protocol protocol = protocol(score);
    NetworkGraph graph = space.network(architecture, protocol.network());
    Map<String, Tensor> tensors;
    try (Plan plan = engine.get().plan(graph, PlanOptions.batch(protocol.sampling().batch()))) {
      tensors = new LinkedHashMap<>(plan.values(drawn(protocol, 0)));
    }
    Images batch = protocol.draw(images.orElseThrow(), stream(protocol).of("images").of(0), 0);
    double[] pixels = new double[batch.values().length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = batch.values()[i];
    }
    int[] shape = {batch.samples(), batch.channels(), batch.height(), batch.width()};
    tensors.put(GivenNetwork.INPUT, new Tensor(shape, pixels));
    double[] labels = batch.labels().stream().mapToDouble(label -> label).toArray();
    if (labels.length > 0) {
      tensors.put(GivenNetwork.TARGET, new Tensor(new int[] {labels.length}, labels));
    }
    return tensors;
  }

  /** Tensors of the given file that an architecture does not use. */
  public List<String> unused(String architecture) {
    return given
        .map(network -> network.unused(space.network(architecture, given())))
        .map(List::copyOf)
        .orElse(List.of());
  }
}
