package dev.winnow.cli;

import static dev.winnow.cli.ScoreOptions.require;

import dev.winnow.cli.score.DryRun;
import dev.winnow.cli.score.GivenNetwork;
import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.ScoreJson;
import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.cli.score.ScoreSink;
import dev.winnow.cli.score.ScoreTable;
import dev.winnow.cli.score.Scorer;
import dev.winnow.cli.score.Shard;
import dev.winnow.cli.score.Summary;
import dev.winnow.compute.CancelledException;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.net.NetworkJson;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.SingleNetwork;
import dev.winnow.tensor.Dtype;
import dev.winnow.tensor.Safetensors;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow score}: numbers about architectures, without a search. */
@Command(
    name = "score",
    description = {
      "Scores architectures one by one and writes a line each as soon as it is known.",
      "In a repeat all of them see the same images and equally named weights are equal."
    },
    footerHeading = "%nSettings (--set):%n",
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class ScoreCommand implements Callable<Integer> {
  private static final String WAYS = "--arch, --archs, --sample, --all and --network";

  private static final Set<String> COUNTS = Set.of("params", "macs");

  private final Session session;

  private ScoreCommand(Session session) {
    this.session = session;
  }

  /** The command with its settings explained in its help. */
  static CommandLine commandLine(Session session) {
    return ScoreOptions.explained(new CommandLine(new ScoreCommand(session)));
  }

  @Mixin private ScoreOptions options;

  @Option(
      names = "--arch",
      paramLabel = "A",
      description = "An architecture in the space's notation; may be repeated.")
  private List<String> named = new ArrayList<>();

  @Option(
      names = "--network",
      paramLabel = "FILE",
      description = "A network of one's own as JSON, in place of a space and its architectures.")
  private Path network;

  @Option(
      names = "--shard",
      paramLabel = "I/N",
      description = "Only every N-th architecture, beginning with number I from 0.")
  private String shard;

  @Option(
      names = "--params",
      paramLabel = "FILE",
      description =
          "Score these weights (safetensors, canonical names) on the batch in tensor 'input'; the"
              + " network's size is read off them.")
  private Path params;

  @Option(
      names = "--batch",
      paramLabel = "FILE",
      description = "Take tensor 'input' from this file instead.")
  private Path batch;

  @Option(
      names = "--save-params",
      paramLabel = "FILE",
      description =
          "Write the weights and the batch that one architecture's score is computed on, for"
              + " --params; one score besides params and macs, one repeat.")
  private Path saved;

  @Mixin private EngineOptions engineOptions;

  @Option(names = "--out", paramLabel = "FILE", description = "Write CSV here. Default: stdout.")
  private Path out;

  @Option(names = "--resume", description = "Continue --out where it was interrupted.")
  private boolean resume;

  @Option(
      names = "--dry-run",
      description = "Score a few architectures and print what all of them would cost, instead.")
  private boolean dryRun;

  @Option(names = "--json", description = "Print one JSON object instead of CSV.")
  private boolean json;

  @Spec private CommandSpec spec;

  private int broken;

  @Override
  public Integer call() throws IOException {
    checkOptions();
    SearchSpace space = network == null ? Spaces.named(options.space) : ownNetwork();
    require(
        params == null || options.seed == null || Scorer.addsNoise(space),
        "--params draws nothing; --seed cannot be given with it");
    ScoreSettings settings = options.settings();
    Optional<GivenNetwork> given =
        params == null
            ? Optional.empty()
            : Optional.of(GivenNetwork.read(params, batch == null ? params : batch));
    Optional<ImageSet> images =
        given.isPresent()
            ? Optional.empty()
            : Optional.of(ImageSets.open(options.data(), options.seed()));
    try (LazyEngine engine = new LazyEngine(engineOptions, session)) {
      Scorer scorer =
          new Scorer(
              space, settings, options.scores, images, given, options.seed(), repeats(), engine);
      try (Population population = population(space).shard(part())) {
        if (dryRun) {
          DryRun cost = DryRun.of(population, scorer, options.seed(), session.interruption());
          session.console().out().println(json ? JsonOutput.of(cost) : cost.describe());
        } else {
          score(scorer, population);
        }
      }
    }
    return broken == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private void checkOptions() {
    options.check(!named.isEmpty() || network != null, WAYS);
    require(named.isEmpty() || network == null, "one of " + WAYS + " must be given");
    require(batch == null || params != null, "--batch needs --params");
    require(!resume || out != null, "--resume needs --out, the file to continue");
    require(!json || out == null, "--json prints to stdout and --out writes CSV; give one of them");
    require(!dryRun || out == null && saved == null, "--dry-run writes no file");
    if (params != null) {
      require(options.data == null, "--params has its own batch; --data cannot be given with it");
      require(
          options.repeats == null || options.repeats == 1,
          "--params draws nothing; --repeats can only be 1 with it");
      require(saved == null, "--save-params writes drawn weights; --params gives them");
    }
    if (saved != null) {
      require(named.size() == 1 || network != null, "--save-params needs one --arch or --network");
      require(
          drawnScores().size() == 1,
          "--save-params needs one score in --scores besides params and macs");
      require(options.repeats == null || options.repeats == 1, "--save-params needs --repeats 1");
    }
  }

  /** The only architecture of its own space; its size is its own. */
  private SearchSpace ownNetwork() throws IOException {
    require(
        !spec.commandLine().getParseResult().hasMatchedOption("--space"),
        "--network is in place of --space; give one of them");
    for (String assignment : options.assignments) {
      String key = assignment.split("=", 2)[0];
      require(
          !ScoreSettings.NETWORK.contains(key),
          "--network has a size of its own; --set " + key + " cannot be given with it");
    }
    SearchSpace space =
        new SingleNetwork(network.getFileName().toString(), NetworkJson.read(network));
    named.add(space.example());
    return space;
  }

  private List<String> drawnScores() {
    return options.scores.stream().filter(name -> !COUNTS.contains(name)).toList();
  }

  private int repeats() {
    return params != null || saved != null ? 1 : options.repeats();
  }

  private Shard part() {
    try {
      return shard == null ? Shard.WHOLE : Shard.parse(shard);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--shard: " + e.getMessage());
    }
  }

  private Population population(SearchSpace space) throws IOException {
    if (named.isEmpty()) {
      return options.population(space, this::report);
    }
    try {
      return Population.of(named.stream().map(space::notation).toList());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--arch: " + e.getMessage());
    }
  }

  private void report(String problem) {
    broken++;
    note(problem);
  }

  private void note(String message) {
    session.console().err().println("winnow: " + message);
  }

  private void score(Scorer scorer, Population population) throws IOException {
    population.peek().ifPresent(scorer::requireDevice);
    ScoreRun run = new ScoreRun(session, scorer, first -> mention(scorer, first));
    if (out != null) {
      try (ScoreTable table = table(scorer.protocol(), population)) {
        String resuming = "the same command with --resume continues " + out;
        run.run(population, table.known(), table, out, resuming);
      }
    } else {
      try (ScoreSink sink = received(printed(scorer.protocol()))) {
        run.run(population, 0, sink);
      } catch (CancelledException e) {
        throw new CancelledException("interrupted");
      }
    }
    if (saved != null) {
      Safetensors.write(saved, scorer.tensors(drawnScores().get(0), named.get(0)), Dtype.F32);
    }
  }

  private void mention(Scorer scorer, String architecture) {
    List<String> unused = scorer.unused(architecture);
    if (!unused.isEmpty()) {
      note(
          params
              + ": "
              + unused.size()
              + (unused.size() == 1 ? " tensor is" : " tensors are")
              + " not the network's and left alone: "
              + String.join(", ", unused.subList(0, Math.min(5, unused.size())))
              + (unused.size() > 5 ? ", …" : ""));
    }
  }

  private ScoreTable table(Map<String, String> protocol, Population population) throws IOException {
    try {
      return resume
          ? ScoreTable.resume(out, options.scores, protocol, population)
          : ScoreTable.create(out, options.scores, protocol);
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(
          out + " is there already; continue it with --resume or choose another file", e);
    }
  }

  private ScoreSink printed(Map<String, String> protocol) throws IOException {
    if (json) {
      return new ScoreJson(session.console().out(), protocol);
    }
    Writer writer = new OutputStreamWriter(session.console().out(), StandardCharsets.UTF_8);
    return ScoreTable.to(writer, options.scores, protocol);
  }

  /** Stops when nobody reads standard output any more. */
  private ScoreSink received(ScoreSink sink) {
    return new ScoreSink() {
      @Override
      public void write(String architecture, Map<String, Summary> summaries) throws IOException {
        sink.write(architecture, summaries);
        if (session.console().out().checkError()) {
          throw new IOException("cannot write standard output");
        }
      }

      @Override
      public void close() throws IOException {
        sink.close();
      }
    };
  }
}
