package dev.winnow.bench;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.data.ImageSet;
import dev.winnow.data.ImageSets;
import dev.winnow.engine.NativeEngine;
import dev.winnow.random.Stream;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Protocol;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One candidate end to end, on one thread: from the notation of a NAS-Bench-201 cell to the
 * condition number of its tangent kernel, with the network, its plan, drawn weights, images and
 * eigenvalues, nothing kept from one to the next.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
public class CandidateBenchmark {
  private static final String CELL =
      "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";

  /** Images of a batch. */
  @Param("72")
  public int samples;

  private final NasBench201 space = new NasBench201();
  private Engine engine;
  private ImageSet images;
  private NetworkScore score;

  /** Opens the engine and checks that the candidate has a score, the same each time. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    engine = NativeEngine.open("cpu", 1);
    images = ImageSets.open("generated", 0);
    score = new NtkConditionNumber(samples, Initialization.KAIMING_FAN_OUT);
    double first = candidate();
    double second = candidate();
    if (first != second || !(first >= 1)) {
      throw new IllegalStateException("no condition number: " + first + ", " + second);
    }
  }

  /** Releases the native memory. */
  @TearDown(Level.Trial)
  public void close() {
    engine.close();
  }

  /** Its condition number. */
  @Benchmark
  public double candidate() {
    Stream stream = Stream.root(1).of("candidate");
    Protocol protocol = score.protocol(space, images);
    Parameters weights = new Parameters.Drawn(protocol.initialization(), stream.of("weights"));
    PlanOptions options = PlanOptions.batch(protocol.sampling().batch());
    try (Plan plan = engine.plan(space.network(CELL, protocol.network()), options)) {
      Job job = new Job(Row.NONE, weights, protocol.draw(images, stream.of("images"), 0));
      Score value = score.compute(plan, job);
      return value.value().orElseThrow();
    }
  }
}
