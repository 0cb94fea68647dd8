package dev.winnow.cli;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.score.Population;
import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.data.ImageSets;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;

/** Which scores of which architectures, on what: what {@code score} and {@code plan} share. */
final class ScoreOptions {
  private static final int MOST_REPEATS = 100;
  private static final int PUBLISHED_REPEATS = 3;

  @Option(
      names = "--space",
      paramLabel = "NAME",
      defaultValue = "nas-bench-201",
      description = "Space. Default: ${DEFAULT-VALUE}.")
  String space;

  @Option(
      names = "--archs",
      paramLabel = "FILE",
      description =
          "One architecture a line; empty lines and # comments are skipped, broken and repeated"
              + " lines are reported and the rest scored (exit code 1).")
  Path file;

  @Option(names = "--sample", paramLabel = "N", description = "N different random architectures.")
  Integer sample;

  @Option(names = "--all", description = "Every architecture of the space.")
  boolean all;

  @Option(
      names = "--scores",
      paramLabel = "A,B",
      split = ",",
      required = true,
      description = "Among ${COMPLETION-CANDIDATES}.",
      completionCandidates = ScoreNames.class)
  List<String> scores;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting, see below; may be repeated.")
  List<String> assignments = new ArrayList<>();

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "Draws of weights and images per score, 1 to 100. Default: 3.")
  Integer repeats;

  @Option(
      names = "--data",
      paramLabel = "SOURCE",
      description = "Images: " + ImageSets.SOURCES + ". Default: generated.")
  String data;

  @Option(names = "--seed", paramLabel = "N", description = "Root seed. Default: 0.")
  Long seed;

  /** The scores there are. */
  static final class ScoreNames extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    ScoreNames() {
      super(ScoreSettings.NAMES);
    }
  }

  /**
   * Checks what does not need a file.
   *
   * @param otherwise whether architectures are given in another way
   * @param ways how architectures can be given, for a message
   */
  void check(boolean otherwise, String ways) {
    int populations =
        (otherwise ? 1 : 0) + (file == null ? 0 : 1) + (sample == null ? 0 : 1) + (all ? 1 : 0);
    require(populations == 1, "one of " + ways + " must be given");
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
  }

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new UsageException(message);
    }
  }

  /** Adds the settings to a command's help. */
  static CommandLine explained(CommandLine command) {
    Map<String, String> settings = new LinkedHashMap<>();
    ScoreSettings.SETTINGS.forEach(s -> settings.put("  " + s.key(), s.description()));
    command
        .getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_FOOTER, help -> help.createTextTable(settings).toString());
    return command;
  }

  /**
   * The architectures asked for.
   *
   * @param problems takes a message for every broken line of a file
   */
  Population population(SearchSpace known, Consumer<String> problems) throws IOException {
    if (file != null) {
      return Population.file(file, known, problems);
    }
    return all ? Population.all(known) : Population.sample(known, seed(), sample);
  }

  int repeats() {
    return repeats == null ? PUBLISHED_REPEATS : repeats;
  }

  long seed() {
    return seed == null ? 0 : seed;
  }

  String data() {
    return data == null ? "generated" : data;
  }

  ScoreSettings settings() {
    return settings(assignments);
  }

  static ScoreSettings settings(List<String> assignments) {
    Configuration configuration = new Configuration(ScoreSettings.SETTINGS);
    try {
      assignments.forEach(configuration::assign);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    return new ScoreSettings(configuration);
  }
}
