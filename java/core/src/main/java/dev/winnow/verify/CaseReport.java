package dev.winnow.verify;

import java.util.List;

/**
 * What became of one recorded case.
 *
 * @param name the case's
 * @param kind as the case says, for example {@code tenas_supernet_ntk}
 * @param checks numbers that were computed
 * @param notRun numbers, or groups of them, that cannot be computed yet, each with its reason
 * @param broken why the case cannot be used, naming file and tensor or field; empty when it can
 */
public record CaseReport(
    String name, String kind, List<Check> checks, List<NotRun> notRun, String broken) {
  public CaseReport {
    checks = List.copyOf(checks);
    notRun = List.copyOf(notRun);
  }

  /** Numbers that were not computed, and why. */
  public record NotRun(String name, String reason) {}

  /** Whether the case could be read. */
  public boolean usable() {
    return broken.isEmpty();
  }

  /** Number of checks that missed. */
  public long missed() {
    return checks.stream().filter(check -> !check.passed()).count();
  }
}
