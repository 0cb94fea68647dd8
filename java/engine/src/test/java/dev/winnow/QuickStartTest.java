package dev.winnow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Engine;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.engine.NativeEngine;
import dev.winnow.search.Journal;
import dev.winnow.search.Mode;
import dev.winnow.search.Progress;
import dev.winnow.search.SearchListener;
import dev.winnow.search.SearchResult;
import dev.winnow.search.TeNas;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The ten lines that the README shows, run on the native core with small batches. */
class QuickStartTest {

  private static SearchResult quickStart(Consumer<Progress> print, AtomicBoolean stop)
      throws IOException {
    // quick start: begin
    CellSpace space = new NasBench201();
    ImageSet images = ImageSets.open("generated", 0);
    TeNasOptions options = TeNasOptions.builder(Mode.WINNOW).seed(1).ntkBatch(8).build();
    SearchListener listener = SearchListener.onProgress(print);
    try (Engine engine = NativeEngine.open("cpu", 2)) {
      TeNas search = new TeNas(space, images, options);
      SearchResult result = search.run(engine, Journal.NONE, listener, stop::get); // stop cancels
      System.out.println(result.architecture());
      return result;
    }
    // quick start: end
  }

  @Test
  void findsACellAndReportsEveryEvaluation() throws IOException {
    List<Progress> heard = new ArrayList<>();
    SearchResult result = quickStart(heard::add, new AtomicBoolean());
    NasBench201 space = new NasBench201();
    assertEquals(result.architecture(), space.architecture(space.parse(result.architecture())));
    assertEquals(
        result.evaluations().stream().mapToLong(SearchResult.Evaluations::networks).sum(),
        heard.size());
    // Laws of any network: κ ≥ 1, and between 1 and 3000 regions of 3000 patches.
    for (var round : result.rounds()) {
      for (var candidate : round.candidates()) {
        var kappa = candidate.scored().measure("ntk");
        assertTrue(!kappa.value().defined() || kappa.value().mean() >= 1);
        double regions = candidate.scored().measure("regions").value().mean();
        assertTrue(regions >= 1 && regions <= 3000, "regions " + regions);
      }
    }
    assertArrayEquals(
        new int[] {8, 8},
        result.spectra().stream().mapToInt(spectrum -> spectrum.eigenvalues().size()).toArray());
  }

  @Test
  void stopsWhenAsked() {
    AtomicBoolean stop = new AtomicBoolean();
    List<Progress> heard = new ArrayList<>();
    assertThrows(
        CancelledException.class,
        () ->
            quickStart(
                progress -> {
                  heard.add(progress);
                  stop.set(heard.size() >= 150); // among the first round's tangent kernels
                },
                stop));
    assertTrue(heard.size() >= 150 && heard.size() < heard.get(0).searchTotal());
  }
}
