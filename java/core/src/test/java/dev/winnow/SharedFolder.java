package dev.winnow;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Golden cases and data that stay outside the repository: {@code WINNOW_SHARED}, else a folder
 * {@code shared} beside an ancestor of this module. Tests that need a part that is not there are
 * skipped.
 */
public final class SharedFolder {
  private SharedFolder() {}

  /** The file or folder at a path inside the shared folder; skips the test when it is missing. */
  public static Path require(String path) {
    Path found = root().resolve(path).normalize();
    assumeTrue(
        Files.exists(found),
        () ->
            "skipped: no " + found + " (set WINNOW_SHARED to the folder that holds " + path + ")");
    return found;
  }

  private static Path root() {
    String given = System.getenv("WINNOW_SHARED");
    if (given != null && !given.isBlank()) {
      return Path.of(given);
    }
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("shared"))) {
      folder = folder.getParent();
    }
    return folder == null ? Path.of("shared") : folder.resolve("shared");
  }
}
