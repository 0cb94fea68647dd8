package dev.winnow.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.WholeFile;
import dev.winnow.score.Score;
import dev.winnow.search.Round;
import dev.winnow.search.SearchResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run folder holds, read without holding it: of a finished run, an interrupted one or one
 * that is running now.
 *
 * @param configuration text of {@code config.resolved.yaml}
 * @param sessions provenance of each session, in order
 * @param result of a finished run
 * @param rounds decided so far, in order
 * @param evaluations made so far, by job, in order
 */
public record RecordedRun(
    String configuration,
    List<Provenance> sessions,
    Optional<SearchResult> result,
    List<Round> rounds,
    Map<String, Score> evaluations) {

  /**
   * @throws IllegalArgumentException when it is not a run folder, a file of it is damaged or from a
   *     newer version
   */
  public static RecordedRun read(Path path) {
    RunFolder.requireRun(path);
    Ledger.Contents ledger = Ledger.read(path.resolve(RunFolder.EVENTS));
    return new RecordedRun(
        WholeFile.read(path.resolve(RunFolder.CONFIGURATION)),
        Sessions.read(path.resolve(RunFolder.RUN)).sessions().stream()
            .map(session -> new Provenance(session.facts()))
            .toList(),
        result(path.resolve(RunFolder.RESULT)),
        List.copyOf(ledger.rounds().values()),
        Collections.unmodifiableMap(ledger.scores()));
  }

  private static Optional<SearchResult> result(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode json = RunFormat.JSON.readTree(WholeFile.read(file));
      RunFormat.checkVersion(json.get("format"), file);
      ((ObjectNode) json).remove("format");
      return Optional.of(RunFormat.JSON.treeToValue(json, SearchResult.class));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": not the result of a search: " + e.getOriginalMessage(), e);
    }
  }
}
