package dev.winnow.bench;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.engine.NativeEngine;
import dev.winnow.search.Journal;
import dev.winnow.search.Mode;
import dev.winnow.search.Round;
import dev.winnow.search.SearchListener;
import dev.winnow.search.TeNas;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The first round of a TE-NAS search of NAS-Bench-201 as released, on one thread: 24 candidates,
 * three repeats, each against the unpruned network. With a batch of 8 instead of the published 72
 * the arithmetic of a kernel is an eightieth, and what a round costs beside it shows.
 */
@State(Scope.Benchmark)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
public class SearchRoundBenchmark {

  private static final int EDGES = 6;
  private static final int OPERATIONS = 4 * EDGES; // none is not searched

  /** Images of a tangent kernel. */
  @Param({"8", "72"})
  public int samples;

  private Engine engine;
  private ImageSet images;

  /** Ends a search after its first round. */
  private static final class FirstRound extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Round round;

    private FirstRound(Round round) {
      super(null, null, false, false);
      this.round = round;
    }
  }

  /** Opens the engine and checks that a round removes one operation of each edge. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    engine = NativeEngine.open("cpu", 1);
    images = ImageSets.open("generated", 0);
    int left = round().alive().stream().mapToInt(List::size).sum();
    if (left != OPERATIONS - EDGES) {
      throw new IllegalStateException("the first round left " + left + " operations");
    }
  }

  /** Releases the native memory. */
  @TearDown(Level.Trial)
  public void close() {
    engine.close();
  }

  /** What it decided. */
  @Benchmark
  public Round round() {
    TeNasOptions options = TeNasOptions.builder(Mode.RELEASED).seed(1).ntkBatch(samples).build();
    SearchListener listener =
        new SearchListener() {
          @Override
          public void roundEnded(Round round) {
            throw new FirstRound(round);
          }
        };
    try {
      new TeNas(new NasBench201(), images, options)
          .run(engine, Journal.NONE, listener, Monitor.NONE);
      throw new IllegalStateException("the search ended without a round");
    } catch (FirstRound first) {
      return first.round;
    }
  }
}
