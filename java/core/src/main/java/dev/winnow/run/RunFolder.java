package dev.winnow.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.FileFailure;
import dev.winnow.file.WholeFile;
import dev.winnow.search.Journal;
import dev.winnow.search.SearchResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A search on disk, held by this process alone until closed.
 *
 * <pre>
 * config.resolved.yaml   every setting of the search; its presence makes the folder a run
 * run.json               sessions: where and with what each computed, and when
 * events.jsonl           ledger: every evaluation
 * result.json            what was found and how; written last
 * scores.csv             the candidates as a table
 * </pre>
 *
 * <p>result.json and scores.csv hold no time, machine, thread count or path: an interrupted run
 * that was resumed writes the same bytes as one that was not. Every file but the ledger is written
 * whole under another name and then renamed.
 */
public final class RunFolder implements AutoCloseable {
  static final String CONFIGURATION = "config.resolved.yaml";
  static final String RUN = "run.json";
  static final String EVENTS = "events.jsonl";
  static final String RESULT = "result.json";
  static final String SCORES = "scores.csv";

  /** What a run that died before its configuration was written may have left. */
  private static final Set<String> BEGINNINGS =
      Set.of(FolderLock.FILE, "." + CONFIGURATION + ".tmp");

  private final Path path;
  private final FolderLock lock;
  private final String configuration;
  private final Ledger ledger;
  private final Sessions sessions;
  private final Clock clock;

  private RunFolder(Path path, FolderLock lock, Clock clock) {
    this.path = path;
    this.lock = lock;
    this.clock = clock;
    this.configuration = WholeFile.read(path.resolve(CONFIGURATION));
    this.sessions = Sessions.read(path.resolve(RUN));
    this.ledger = Ledger.open(path.resolve(EVENTS), clock);
  }

  /**
   * Makes a run folder.
   *
   * @param path does not exist, or is an empty directory
   * @param configuration text of {@code config.resolved.yaml}
   * @throws IllegalArgumentException when there is something else
   * @throws IllegalStateException when another process holds it
   * @throws UncheckedIOException when it cannot be written, naming the file
   */
  public static RunFolder create(Path path, String configuration) {
    try {
      Files.createDirectories(path);
      refuseForeign(path);
    } catch (IOException e) {
      throw new UncheckedIOException(FileFailure.text("make run folder", path, e), e);
    }
    FolderLock lock = FolderLock.acquire(path);
    return opening(
        lock,
        () -> {
          WholeFile.write(path.resolve(CONFIGURATION), configuration);
          return new RunFolder(path, lock, Clock.systemUTC());
        });
  }

  /**
   * Opens an interrupted or finished run to continue it.
   *
   * @throws IllegalArgumentException when it is not a run folder, a file of it is damaged or from a
   *     newer version
   * @throws IllegalStateException when another process holds it
   * @throws UncheckedIOException when it cannot be written, naming the file
   */
  public static RunFolder resume(Path path) {
    requireRun(path);
    FolderLock lock = FolderLock.acquire(path);
    return opening(lock, () -> new RunFolder(path, lock, Clock.systemUTC()));
  }

  private interface Opening {
    RunFolder open();
  }

  private static RunFolder opening(FolderLock lock, Opening opening) {
    try {
      return opening.open();
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  static void requireRun(Path path) {
    if (!Files.isRegularFile(path.resolve(CONFIGURATION))) {
      throw new IllegalArgumentException(path + " is not a run folder: it has no " + CONFIGURATION);
    }
  }

  private static void refuseForeign(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (Files.exists(path.resolve(CONFIGURATION))) {
      throw new IllegalArgumentException(
          path + " already holds a run; resume it or choose another folder");
    }
    try (Stream<Path> files = Files.list(path)) {
      if (!files.allMatch(file -> BEGINNINGS.contains(file.getFileName().toString()))) {
        throw new IllegalArgumentException(
            path + " is not empty and not a run folder; choose another folder");
      }
    }
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /** Text of {@code config.resolved.yaml}. */
  public String configuration() {
    return configuration;
  }

  /**
   * Notes in {@code run.json} where this session computes. To be called before the search.
   *
   * @return what differs from earlier sessions so that the result may not be bit-equal to an
   *     uninterrupted run's, as sentences for the user; normally empty
   * @throws IllegalArgumentException when the data are not those of the earlier sessions
   */
  public List<String> begin(Provenance provenance) {
    List<String> differences = new ArrayList<>();
    for (Sessions.Session earlier : sessions.sessions()) {
      Provenance before = new Provenance(earlier.facts());
      String digest = before.facts().get(Provenance.DATA_SHA256);
      String now = provenance.facts().get(Provenance.DATA_SHA256);
      if (digest != null && !digest.equals(now)) {
        throw new IllegalArgumentException(
            "run folder "
                + path
                + " was begun on data of SHA-256 "
                + digest
                + " but these are "
                + now);
      }
      provenance.differencesFrom(before).stream()
          .filter(difference -> !differences.contains(difference))
          .forEach(differences::add);
    }
    sessions.sessions().add(new Sessions.Session(now(), "", provenance.facts()));
    sessions.write(path.resolve(RUN));
    return differences;
  }

  /** The ledger, to be handed to {@link dev.winnow.search.Search#run}. */
  public Journal journal() {
    return ledger;
  }

  /** Writes {@code scores.csv} and then {@code result.json}. */
  public void finish(SearchResult result) {
    WholeFile.write(path.resolve(SCORES), ScoresTable.of(result));
    ObjectNode json = RunFormat.JSON.createObjectNode().put("format", RunFormat.VERSION);
    json.setAll((ObjectNode) RunFormat.JSON.valueToTree(result));
    try {
      WholeFile.write(path.resolve(RESULT), RunFormat.pretty().writeValueAsString(json) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a result of plain records is always JSON", e);
    }
    if (!sessions.sessions().isEmpty()) {
      sessions.endLast(now());
      sessions.write(path.resolve(RUN));
    }
  }

  private String now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS).toString();
  }

  /** Forces the ledger to disk and lets go of the folder. */
  @Override
  public void close() {
    try (lock) {
      ledger.close();
    }
  }
}
