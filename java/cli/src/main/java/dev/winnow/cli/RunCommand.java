package dev.winnow.cli;

import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.PopulationPlan;
import dev.winnow.cli.score.ScoreTable;
import dev.winnow.cli.score.Scorer;
import dev.winnow.cli.score.Shard;
import dev.winnow.data.ImageSets;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow run}: one part of a planned population. */
@Command(
    name = "run",
    description = {
      "Scores one shard of a planned population. Begun before, it continues; finished before, it",
      "does nothing: a scheduler may start it as often as it likes, in a Slurm array or an indexed",
      "Kubernetes job, where --shard $SLURM_ARRAY_TASK_ID or $JOB_COMPLETION_INDEX says which."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  private final Session session;

  RunCommand(Session session) {
    this.session = session;
  }

  @Parameters(paramLabel = "DIR", description = "Folder of 'winnow plan'.")
  private Path folder;

  @Option(
      names = "--shard",
      paramLabel = "I",
      required = true,
      description = "Which part, from 0; I/N says the number of parts, too, and must agree.")
  private String shard;

  @Mixin private EngineOptions engineOptions;

  @Override
  public Integer call() throws IOException {
    PopulationPlan plan = PopulationPlan.read(folder);
    Shard part = part(plan.shards());
    SearchSpace space = Spaces.named(plan.space());
    Path file = PopulationPlan.shard(folder, part.index());
    try (LazyEngine engine = new LazyEngine(engineOptions, session)) {
      Scorer scorer =
          new Scorer(
              space,
              ScoreOptions.settings(plan.settings()),
              plan.scores(),
              Optional.of(ImageSets.open(plan.data(), plan.seed())),
              Optional.empty(),
              plan.seed(),
              plan.repeats(),
              engine);
      try (Population population =
          PopulationPlan.population(folder, plan.architectures()).shard(part)) {
        population.peek().ifPresent(scorer::requireDevice);
        try (ScoreTable table =
            ScoreTable.resume(file, plan.scores(), scorer.protocol(), population)) {
          new ScoreRun(session, scorer, first -> {})
              .run(population, table.known(), table, file, "the same command continues " + file);
        }
      }
    }
    return ExitCode.DONE;
  }

  private Shard part(int shards) {
    try {
      Shard part =
          shard.matches("\\d{1,6}")
              ? new Shard(Integer.parseInt(shard), shards)
              : Shard.parse(shard);
      if (part.count() != shards) {
        throw new IllegalArgumentException(
            "the plan has " + shards + " shards but " + shard + " says " + part.count());
      }
      return part;
    } catch (IllegalArgumentException e) {
      throw new UsageException("--shard: " + e.getMessage());
    }
  }
}
