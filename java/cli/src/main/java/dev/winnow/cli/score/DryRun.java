package dev.winnow.cli.score;

import dev.winnow.compute.Monitor;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a population would cost on this machine, from a few of its architectures.
 *
 * @param architectures in the population
 * @param timed architectures that were scored for it
 * @param seconds for the whole population
 * @param milliseconds of one architecture, score by score
 * @param peakBytes largest resident memory: this process's so far, and what the Java machine's
 *     nursery has not touched yet, which a longer run will; 0 where the system does not say
 */
public record DryRun(
    long architectures,
    int timed,
    double seconds,
    Map<String, Double> milliseconds,
    long peakBytes) {
  private static final int TIMED = 16;
  private static final int WARMED = 4;

  /**
   * Goes through the population once, and scores a random part of it, the first few twice: before
   * the Java machine has compiled what it runs, it is slower than it will be.
   *
   * @throws dev.winnow.compute.CancelledException when the monitor asked to stop
   */
  public static DryRun of(Population population, Scorer scorer, long seed, Monitor monitor) {
    List<String> drawn = new ArrayList<>();
    Philox random = Stream.root(seed).of("dry-run").generator();
    long count = 0;
    while (population.hasNext()) {
      String architecture = population.next();
      count++;
      if (drawn.size() < TIMED) {
        drawn.add(architecture);
      } else if (random.nextDouble() * count < TIMED) {
        drawn.set(random.nextInt(TIMED), architecture);
      }
    }
    if (drawn.isEmpty()) {
      throw new IllegalArgumentException("the population is empty");
    }
    drawn.subList(0, Math.min(WARMED, drawn.size())).forEach(a -> scorer.score(a, monitor));
    Map<String, Long> before = new LinkedHashMap<>(scorer.nanoseconds());
    long start = System.nanoTime();
    drawn.forEach(architecture -> scorer.score(architecture, monitor));
    double nanos = System.nanoTime() - start;
    Map<String, Double> milliseconds = new LinkedHashMap<>();
    scorer
        .nanoseconds()
        .forEach(
            (score, all) ->
                milliseconds.put(score, (all - before.get(score)) / 1e6 / drawn.size()));
    return new DryRun(
        count, drawn.size(), nanos / 1e9 / drawn.size() * count, milliseconds, expectedPeak());
  }

  private static long expectedPeak() {
    long resident = residentPeak();
    return resident == 0 ? 0 : resident + untouchedNursery();
  }

  private static long untouchedNursery() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getName().contains("Eden"))
        .mapToLong(pool -> pool.getUsage().getCommitted() - pool.getPeakUsage().getUsed())
        .filter(untouched -> untouched > 0)
        .sum();
  }

  private static long residentPeak() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    } catch (IOException e) {
      return 0; // not Linux
    }
    return 0;
  }

  /** For people. */
  public String describe() {
    return String.format(
        Locale.ROOT,
        "%,d architectures take about %s and %,d MiB; milliseconds each: %s (%d timed)",
        architectures,
        time(),
        peakBytes >> 20,
        milliseconds.entrySet().stream()
            .map(e -> e.getKey() + " " + String.format(Locale.ROOT, "%.3g", e.getValue()))
            .collect(Collectors.joining(", ")),
        timed);
  }

  private String time() {
    if (seconds < 120) {
      return String.format(Locale.ROOT, "%.3g s", seconds);
    }
    return seconds < 7200
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }
}
