package dev.winnow.cli;

import dev.winnow.compute.Engine;
import dev.winnow.verify.CaseReport;
import dev.winnow.verify.Check;
import dev.winnow.verify.Verifier;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code winnow verify}: recomputes recorded numbers of the published programs. */
@Command(
    name = "verify",
    description = {
      "Recomputes recorded cases from their own weights and inputs and compares.",
      "Prints for each number what was expected, computed and allowed; of a matrix the entry",
      "that fits worst. What cannot be computed yet is named and counted.",
      "Exit code 1 when a number misses or nothing could be run, 3 when a case is broken."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
  private final Session session;

  VerifyCommand(Session session) {
    this.session = session;
  }

  @Parameters(
      paramLabel = "DIR",
      arity = "1..*",
      description = "A case (a folder with case.json), a folder of cases, or te-nas-vectors.json.")
  private List<Path> places;

  @Mixin private EngineOptions engineOptions;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<Path> cases = new ArrayList<>();
    for (Path place : places) {
      cases.addAll(Verifier.cases(place));
    }
    PrintStream out = session.console().out();
    List<CaseReport> reports = new ArrayList<>();
    try (Engine engine = engineOptions.open(session)) {
      Verifier verifier = new Verifier(engine, session.interruption());
      for (Path path : cases) {
        CaseReport report = verifier.verify(path);
        reports.add(report);
        if (!json) {
          print(out, report);
        }
      }
    }
    if (json) {
      out.println(JsonOutput.of(asMap(reports)));
    } else {
      out.println(summary(reports));
    }
    return exitCode(reports);
  }

  private static int exitCode(List<CaseReport> reports) {
    if (!reports.stream().allMatch(CaseReport::usable)) {
      return ExitCode.CONFIGURATION;
    }
    return checks(reports) > 0 && missed(reports) == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private static long checks(List<CaseReport> reports) {
    return reports.stream().mapToLong(report -> report.checks().size()).sum();
  }

  private static long missed(List<CaseReport> reports) {
    return reports.stream().mapToLong(CaseReport::missed).sum();
  }

  /** How often each thing was not run. */
  private static Map<String, Long> notRun(List<CaseReport> reports) {
    return reports.stream()
        .flatMap(report -> report.notRun().stream())
        .collect(
            Collectors.groupingBy(CaseReport.NotRun::name, TreeMap::new, Collectors.counting()));
  }

  private static void print(PrintStream out, CaseReport report) {
    out.println(report.name() + " (" + report.kind() + ")");
    if (!report.usable()) {
      out.println("  BROKEN " + report.broken());
    }
    for (Check check : report.checks()) {
      out.printf(
          Locale.ROOT,
          "  %-6s %-50s expected %-13s computed %-13s allowed %s%n",
          check.passed() ? "ok" : "MISSED",
          check.name(),
          digits(check.expected(), "%.9g"),
          digits(check.computed(), "%.9g"),
          digits(check.allowed(), "%.2g"));
    }
    Map<String, List<String>> byReason =
        report.notRun().stream()
            .collect(
                Collectors.groupingBy(
                    CaseReport.NotRun::reason,
                    LinkedHashMap::new,
                    Collectors.mapping(CaseReport.NotRun::name, Collectors.toList())));
    byReason.forEach(
        (reason, names) ->
            out.println(
                "  not run "
                    + names.stream().distinct().collect(Collectors.joining(", "))
                    + ": "
                    + reason));
    out.println();
  }

  private static String digits(double value, String format) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, format, value);
  }

  private static String summary(List<CaseReport> reports) {
    long checks = checks(reports);
    long missed = missed(reports);
    long broken = reports.stream().filter(report -> !report.usable()).count();
    Map<String, Long> notRun = notRun(reports);
    long left = notRun.values().stream().mapToLong(Long::longValue).sum();
    StringBuilder text = new StringBuilder();
    text.append(count(reports.size(), "case")).append(", ");
    if (checks == 0) {
      text.append("nothing could be run");
    } else {
      text.append(count(checks, "number")).append(": ");
      text.append(checks - missed).append(" ok, ").append(missed).append(" missed");
    }
    if (broken > 0) {
      text.append("; ").append(count(broken, "case")).append(" broken");
    }
    if (left > 0) {
      text.append("; not run ").append(left).append(": ");
      text.append(
          notRun.entrySet().stream()
              .map(entry -> entry.getKey() + " " + entry.getValue())
              .collect(Collectors.joining(", ")));
    }
    return text.toString();
  }

  private static String count(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  private static Map<String, Object> asMap(List<CaseReport> reports) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("verified", exitCode(reports) == ExitCode.DONE);
    all.put("passed", checks(reports) - missed(reports));
    all.put("missed", missed(reports));
    all.put("broken", reports.stream().filter(report -> !report.usable()).count());
    all.put("notRun", notRun(reports));
    all.put("cases", reports.stream().map(VerifyCommand::asMap).toList());
    return all;
  }

  private static Map<String, Object> asMap(CaseReport report) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", report.name());
    all.put("kind", report.kind());
    if (!report.usable()) {
      all.put("broken", report.broken());
    }
    all.put("checks", report.checks().stream().map(VerifyCommand::asMap).toList());
    all.put("notRun", report.notRun());
    return all;
  }

  private static Map<String, Object> asMap(Check check) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", check.name());
    all.put("expected", check.expected());
    all.put("computed", check.computed());
    all.put("allowed", check.allowed());
    all.put("verdict", check.passed() ? "ok" : "missed");
    return all;
  }
}
