package dev.winnow.cli;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.score.ArchitectureFile;
import dev.winnow.cli.score.GivenNetwork;
import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.ScoreJson;
import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.cli.score.ScoreTable;
import dev.winnow.cli.score.Scorer;
import dev.winnow.cli.score.Summary;
import dev.winnow.cli.search.ProgressDisplay;
import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Engine;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.search.Progress;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Dtype;
import dev.winnow.tensor.Safetensors;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;

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
  private static final int MOST_REPEATS = 100;
  private static final int PUBLISHED_REPEATS = 3;

  private final Session session;

  private ScoreCommand(Session session) {
    this.session = session;
  }

  /** The command with its settings explained in its help. */
  static CommandLine commandLine(Session session) {
    CommandLine command = new CommandLine(new ScoreCommand(session));
    Map<String, String> settings = new LinkedHashMap<>();
    ScoreSettings.SETTINGS.forEach(s -> settings.put("  " + s.key(), s.description()));
    command
        .getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_FOOTER, help -> help.createTextTable(settings).toString());
    return command;
  }

  @Option(
      names = "--space",
      paramLabel = "NAME",
      defaultValue = "nas-bench-201",
      description = "Space. Default: ${DEFAULT-VALUE}.")
  private String spaceName;

  @Option(
      names = "--arch",
      paramLabel = "A",
      description = "An architecture in the space's notation; may be repeated.")
  private List<String> named = new ArrayList<>();

  @Option(
      names = "--archs",
      paramLabel = "FILE",
      description =
          "One architecture a line; empty lines and # comments are skipped, broken lines are"
              + " reported and the rest scored (exit code 1).")
  private Path file;

  @Option(names = "--sample", paramLabel = "N", description = "N different random architectures.")
  private Integer sample;

  @Option(names = "--all", description = "Every architecture of the space.")
  private boolean all;

  @Option(
      names = "--scores",
      paramLabel = "A,B",
      split = ",",
      required = true,
      description = "Among ntk, regions, params, macs.")
  private List<String> scores;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting, see below; may be repeated.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "Draws of weights and images per score, 1 to 100. Default: 3.")
  private Integer repeats;

  @Option(
      names = "--data",
      paramLabel = "SOURCE",
      description = "Images: " + ImageSets.SOURCES + ". Default: generated.")
  private String data;

  @Option(names = "--seed", paramLabel = "N", description = "Root seed. Default: 0.")
  private Long seed;

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
              + " --params; one of ntk and regions, one repeat.")
  private Path saved;

  @Mixin private EngineOptions engineOptions;

  @Option(names = "--out", paramLabel = "FILE", description = "Write CSV here. Default: stdout.")
  private Path out;

  @Option(names = "--resume", description = "Continue --out where it was interrupted.")
  private boolean resume;

  @Option(names = "--json", description = "Print one JSON object instead of CSV.")
  private boolean json;

  private int broken;
  private Engine engine;

  @Override
  public Integer call() throws IOException {
    checkOptions();
    SearchSpace space = Spaces.named(spaceName);
    ScoreSettings settings = new ScoreSettings(configuration());
    Optional<GivenNetwork> given =
        params == null
            ? Optional.empty()
            : Optional.of(GivenNetwork.read(params, batch == null ? params : batch));
    Optional<ImageSet> images =
        given.isPresent()
            ? Optional.empty()
            : Optional.of(ImageSets.open(data == null ? "generated" : data, seed()));
    Scorer scorer =
        new Scorer(space, settings, scores, images, given, seed(), repeats(), this::engine);
    try {
      score(space, scorer);
    } finally {
      if (engine != null) {
        engine.close();
      }
    }
    return broken == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private void checkOptions() {
    int populations =
        (named.isEmpty() ? 0 : 1)
            + (file == null ? 0 : 1)
            + (sample == null ? 0 : 1)
            + (all ? 1 : 0);
    require(populations == 1, "one of --arch, --archs, --sample and --all must be given");
    for (String score : scores) {
      require(
          ScoreSettings.NAMES.contains(score),
          "--scores must be among "
              + String.join(", ", ScoreSettings.NAMES)
              + " but one was '"
              + score
              + "'");
    }
    require(Set.copyOf(scores).size() == scores.size(), "--scores names a score twice: " + scores);
    require(
        repeats == null || repeats >= 1 && repeats <= MOST_REPEATS,
        "--repeats must be in [1, " + MOST_REPEATS + "] but was " + repeats);
    require(batch == null || params != null, "--batch needs --params");
    require(!resume || out != null, "--resume needs --out, the file to continue");
    require(!json || out == null, "--json prints to stdout and --out writes CSV; give one of them");
    if (params != null) {
      require(data == null, "--params has its own batch; --data cannot be given with it");
      require(seed == null, "--params draws nothing; --seed cannot be given with it");
      require(
          repeats == null || repeats == 1,
          "--params draws nothing; --repeats can only be 1 with it");
      require(saved == null, "--save-params writes drawn weights; --params gives them");
    }
    if (saved != null) {
      require(named.size() == 1, "--save-params needs one --arch");
      require(drawnScores().size() == 1, "--save-params needs one of ntk and regions in --scores");
      require(repeats == null || repeats == 1, "--save-params needs --repeats 1");
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new UsageException(message);
    }
  }

  private List<String> drawnScores() {
    return scores.stream().filter(Set.of("ntk", "regions")::contains).toList();
  }

  private int repeats() {
    if (repeats != null) {
      return repeats;
    }
    return params != null || saved != null ? 1 : PUBLISHED_REPEATS;
  }

  private long seed() {
    return seed == null ? 0 : seed;
  }

  private Configuration configuration() {
    Configuration configuration = new Configuration(ScoreSettings.SETTINGS);
    try {
      assignments.forEach(configuration::assign);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    return configuration;
  }

  private Engine engine() {
    if (engine == null) {
      engine = engineOptions.open(session);
    }
    return engine;
  }

  private void score(SearchSpace space, Scorer scorer) throws IOException {
    if (file == null) {
      List<String> given = sample == null ? named(space) : Population.sample(space, seed(), sample);
      score(
          scorer,
          all ? space.architectures() : given.iterator(),
          all ? space.size() : given.size());
      return;
    }
    try (ArchitectureFile architectures = new ArchitectureFile(file, space, this::report)) {
      score(scorer, architectures, -1);
    }
  }

  private List<String> named(SearchSpace space) {
    try {
      return named.stream().map(text -> space.notation(text)).toList();
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

  private interface Sink extends AutoCloseable {
    void write(String architecture, Map<String, Summary> summaries) throws IOException;

    @Override
    void close() throws IOException;
  }

  /**
   * @param total number of architectures; −1 where nobody knows
   */
  private void score(Scorer scorer, Iterator<String> architectures, long total) throws IOException {
    boolean first = true;
    long done = 0;
    try (Sink sink = sink(scorer, architectures);
        ProgressDisplay display = new ProgressDisplay("score", session.console().err())) {
      while (architectures.hasNext()) {
        String architecture = architectures.next();
        if (first) {
          mention(scorer, architecture);
          first = false;
        }
        if (session.interruption().cancelled()) {
          throw new CancelledException("");
        }
        sink.write(architecture, scorer.score(architecture, session.interruption()));
        done++;
        if (total > 0 && session.console().interactive()) {
          display.progressed(new Progress(1, 1, done, total, done, total, 0));
        }
        if (saved != null) {
          Safetensors.write(saved, scorer.tensors(drawnScores().get(0), architecture), Dtype.F32);
        }
      }
    } catch (CancelledException e) {
      throw new CancelledException(
          out == null
              ? "interrupted"
              : "interrupted; the same command with --resume continues " + out);
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

  private Sink sink(Scorer scorer, Iterator<String> architectures) throws IOException {
    Map<String, String> protocol = scorer.protocol();
    if (json) {
      ScoreJson object = new ScoreJson(session.console().out(), protocol);
      return sink(received(object::write), object::close);
    }
    if (out == null) {
      Writer writer = new OutputStreamWriter(session.console().out(), StandardCharsets.UTF_8);
      ScoreTable table = ScoreTable.to(writer, scores, protocol);
      return sink(received(table::write), writer::flush);
    }
    try {
      ScoreTable table =
          resume
              ? ScoreTable.resume(out, scores, protocol, architectures)
              : ScoreTable.create(out, scores, protocol);
      return sink(table::write, table::close);
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(
          out + " is there already; continue it with --resume or choose another file", e);
    }
  }

  /** Stops when nobody reads standard output any more. */
  private Line received(Line line) {
    return (architecture, summaries) -> {
      line.write(architecture, summaries);
      if (session.console().out().checkError()) {
        throw new IOException("cannot write standard output");
      }
    };
  }

  private interface Line {
    void write(String architecture, Map<String, Summary> summaries) throws IOException;
  }

  private interface End {
    void close() throws IOException;
  }

  private static Sink sink(Line line, End end) {
    return new Sink() {
      @Override
      public void write(String architecture, Map<String, Summary> summaries) throws IOException {
        line.write(architecture, summaries);
      }

      @Override
      public void close() throws IOException {
        end.close();
      }
    };
  }
}
