package dev.winnow.cli;

import dev.winnow.cli.score.PopulationPlan;
import dev.winnow.cli.score.ShardTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow collect}: the parts of a population as one table. */
@Command(
    name = "collect",
    description = {
      "Joins the shards of a planned population into the file that one process would have written.",
      "Names the shards that are missing or not finished, and then writes nothing (exit code 1)."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class CollectCommand implements Callable<Integer> {
  private final Session session;

  CollectCommand(Session session) {
    this.session = session;
  }

  @Parameters(paramLabel = "DIR", description = "Folder of 'winnow plan'.")
  private Path folder;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The joined table. Default: scores.csv in the folder.")
  private Path out;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PopulationPlan plan = PopulationPlan.read(folder);
    ShardTables tables = new ShardTables(folder, plan);
    Path file = out == null ? folder.resolve("scores.csv") : out;
    List<String> missing = tables.missing();
    if (missing.isEmpty()) {
      tables.join(file);
    }
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("scores", missing.isEmpty() ? file.toString() : null);
      result.put("missing", missing);
      session.console().out().println(JsonOutput.of(result));
    } else if (missing.isEmpty()) {
      session.console().out().println(file);
    } else {
      missing.forEach(sentence -> session.console().err().println("winnow: missing " + sentence));
    }
    return missing.isEmpty() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }
}
