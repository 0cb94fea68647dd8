package dev.winnow.verify;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Recomputes recorded cases: golden cases (schema golden-parity/1) of the TE-NAS supernets and of
 * perturbed ones of Zero-Cost-PT, forward and backward passes and scores of stand-alone networks,
 * and the TE-NAS reference vectors. Each runs in float32 against the published program's own
 * numbers and in float64 against its float64 ones.
 */
public final class Verifier {
  private final Engine engine;
  private final Monitor monitor;

  /**
   * @param engine what computes
   * @param monitor may stop a case
   */
  public Verifier(Engine engine, Monitor monitor) {
    this.engine = engine;
    this.monitor = monitor;
  }

  /**
   * The cases at a place, in the order of their names.
   *
   * @param path a case's folder, a folder of cases, or a file of reference vectors
   * @throws IllegalArgumentException when there is none
   * @throws IOException when it cannot be listed
   */
  public static List<Path> cases(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (isCase(path)) {
      return List.of(path);
    }
    if (!Files.isDirectory(path)) {
      throw new IllegalArgumentException(path + ": neither a folder nor a .json file");
    }
    try (Stream<Path> entries = Files.list(path)) {
      List<Path> cases =
          entries
              .filter(
                  p -> Files.isDirectory(p) ? isCase(p) : p.endsWith(ReferenceVectors.FILE_NAME))
              .sorted()
              .toList();
      if (cases.isEmpty()) {
        throw new IllegalArgumentException(
            path + ": no case here (a case is a folder with a file case.json)");
      }
      return cases;
    }
  }

  private static boolean isCase(Path path) {
    return Files.isDirectory(path)
        ? Files.isRegularFile(path.resolve(GoldenCase.DESCRIPTION))
        : path.toString().endsWith(".json");
  }

  /**
   * Recomputes one case.
   *
   * @param path one of {@link #cases}
   * @return what fits, what misses, what cannot run; a case that cannot be used is reported too, as
   *     broken
   * @throws IOException when a file cannot be read
   * @throws dev.winnow.compute.CancelledException when the monitor asked to stop
   */
  public CaseReport verify(Path path) throws IOException {
    String name = path.toAbsolutePath().normalize().getFileName().toString();
    try {
      if (Files.isDirectory(path)) {
        RecordedJson json = RecordedJson.read(path.resolve(GoldenCase.DESCRIPTION));
        return new GoldenCase(path, json, engine, monitor).verify();
      }
      RecordedJson json = RecordedJson.read(path);
      if (!ReferenceVectors.recognises(json)) {
        throw new IllegalArgumentException(path + ": neither a golden case nor reference vectors");
      }
      return new ReferenceVectors(name, json, engine, monitor).verify();
    } catch (IllegalArgumentException e) {
      return new CaseReport(name, "broken", List.of(), List.of(), e.getMessage());
    }
  }
}
