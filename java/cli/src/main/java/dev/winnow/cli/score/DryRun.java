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
import java.util.Comparator;
import java.util.HashMap;
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
  private static final int DRAWN = 16;
  private static final int MOST_WARMED = 4;
  private static final int LEAST_TIMED = 2;
  private static final double WARMING_SECONDS = 2;
  private static final double TIMING_SECONDS = 20;

  /**
   * Goes through the population once and draws a few architectures. Times them, the largest, the
   * smallest, the next largest and so on, until all are timed or the time for it is over; where
   * some are left, time goes by multiply-accumulates. The first are scored once before: until the
   * Java machine has compiled what it runs, it is slower than it will be.
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
      if (drawn.size() < DRAWN) {
        drawn.add(architecture);
      } else if (random.nextDouble() * count < DRAWN) {
        drawn.set(random.nextInt(DRAWN), architecture);
      }
    }
    if (drawn.isEmpty()) {
      throw new IllegalArgumentException("the population is empty");
    }
    scorer.requireDevice(drawn.get(0));
    Map<String, Long> macs = new HashMap<>();
    drawn.forEach(architecture -> macs.put(architecture, scorer.macs(architecture)));
    List<String> order = fromBothEnds(drawn, macs);
    long start = System.nanoTime();
    for (int i = 0; i < Math.min(MOST_WARMED, order.size()); i++) {
      if (i > 0 && secondsSince(start) > WARMING_SECONDS) {
        break;
      }
      scorer.score(order.get(i), monitor);
    }
    Map<String, Long> before = new LinkedHashMap<>(scorer.nanoseconds());
    start = System.nanoTime();
    int timed = 0;
    double timedMacs = 0;
    while (timed < order.size() && (timed < LEAST_TIMED || secondsSince(start) < TIMING_SECONDS)) {
      scorer.score(order.get(timed), monitor);
      timedMacs += macs.get(order.get(timed));
      timed++;
    }
    double seconds = secondsSince(start);
    double drawnMacs = drawn.stream().mapToDouble(macs::get).sum();
    // What one architecture of the population takes, of what those that were timed took together.
    double share = timed == order.size() ? 1.0 / timed : drawnMacs / order.size() / timedMacs;
    Map<String, Double> milliseconds = new LinkedHashMap<>();
    scorer
        .nanoseconds()
        .forEach((score, all) -> milliseconds.put(score, (all - before.get(score)) / 1e6 * share));
    return new DryRun(count, timed, seconds * share * count, milliseconds, expectedPeak());
  }

  /** The largest, the smallest, the second largest, the second smallest and so on. */
  static List<String> fromBothEnds(List<String> architectures, Map<String, Long> sizes) {
    List<String> sorted = new ArrayList<>(architectures);
    sorted.sort(Comparator.comparing(sizes::get));
    List<String> order = new ArrayList<>();
    for (int i = 0; i < sorted.size(); i++) {
      order.add(sorted.get(i % 2 == 0 ? sorted.size() - 1 - i / 2 : i / 2));
    }
    return order;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
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
