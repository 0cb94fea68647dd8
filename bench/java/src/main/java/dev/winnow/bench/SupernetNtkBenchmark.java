package dev.winnow.bench;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.NasBench201;
import dev.winnow.space.Supernet;
import java.util.Arrays;
import java.util.List;
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
 * The tangent kernel that a TE-NAS search computes most: the whole NAS-Bench-201 supernet (C = 3, N
 * = 1, three stages, 32x32 images, n = 72) on one thread.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
public class SupernetNtkBenchmark {
  private static final int SIDE = 32;

  /** Images of a batch. */
  @Param("72")
  public int samples;

  private NativeEngine engine;
  private Plan plan;
  private List<Job> jobs;

  /** Lays the supernet out, draws weights and images, and checks that the kernel is symmetric. */
  @Setup(Level.Trial)
  public void open() {
    Stream stream = Stream.root(1).of("supernet ntk");
    Supernet supernet =
        new NasBench201().supernet(new NasBench201().reduced(10, new Shape(3, SIDE, SIDE)));
    engine = NativeEngine.open("cpu", 1);
    plan = engine.plan(supernet.graph(), PlanOptions.batch(samples));
    boolean[][] alive = new boolean[supernet.edges().size()][];
    for (int e = 0; e < alive.length; e++) {
      alive[e] = new boolean[supernet.edges().get(e).operations().size()];
      Arrays.fill(alive[e], true);
    }
    Philox generator = stream.of("images").generator();
    float[] pixels = new float[samples * 3 * SIDE * SIDE];
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = (float) (2 * generator.nextDouble() - 1);
    }
    Parameters weights = new Parameters.Drawn(Initialization.KAIMING_FAN_OUT, stream.of("weights"));
    Images images = new Images(pixels, samples, 3, SIDE, SIDE);
    jobs = List.of(new Job(supernet.row(alive), weights, images));
    double[][] theta = kernel();
    for (int i = 0; i < samples; i++) {
      for (int j = 0; j < i; j++) {
        if (theta[i][j] != theta[j][i] || !(theta[i][i] > 0)) {
          throw new IllegalStateException("no kernel: entry " + i + ", " + j);
        }
      }
    }
  }

  /** Releases the native memory. */
  @TearDown(Level.Trial)
  public void close() {
    plan.close();
    engine.close();
  }

  /** One kernel [samples, samples]. */
  @Benchmark
  public double[][] kernel() {
    double[][][] theta = new double[1][][];
    plan.ntk(jobs, (job, value) -> theta[0] = value, Monitor.NONE);
    return theta[0];
  }
}
