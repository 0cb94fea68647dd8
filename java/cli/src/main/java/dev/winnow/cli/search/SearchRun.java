package dev.winnow.cli.search;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import dev.winnow.data.ImageSet;
import dev.winnow.run.Provenance;
import dev.winnow.run.RunFolder;
import dev.winnow.score.Protocol;
import dev.winnow.search.SearchListener;
import dev.winnow.search.SearchResult;
import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Runs searches in run folders, on one engine and one set of images. */
public final class SearchRun {
  /** Fact of the provenance: outputs of the benchmark's network. */
  public static final String CLASSES = "data.classes";

  /** Fact of the provenance: height and width of an image. */
  public static final String SIDE = "data.side";

  private final Engine engine;
  private final ImageSet images;
  private final String version;
  private final FoundCell.Lookup lookup;
  private final Monitor monitor;

  /**
   * @param version of the program
   * @param lookup the benchmark, or none
   * @param monitor whether to stop
   */
  public SearchRun(
      Engine engine, ImageSet images, String version, FoundCell.Lookup lookup, Monitor monitor) {
    this.engine = engine;
    this.images = images;
    this.version = version;
    this.lookup = lookup;
    this.monitor = monitor;
  }

  /**
   * @param result what was found and how
   * @param cell the same beside the benchmark
   * @param seconds that the search took here; a resumed one took more before
   */
  public record Outcome(SearchResult result, FoundCell cell, double seconds) {}

  /**
   * Runs or continues a search and writes its result.
   *
   * @param terminal where progress is drawn
   * @param notes takes what the user should know of a resumed run
   */
  public Outcome run(
      SearchRequest request,
      RunFolder folder,
      Optional<PrintStream> terminal,
      Consumer<String> notes) {
    folder.begin(provenance()).forEach(notes);
    long start = System.nanoTime();
    SearchResult result;
    if (terminal.isPresent()) {
      try (ProgressDisplay display = new ProgressDisplay(request.method(), terminal.get())) {
        result = request.search(images).run(engine, folder.journal(), display, monitor);
      }
    } else {
      result = request.search(images).run(engine, folder.journal(), SearchListener.NONE, monitor);
    }
    folder.finish(result);
    double seconds = (System.nanoTime() - start) / 1e9;
    FoundCell cell =
        FoundCell.of(
            request.space(),
            result.architecture(),
            Protocol.classes(images),
            images.side(),
            lookup);
    return new Outcome(result, cell, seconds);
  }

  private Provenance provenance() {
    Map<String, String> facts =
        new TreeMap<>(Provenance.of(version, engine, images.name(), images.sha256()).facts());
    facts.put(CLASSES, Integer.toString(Protocol.classes(images)));
    facts.put(SIDE, Integer.toString(images.side()));
    return new Provenance(facts);
  }
}
