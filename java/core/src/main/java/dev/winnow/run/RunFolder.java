package dev.winnow.run;

import dev.winnow.search.Journal;
import dev.winnow.search.SearchResult;
import java.nio.file.Path;

/** A search on disk, held by this process alone until closed. */
public final class RunFolder implements AutoCloseable {
  private final Path path;
  private final String configuration;

  private RunFolder(Path path, String configuration) {
    this.path = path;
    this.configuration = configuration;
  }

  /**
   * Makes a run folder; an existing folder must be empty.
   *
   * @param configuration text of {@code config.resolved.yaml}
   */
  public static RunFolder create(Path path, String configuration, Provenance provenance) {
    return new RunFolder(path, configuration);
  }

  /**
   * Opens an interrupted or finished run to continue it.
   *
   * @throws IllegalArgumentException when it is not a run folder, belongs to a newer version, or
   *     another process holds it
   */
  public static RunFolder resume(Path path) {
    return new RunFolder(path, "");
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /** Text of {@code config.resolved.yaml}. */
  public String configuration() {
    return configuration;
  }

  /** Notes where the continued run computes; the data must be the same as before. */
  public void begin(Provenance provenance) {}

  /** The ledger, to be handed to {@link dev.winnow.search.Search#run}. */
  public Journal journal() {
    return Journal.NONE;
  }

  /** Writes {@code result.json} and {@code scores.csv}. */
  public void finish(SearchResult result) {}

  @Override
  public void close() {}
}
