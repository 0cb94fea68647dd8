package dev.winnow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.winnow.compute.Engine;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.engine.NativeEngine;
import dev.winnow.search.Mode;
import dev.winnow.search.SearchResult;
import dev.winnow.search.TeNas;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Law: a search's result does not depend on the number of threads, to the last bit. */
class NativeSearchTest {

  private static SearchResult run(Mode mode, ImageSet images, int threads) {
    TeNasOptions options =
        TeNasOptions.builder(mode).seed(2).ntkBatch(5).regionBatch(100).budget(1).build();
    try (Engine engine = NativeEngine.open("cpu", threads)) {
      return new TeNas(new NasBench201(), images, options).run(engine);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void oneAndThreeThreadsGiveTheSameBits(Mode mode) throws IOException {
    ImageSet images = ImageSets.open("generated:16", 0);
    assertEquals(run(mode, images, 1), run(mode, images, 3));
  }
}
