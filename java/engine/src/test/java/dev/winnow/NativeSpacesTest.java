package dev.winnow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
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
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Score;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import dev.winnow.space.Supernet;
import dev.winnow.space.darts.DartsS4;
import dev.winnow.space.nasbench1shot1.NasBench1Shot1;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of every space in the list run on the native core. */
class NativeSpacesTest {
  private static final Stream ROOT = Stream.root(5);

  static List<SearchSpace> spaces() {
    return ServiceLoader.load(SearchSpace.class).stream().map(s -> s.get()).toList();
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void scoresOfAnArchitectureAreDefined(SearchSpace space) {
    try (Engine engine = NativeEngine.open("cpu", 1)) {
      NetworkGraph network =
          space.network(space.example(), space.reduced(10, new Shape(3, 32, 32)));
      Score ntk = score(engine, network, new NtkConditionNumber(), 4);
      assertTrue(ntk.value().orElse(0) > 1, ntk::toString);
      NetworkGraph thin = space.network(space.example(), space.thin(10, new Shape(1, 3, 3)));
      Score regions = score(engine, thin, new LinearRegionCount(), 50);
      double count = regions.value().orElseThrow();
      assertTrue(count >= 1 && count <= 50, regions::toString);
    }
  }

  /**
   * S4 with noise on half of the edges, every score that a supernet's candidate is pruned by. The
   * stream decides: the same gives the same bits, another another kernel.
   */
  @Test
  void networksWithNoiseAreScoredByTheStreamOfTheJob() {
    SearchSpace space = new DartsS4();
    String half = String.join(";", Collections.nCopies(4, "noise~0;sep_conv_3x3~1"));
    NetworkGraph network =
        space.network(half + "/" + half, space.reduced(10, new Shape(3, 32, 32)));
    Job job = new Job(Row.NONE, weights(), images(network, 4));
    try (Engine engine = NativeEngine.open("cpu", 2);
        Plan plan = engine.plan(network, PlanOptions.batch(4))) {
      NetworkScore ntk = new NtkConditionNumber();
      Score first = ntk.compute(plan, job.noisy(ROOT.of("noise")));
      assertTrue(first.value().orElse(0) > 1, first::toString);
      assertEquals(first, ntk.compute(plan, job.noisy(ROOT.of("noise"))));
      assertNotEquals(first, ntk.compute(plan, job.noisy(ROOT.of("other"))));
    }
  }

  /**
   * With every candidate alive. The network ends with batch norm and a mean: over a batch its
   * features sum to zero whatever the weights, so of n eigenvalues of the kernel one is zero, and
   * no more.
   */
  @ParameterizedTest
  @MethodSource("oneShot")
  void oneShotSupernetsRun(NasBench1Shot1 space) {
    NetworkOptions size = new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 16, 16));
    Supernet supernet = space.supernet(size);
    boolean[][] alive = new boolean[supernet.edges().size()][];
    for (int e = 0; e < alive.length; e++) {
      alive[e] = new boolean[supernet.edges().get(e).operations().size()];
      Arrays.fill(alive[e], true);
    }
    Row row = supernet.row(alive);
    double[][][] kernel = new double[1][][];
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(supernet.graph(), PlanOptions.batch(4))) {
      Job job = new Job(row, weights(), images(supernet.graph(), 4));
      plan.ntk(List.of(job), (index, theta) -> kernel[0] = theta, Monitor.NONE);
    }
    double[] spectrum = NtkConditionNumber.spectrum(kernel[0]);
    assertEquals(0, spectrum[0] / spectrum[3], 4 * Math.ulp(1f));
    assertTrue(spectrum[1] / spectrum[3] > 1e-4, () -> Arrays.toString(spectrum));
  }

  static List<NasBench1Shot1> oneShot() {
    return spaces().stream()
        .filter(NasBench1Shot1.class::isInstance)
        .map(NasBench1Shot1.class::cast)
        .toList();
  }

  private static Score score(Engine engine, NetworkGraph graph, NetworkScore score, int batch) {
    try (Plan plan = engine.plan(graph, PlanOptions.batch(batch))) {
      return score.compute(plan, new Job(Row.NONE, weights(), images(graph, batch)));
    }
  }

  private static Parameters weights() {
    return new Parameters.Drawn(Initialization.KAIMING_FAN_OUT, ROOT.of("weights"));
  }

  private static Images images(NetworkGraph graph, int samples) {
    Shape shape = graph.nodes().get(0).shape();
    float[] values = new float[(int) (samples * shape.elements())];
    Philox random = ROOT.of("images").generator();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return new Images(values, samples, shape.channels(), shape.height(), shape.width());
  }
}
