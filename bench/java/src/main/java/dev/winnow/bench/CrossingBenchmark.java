package dev.winnow.bench;

import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.engine.NativeEngine;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What going from Java to the native core and back costs: a network of one multiplication, so that
 * nearly all of the time is tables, call and callback. One job alone pays for a call; a hundred
 * share it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 2,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
public class CrossingBenchmark {
  private static final int MANY = 100;

  private NativeEngine engine;
  private Plan plan;
  private List<Job> one;
  private List<Job> many;

  /** Opens the engine and checks the answer before anything is timed. */
  @Setup(Level.Trial)
  public void open() {
    engine = NativeEngine.open("cpu", 1);
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    int linear = builder.add("linear", new Operation.Linear(1, false), NetworkGraph.ALWAYS, 0);
    plan = engine.plan(builder.build(linear), PlanOptions.batch(2));
    Parameters weights =
        new Parameters.Drawn(Initialization.PYTORCH_DEFAULT, Stream.root(1).of("crossing"));
    Job job = new Job(Row.NONE, weights, new Images(new float[] {2, 3}, 2, 1, 1, 1));
    one = List.of(job);
    many = Collections.nCopies(MANY, job);
    double theta = lastEntry(one); // <g_1, g_1> of w x is 3 * 3
    if (theta != 9) {
      throw new IllegalStateException("the kernel's last entry must be 9 but was " + theta);
    }
  }

  /** Releases the native memory. */
  @TearDown(Level.Trial)
  public void close() {
    plan.close();
    engine.close();
  }

  /** One job in a call. */
  @Benchmark
  public double oneJob() {
    return lastEntry(one);
  }

  /** One of a hundred jobs in a call. */
  @Benchmark
  @OperationsPerInvocation(MANY)
  public double oneOfHundredJobs() {
    return lastEntry(many);
  }

  private double lastEntry(List<Job> jobs) {
    double[] entry = new double[1];
    plan.ntk(jobs, (job, theta) -> entry[0] = theta[1][1], Monitor.NONE);
    return entry[0];
  }
}
