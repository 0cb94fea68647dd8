package dev.winnow.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code winnow list}: what this installation has. */
@Command(
    name = "list",
    description =
        "Shows the spaces with their tables, the methods, scores and data sources that are there.",
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
    Catalogue.spaces().forEach(space -> print(out, space));
    print(out, "Methods", Catalogue.METHODS);
    print(out, "Scores", Catalogue.SCORES);
    print(out, "Data", Catalogue.DATA);
    return ExitCode.DONE;
  }

  private static void print(PrintStream out, Catalogue.Space space) {
    String dataSets = space.dataSets().isEmpty() ? "none" : String.join(", ", space.dataSets());
    out.printf(Locale.ROOT, "  %-20s %,d architectures%n", space.name(), space.size());
    out.printf(Locale.ROOT, "    %-18s %s%n", "for example", space.example());
    out.printf(Locale.ROOT, "    %-18s %s%n", "data sets", dataSets);
    for (Catalogue.Table table : space.tables()) {
      String accuracies =
          switch (table.accuracies().size()) {
            case 0 -> "no accuracies";
            case 1 -> table.accuracies().get(0);
            default ->
                table.accuracies().get(0) + " and " + (table.accuracies().size() - 1) + " more";
          };
      out.printf(Locale.ROOT, "    %-18s %s: %s%n", "table", table.file(), accuracies);
    }
  }

  private static void print(
      PrintStream out, String title, java.util.List<Catalogue.Entry> entries) {
    out.println();
    out.println(title);
    for (Catalogue.Entry entry : entries) {
      out.printf(Locale.ROOT, "  %-18s %s%n", entry.name(), entry.description());
    }
  }
}
