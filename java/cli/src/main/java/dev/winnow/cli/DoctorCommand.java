package dev.winnow.cli;

import dev.winnow.cli.doctor.SelfCheck;
import dev.winnow.compute.Engine;
import dev.winnow.engine.NativeEngine;
import dev.winnow.engine.NativeException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code winnow doctor}: describes the machine and checks that it computes correctly. */
@Command(
    name = "doctor",
    description = {
      "Shows Java, system, processor, native core and GPUs (found, loaded, refused and why), and",
      "checks the chosen device in a few seconds: a kernel with a closed form, float32 against",
      "float64, one thread against two."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final double MEBIBYTE = 1 << 20;

  private final Session session;

  DoctorCommand(Session session) {
    this.session = session;
  }

  @Mixin private EngineOptions engineOptions;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() {
    Map<String, String> facts = facts();
    List<SelfCheck.Outcome> outcomes = new ArrayList<>();
    try (Engine engine = engineOptions.open(session)) {
      facts.putAll(engine.provenance());
      outcomes.addAll(new SelfCheck(Spaces.prunable("nas-bench-201")).run(engine));
      outcomes.add(sameForAnyThreads());
    } catch (NativeException e) {
      outcomes.add(new SelfCheck.Outcome(engineOptions.device() + " opens", false, e.getMessage()));
    }
    facts.putAll(NativeEngine.accelerators());
    boolean healthy = outcomes.stream().allMatch(SelfCheck.Outcome::passed);
    PrintStream out = session.console().out();
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("healthy", healthy);
      all.put("facts", facts);
      all.put("checks", outcomes);
      out.println(JsonOutput.of(all));
    } else {
      facts.forEach((name, value) -> out.printf(Locale.ROOT, "%-18s %s%n", name, value));
      out.println();
      for (SelfCheck.Outcome outcome : outcomes) {
        out.printf(
            Locale.ROOT,
            "%-6s %s: %s%n",
            outcome.passed() ? "ok" : "FAILED",
            outcome.name(),
            outcome.detail());
      }
    }
    return healthy ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private SelfCheck.Outcome sameForAnyThreads() {
    try (Engine one = session.engines().open(engineOptions.device(), 1);
        Engine two = session.engines().open(engineOptions.device(), 2)) {
      return new SelfCheck(Spaces.prunable("nas-bench-201")).sameForAnyThreads(one, two);
    }
  }

  private static Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("winnow", Version.ofProgram());
    facts.put(
        "java",
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
    facts.put(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put(
        "java heap limit",
        String.format(Locale.ROOT, "%.0f MiB", Runtime.getRuntime().maxMemory() / MEBIBYTE));
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      facts.put(
          "memory",
          String.format(
              Locale.ROOT,
              "%.0f MiB, %.0f MiB free",
              system.getTotalMemorySize() / MEBIBYTE,
              system.getFreeMemorySize() / MEBIBYTE));
    }
    return facts;
  }
}
