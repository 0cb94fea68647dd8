package dev.winnow.cli;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.report.ReportFile;
import dev.winnow.cli.search.FoundCell;
import dev.winnow.cli.search.SearchRequest;
import dev.winnow.run.RecordedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow report}: one HTML page from a run folder. */
@Command(
    name = "report",
    description = {
      "Writes one self-contained HTML page from a run folder: cell, pruning steps, changes with",
      "error bars, kernel spectrum, random search beside it. The run may still be going on."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
  private final Session session;

  ReportCommand(Session session) {
    this.session = session;
  }

  @Parameters(paramLabel = "DIR", description = "Run folder.")
  private Path folder;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The page. Default: report.html in the run folder.")
  private Path file;

  @Option(
      names = "--table",
      paramLabel = "FILE",
      description = "Benchmark table. Default: the one that the search was given.")
  private Path table;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Configuration configuration =
        SearchRequest.read(
            RecordedRun.read(folder).configuration(), folder.resolve("config.resolved.yaml"));
    SearchRequest request =
        SearchRequest.of(configuration, Spaces.prunable(configuration.text("space", "")));
    Path page = file == null ? folder.resolve("report.html") : file;
    ReportFile.write(page, request, folder, lookup(request));
    session
        .console()
        .out()
        .println(json ? JsonOutput.of(Map.of("report", page.toString())) : page.toString());
    return ExitCode.DONE;
  }

  private FoundCell.Lookup lookup(SearchRequest request) throws IOException {
    if (table != null) {
      return request.lookup(table);
    }
    if (request.table().isPresent() && !Files.exists(request.table().get())) {
      session
          .console()
          .err()
          .println(
              "winnow: the search's table "
                  + request.table().get()
                  + " is not there; the page goes without it (--table gives another)");
      return FoundCell.Lookup.NONE;
    }
    return request.lookup();
  }
}
