package dev.winnow.cli;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.config.NearestKey;
import dev.winnow.cli.report.ReportFile;
import dev.winnow.cli.search.FoundCell;
import dev.winnow.cli.search.SearchJson;
import dev.winnow.cli.search.SearchRequest;
import dev.winnow.cli.search.SearchRun;
import dev.winnow.cli.search.SearchSettings;
import dev.winnow.cli.search.SearchText;
import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Engine;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.run.RunFolder;
import dev.winnow.space.CellSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow search}: finds an architecture and leaves a run folder. */
@Command(
    name = "search",
    description = {
      "Searches a space, writes a run folder, and prints the found cell with its score trace.",
      "'winnow config' prints every setting with its default."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class SearchCommand implements Callable<Integer> {
  private static final Path RUNS = Path.of("winnow-runs");
  private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private final Session session;

  SearchCommand(Session session) {
    this.session = session;
  }

  @Parameters(arity = "0..1", paramLabel = "METHOD", description = "te-nas or random.")
  private String method;

  @Option(names = "--space", paramLabel = "NAME", description = "Space, for example nas-bench-201.")
  private String space;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "winnow (default), released (the authors' program, quirks included) or paper (the paper's"
              + " text).")
  private String mode;

  @Option(
      names = "--data",
      paramLabel = "SOURCE",
      description = "Images: " + ImageSets.SOURCES + ". Default: generated.")
  private String data;

  @Option(
      names = "--table",
      paramLabel = "FILE",
      description = "Benchmark table (CSV) for the found cell's accuracy and rank.")
  private String table;

  @Option(
      names = "--baseline",
      paramLabel = "METHOD",
      description = "random: run a random search afterwards and show it beside this one.")
  private String baseline;

  @Option(names = "--seed", paramLabel = "N", description = "Root seed. Default: 0.")
  private String seed;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any setting of 'winnow config'; may be repeated.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Settings as YAML, as 'winnow config' prints them; options win over it.")
  private Path file;

  @Mixin private EngineOptions engineOptions;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Run folder; new or empty. Default: one below winnow-runs.")
  private Path folder;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Continues an interrupted run; everything else comes from the folder.")
  private Path resumed;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    SearchRequest request = resumed == null ? asked() : recorded();
    FoundCell.Lookup lookup = request.lookup();
    ImageSet images = ImageSets.open(request.data(), request.seed());
    request.search(images); // complains of values out of range before anything is made
    Optional<SearchRequest> second = request.baseline();
    second.ifPresent(random -> random.search(images));
    try (Engine engine = engineOptions.open(session);
        RunFolder run = resumed == null ? create(request) : resume(resumed)) {
      SearchRun search =
          new SearchRun(engine, images, Version.ofProgram(), lookup, session.interruption());
      SearchRun.Outcome outcome = search.run(request, run, progressTo(), this::note);
      Optional<SearchRun.Outcome> beside = Optional.empty();
      if (second.isPresent()) {
        try (RunFolder inner = besideOf(run.path(), second.get())) {
          beside = Optional.of(search.run(second.get(), inner, progressTo(), this::note));
        }
      }
      Path report = run.path().resolve("report.html");
      ReportFile.write(report, request, run.path(), lookup);
      print(run.path(), report, outcome, beside);
      return ExitCode.DONE;
    } catch (CancelledException e) {
      String where = resumed == null ? String.valueOf(folder) : resumed.toString();
      throw new CancelledException("interrupted; continue with: winnow search --resume " + where);
    }
  }

  private Optional<java.io.PrintStream> progressTo() {
    return session.console().interactive()
        ? Optional.of(session.console().err())
        : Optional.empty();
  }

  private void note(String message) {
    session.console().err().println("winnow: " + message);
  }

  private SearchRequest asked() throws IOException {
    Configuration configuration = SearchRequest.empty();
    if (file != null) {
      configuration.read(file);
    }
    checkMethod();
    if (method != null
        && configuration.get("method").isPresent()
        && !configuration.text("method", "").equals(method)) {
      throw new UsageException(
          "search "
              + method
              + " was asked for but the method is "
              + configuration.text("method", "")
              + " in "
              + configuration.place("method"));
    }
    if (method == null && configuration.get("method").isEmpty()) {
      throw new UsageException(
          "a method is missing: winnow search " + String.join("|", SearchSettings.METHODS));
    }
    try {
      option(configuration, "method", method, "the command line");
      option(configuration, "space", space, "--space");
      option(configuration, "mode", mode, "--mode");
      option(configuration, "data", data, "--data");
      option(configuration, "table", table, "--table");
      option(configuration, "baseline", baseline, "--baseline");
      option(configuration, "seed", seed, "--seed");
      assignments.forEach(configuration::assign);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    // A resumed run may be continued from another working directory.
    configuration
        .get("data")
        .ifPresent(text -> configuration.set("data", absoluteData(text), place(configuration)));
    configuration
        .get("table")
        .ifPresent(
            text ->
                configuration.set(
                    "table",
                    Path.of(text).toAbsolutePath().normalize().toString(),
                    configuration.place("table")));
    CellSpace named = Spaces.prunable(configuration.text("space", "nas-bench-201"));
    return SearchRequest.of(configuration, named);
  }

  private static String place(Configuration configuration) {
    return configuration.place("data");
  }

  private static String absoluteData(String source) {
    int colon = source.indexOf(':');
    if (colon < 0 || source.startsWith("generated") || colon == source.length() - 1) {
      return source;
    }
    Path folder = Path.of(source.substring(colon + 1)).toAbsolutePath().normalize();
    return source.substring(0, colon + 1) + folder;
  }

  private static void option(Configuration configuration, String key, String value, String place) {
    if (value != null) {
      configuration.set(key, value, place);
    }
  }

  private void checkMethod() {
    if (method == null || SearchSettings.METHODS.contains(method)) {
      return;
    }
    String known = String.join(", ", SearchSettings.METHODS);
    if (Catalogue.PLANNED_METHODS.contains(method)) {
      throw new UsageException("search " + method + " comes later; this version has " + known);
    }
    throw new UsageException(
        "unknown method '"
            + method
            + "'; did you mean '"
            + NearestKey.to(method, SearchSettings.METHODS)
            + "'? There are "
            + known);
  }

  private SearchRequest recorded() throws IOException {
    boolean others =
        method != null
            || space != null
            || mode != null
            || data != null
            || table != null
            || baseline != null
            || seed != null
            || file != null
            || folder != null
            || !assignments.isEmpty();
    if (others) {
      throw new UsageException(
          "--resume takes the search from the folder; besides it only --threads, --device and"
              + " --json may be given");
    }
    String text;
    try (RunFolder run = resume(resumed)) {
      text = run.configuration();
    }
    Configuration configuration = SearchRequest.read(text, resumed.resolve("config.resolved.yaml"));
    return SearchRequest.of(
        configuration, Spaces.prunable(configuration.text("space", "nas-bench-201")));
  }

  private RunFolder create(SearchRequest request) throws IOException {
    if (folder == null) {
      folder = unused(request);
    }
    return locked(() -> RunFolder.create(folder, request.text()));
  }

  private static RunFolder resume(Path path) {
    return locked(() -> RunFolder.resume(path));
  }

  private static RunFolder besideOf(Path path, SearchRequest request) {
    Path inner = path.resolve(ReportFile.BASELINE);
    return Files.exists(inner.resolve("config.resolved.yaml"))
        ? resume(inner)
        : locked(() -> RunFolder.create(inner, request.text()));
  }

  private interface Opening {
    RunFolder open();
  }

  /** A folder that another process holds is the user's mistake, not the device's. */
  private static RunFolder locked(Opening opening) {
    try {
      return opening.open();
    } catch (IllegalStateException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Path unused(SearchRequest request) throws IOException {
    Files.createDirectories(RUNS);
    String mode = request.mode().isEmpty() ? "" : "-" + request.mode();
    String name =
        request.method()
            + mode
            + "-seed"
            + request.seed()
            + "-"
            + LocalDateTime.now().format(MOMENT);
    for (int number = 1; ; number++) {
      Path path = RUNS.resolve(number == 1 ? name : name + "-" + number);
      try {
        return Files.createDirectory(path);
      } catch (java.nio.file.FileAlreadyExistsException e) {
        continue; // another search of the same second
      }
    }
  }

  private void print(
      Path path, Path report, SearchRun.Outcome outcome, Optional<SearchRun.Outcome> beside) {
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>(SearchJson.of(outcome.result(), cell(outcome)));
      all.put("seconds", outcome.seconds());
      all.put("runDirectory", path.toString());
      all.put("report", report.toString());
      beside.ifPresent(
          random -> {
            Map<String, Object> inner = SearchJson.of(random.result(), cell(random));
            inner.put("seconds", random.seconds());
            all.put("baseline", inner);
          });
      session.console().out().println(JsonOutput.of(all));
      return;
    }
    SearchText text = new SearchText(session.console().out());
    text.found(outcome.result(), cell(outcome));
    text.trace(outcome.result());
    beside.ifPresent(
        random -> {
          session.console().out().println();
          text.found(random.result(), cell(random));
          text.trace(random.result());
        });
    session.console().out().println();
    text.line("time", String.format(java.util.Locale.ROOT, "%.1f s", outcome.seconds()));
    text.line("run folder", path.toString());
    text.line("report", report.toString());
  }

  private static FoundCell cell(SearchRun.Outcome outcome) {
    return outcome.cell();
  }
}
