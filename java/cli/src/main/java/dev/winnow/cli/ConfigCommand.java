package dev.winnow.cli;

import dev.winnow.cli.config.ConfigurationText;
import dev.winnow.cli.search.SearchSettings;
import dev.winnow.search.Mode;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow config}: the settings of a search with their defaults. */
@Command(
    name = "config",
    description = "Prints the default configuration of a search, commented; --config reads it.",
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class ConfigCommand implements Callable<Integer> {
  private final Session session;

  ConfigCommand(Session session) {
    this.session = session;
  }

  @Parameters(
      arity = "0..1",
      paramLabel = "METHOD",
      defaultValue = "te-nas",
      description = "te-nas or random. Default: ${DEFAULT-VALUE}.")
  private String method;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "winnow",
      description = "Whose defaults: winnow, released or paper. Default: ${DEFAULT-VALUE}.")
  private String mode;

  @Option(
      names = "--space",
      paramLabel = "NAME",
      defaultValue = "nas-bench-201",
      description = "Space. Default: ${DEFAULT-VALUE}.")
  private String space;

  @Option(names = "--json", description = "Print one JSON object of keys and defaults instead.")
  private boolean json;

  @Override
  public Integer call() {
    if (!SearchSettings.METHODS.contains(method)) {
      throw new UsageException(
          "the method must be one of "
              + String.join(", ", SearchSettings.METHODS)
              + " but was '"
              + method
              + "'");
    }
    Map<String, String> values = SearchSettings.defaults(method, mode(), Spaces.prunable(space));
    if (json) {
      session.console().out().println(JsonOutput.of(values));
    } else {
      session
          .console()
          .out()
          .print(
              ConfigurationText.of(
                  "Settings of winnow search "
                      + method
                      + " with their defaults. Change what you like and pass the file with"
                      + " --config.",
                  SearchSettings.of(method),
                  values));
    }
    return ExitCode.DONE;
  }

  private Mode mode() {
    return Arrays.stream(Mode.values())
        .filter(m -> m.label().equals(mode.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--mode must be one of winnow, released, paper but was '" + mode + "'"));
  }
}
