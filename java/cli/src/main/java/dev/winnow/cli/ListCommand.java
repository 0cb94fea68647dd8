package dev.winnow.cli;

import dev.winnow.space.SearchSpace;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code winnow list}: what this installation has. */
@Command(
    name = "list",
    description = "Shows the spaces, methods, scores and data sources that are there.",
    mixinStandardHelpOptions = true)
final class ListCommand implements Callable<Integer> {
  private final Session session;

  ListCommand(Session session) {
    this.session = session;
  }

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() {
    PrintStream out = session.console().out();
    if (json) {
      out.println(JsonOutput.of(Catalogue.asMap()));
      return ExitCode.DONE;
    }
    out.println("Spaces");
    for (SearchSpace space : Spaces.all()) {
      out.printf(
          Locale.ROOT,
          "  %-16s %,d architectures, such as %s%n",
          space.name(),
          space.size(),
          space.example());
    }
    print(out, "Methods", Catalogue.METHODS);
    print(out, "Scores", Catalogue.SCORES);
    print(out, "Data", Catalogue.DATA);
    return ExitCode.DONE;
  }

  private static void print(
      PrintStream out, String title, java.util.List<Catalogue.Entry> entries) {
    out.println();
    out.println(title);
    for (Catalogue.Entry entry : entries) {
      out.printf(Locale.ROOT, "  %-16s %s%n", entry.name(), entry.description());
    }
  }
}
