package dev.winnow.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Recorded cases and data, which are not part of the repository. */
final class SharedFiles {
  private SharedFiles() {}

  /**
   * A file or folder below {@code WINNOW_SHARED}, else below {@code shared} beside an ancestor of
   * this module; the test is skipped where it is missing.
   */
  static Path find(String place) {
    String given = System.getenv("WINNOW_SHARED");
    Path root = given == null || given.isBlank() ? null : Path.of(given);
    for (Path at = Path.of("").toAbsolutePath(); root == null && at != null; at = at.getParent()) {
      root = Files.isDirectory(at.resolve("shared")) ? at.resolve("shared") : null;
    }
    Path found = (root == null ? Path.of("shared") : root).resolve(place);
    assumeTrue(
        Files.exists(found), () -> "skipped: no " + found + " (set WINNOW_SHARED to its folder)");
    return found;
  }
}
