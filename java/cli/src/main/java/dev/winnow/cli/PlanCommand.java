package dev.winnow.cli;

import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.PopulationPlan;
import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.cli.score.Shard;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.score.Labels;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow plan}: a population to score in parts. */
@Command(
    name = "plan",
    description = {
      "Writes down a population and its scores in a folder that many processes share.",
      "'winnow run DIR --shard I' computes a part, 'winnow collect DIR' joins the parts."
    },
    footerHeading = "%nSettings (--set):%n",
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
  private final Session session;

  private PlanCommand(Session session) {
    this.session = session;
  }

  /** The command with its settings explained in its help. */
  static CommandLine commandLine(Session session) {
    return ScoreOptions.explained(new CommandLine(new PlanCommand(session)));
  }

  @Parameters(paramLabel = "DIR", description = "Folder; made if it is not there.")
  private Path folder;

  @Mixin private ScoreOptions options;

  @Option(
      names = "--shards",
      paramLabel = "N",
      required = true,
      description = "Number of parts, 1 to 100000.")
  private int shards;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  private int broken;

  @Override
  public Integer call() throws IOException {
    options.check(false, "--archs, --sample and --all");
    int parts = parts();
    SearchSpace space = Spaces.named(options.space);
    ScoreSettings settings = options.settings();
    ImageSet images = ImageSets.open(options.data(), options.seed());
    // A setting out of range and a missing label are told before a cluster runs.
    options.scores.forEach(name -> Labels.require(settings.score(name), images));
    long count;
    try (Population population = options.population(space, this::report)) {
      count = PopulationPlan.writeArchitectures(folder, population);
    }
    new PopulationPlan(
            PopulationPlan.FORMAT,
            options.space,
            options.scores,
            options.assignments,
            options.repeats(),
            options.data(),
            options.seed(),
            parts,
            count)
        .write(folder);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("folder", folder.toString());
    result.put("architectures", count);
    result.put("shards", parts);
    session
        .console()
        .out()
        .println(
            json
                ? JsonOutput.of(result)
                : String.format(
                    "%s: %,d architectures in %,d shards; 'winnow run %s --shard I' with I from 0"
                        + " to %d, then 'winnow collect %s'",
                    folder, count, parts, folder, parts - 1, folder));
    return broken == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private int parts() {
    try {
      return new Shard(0, shards).count();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--shards: " + e.getMessage());
    }
  }

  private void report(String problem) {
    broken++;
    session.console().err().println("winnow: " + problem);
  }
}
