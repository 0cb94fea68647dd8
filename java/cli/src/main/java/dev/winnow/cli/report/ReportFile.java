package dev.winnow.cli.report;

import dev.winnow.cli.search.FoundCell;
import dev.winnow.cli.search.SearchRequest;
import dev.winnow.file.WholeFile;
import dev.winnow.run.RecordedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Makes the report of a run folder, finished or not. */
public final class ReportFile {
  /** Folder inside a run that holds the search beside it. */
  public static final String BASELINE = "baseline";

  private ReportFile() {}

  /** The run beside a run, where it has begun. */
  public static Optional<RecordedRun> baseline(Path run) {
    Path inner = run.resolve(BASELINE);
    return Files.exists(inner.resolve("config.resolved.yaml"))
        ? Optional.of(RecordedRun.read(inner))
        : Optional.empty();
  }

  /**
   * Writes the page, whole or not at all.
   *
   * @param file where to
   * @param request of the run
   * @param folder the run
   * @param lookup the benchmark, or none
   */
  public static void write(Path file, SearchRequest request, Path folder, FoundCell.Lookup lookup)
      throws IOException {
    ReportData data =
        new RunReader(request, RecordedRun.read(folder), baseline(folder), lookup).data();
    WholeFile.write(file, ReportPage.of(data));
  }
}
