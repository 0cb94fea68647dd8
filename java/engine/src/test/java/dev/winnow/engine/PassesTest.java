package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Readings;
import dev.winnow.compute.Row;
import dev.winnow.compute.TrainingPass;
import dev.winnow.net.NetworkGraph;
import dev.winnow.random.Stream;
import dev.winnow.score.ActivationKernelLogDeterminant;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import dev.winnow.score.ClassJacobianCorrelation;
import dev.winnow.score.ConnectionSensitivity;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignAgreement;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.JacobianCovariance;
import dev.winnow.score.LayeredScore;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.MeanGradientProduct;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.NtkNorm;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.SignedSensitivity;
import dev.winnow.score.UnitPatternCount;
import dev.winnow.score.WeightNorm;
import dev.winnow.space.Supernet;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Scores that share passes have the bits that each has alone, whatever runs beside them. */
class PassesTest {
  private static final Stream STREAM = Stream.root(53);
  private static final Initialization INIT = Initialization.PYTORCH_DEFAULT;
  private static final int BATCH = 18; // a full block of lanes and a part of one
  private static final List<PassScore> SCORES =
      List.of(
          new LinearRegionCount(),
          swap(Optional.empty()),
          new GradientNorm(BATCH, INIT),
          new ConnectionSensitivity(BATCH, INIT),
          nwot(Hooks.RELUS, NormMode.BATCH),
          new SignedSensitivity(BATCH, INIT),
          new GradientSignalPreservation(BATCH, INIT),
          new WeightNorm(BATCH, INIT),
          new MeanGradientProduct(BATCH, INIT),
          new JacobianCovariance(BATCH, INIT),
          new ClassJacobianCorrelation(BATCH, INIT),
          new NtkConditionNumber(BATCH, INIT),
          new NtkNorm(NtkNorm.Kind.TRACE, BATCH, INIT),
          new GradientSignAgreement(GradientSignAgreement.Statistics.OF_THE_BATCH, BATCH, INIT),
          nwot(Hooks.RELUS_AND_WRAPPERS, NormMode.RUNNING),
          swap(Optional.of(new UnitPatternCount.Size(0.01, 1))));

  private static PassScore swap(Optional<UnitPatternCount.Size> size) {
    return new UnitPatternCount(size, BATCH, size.isPresent() ? 3 : 1, INIT);
  }

  private static PassScore nwot(Hooks hooks, NormMode norm) {
    return new ActivationKernelLogDeterminant(BATCH, hooks, norm, INIT);
  }

  @Test
  void mergedIsSeparate() {
    Supernet supernet = Networks.supernet();
    List<Job> jobs = jobs(supernet);
    for (Precision precision : Precision.values()) {
      List<List<LayeredScore>> expected = null;
      for (int threads : new int[] {1, 2, 3}) {
        try (Engine engine = NativeEngine.open("cpu", threads);
            Plan plan = engine.plan(supernet.graph(), new PlanOptions(BATCH, precision))) {
          List<List<LayeredScore>> merged = compute(plan, jobs, SCORES);
          if (expected == null) {
            expected = separate(plan, jobs);
          }
          assertEquals(expected, merged, precision + " on " + threads + " threads");
        }
      }
      assertTrue(
          expected.get(0).stream().allMatch(one -> one.score().value().isPresent()),
          expected::toString);
    }
  }

  /**
   * The losses', the sum of the logits', the kernel's, that of each loss, and running statistics,
   * and that of further draws of the weights.
   */
  @Test
  void sixPassesServeSixteenScores() {
    Supernet supernet = Networks.supernet();
    try (Engine engine = NativeEngine.open("cpu", 1);
        Counted plan =
            new Counted(
                engine.plan(supernet.graph(), PlanOptions.batch(BATCH)), new ArrayList<>())) {
      compute(plan, jobs(supernet).subList(0, 1), SCORES);
      assertEquals(6, plan.passes().size(), plan.passes()::toString);
    }
  }

  private static List<List<LayeredScore>> separate(Plan plan, List<Job> jobs) {
    List<List<LayeredScore>> alone = new ArrayList<>();
    jobs.forEach(job -> alone.add(new ArrayList<>()));
    for (PassScore score : SCORES) {
      for (int j = 0; j < jobs.size(); j++) {
        alone.get(j).addAll(compute(plan, List.of(jobs.get(j)), List.of(score)).get(0));
      }
    }
    return alone;
  }

  private static List<List<LayeredScore>> compute(
      Plan plan, List<Job> jobs, List<PassScore> scores) {
    List<List<LayeredScore>> found = new ArrayList<>();
    Passes.compute(
        plan,
        jobs,
        scores,
        (job, all) -> {
          assertEquals(found.size(), job); // in their order
          found.add(all);
        },
        Monitor.NONE);
    return found;
  }

  /** The whole supernet, a candidate with a few operations, other weights, other images. */
  private static List<Job> jobs(Supernet supernet) {
    Row whole = supernet.row(alive(supernet, true));
    Row part = supernet.row(alive(supernet, false));
    Images images = images("a");
    Parameters weights = new Parameters.Drawn(INIT, STREAM.of("weights"));
    Parameters others = new Parameters.Drawn(INIT, STREAM.of("others"));
    return List.of(
        new Job(whole, weights, images),
        new Job(part, others, images),
        new Job(whole, weights, images("b")));
  }

  /** All operations, or the even ones. */
  private static boolean[][] alive(Supernet supernet, boolean all) {
    boolean[][] alive = new boolean[supernet.edges().size()][];
    for (int e = 0; e < alive.length; e++) {
      alive[e] = new boolean[supernet.edges().get(e).operations().size()];
      for (int o = 0; o < alive[e].length; o++) {
        alive[e][o] = all || o % 2 == 0;
      }
    }
    return alive;
  }

  private static Images images(String name) {
    return Networks.images(STREAM.of(name), BATCH, 3, 8, 8)
        .labelled(IntStream.range(0, BATCH).map(i -> i * i % 10).boxed().toList());
  }

  /** Counts what is read of a plan. */
  private record Counted(Plan plan, List<Pass> passes) implements Plan {
    @Override
    public NetworkGraph graph() {
      return plan.graph();
    }

    @Override
    public PlanOptions options() {
      return plan.options();
    }

    @Override
    public void ntk(List<Job> jobs, Results<double[][]> results, Monitor monitor) {
      plan.ntk(jobs, results, monitor);
    }

    @Override
    public void read(List<Job> jobs, Pass pass, Results<Readings> results, Monitor monitor) {
      passes.add(pass);
      plan.read(jobs, pass, results, monitor);
    }

    @Override
    public void logits(
        List<Job> jobs, NormMode norm, Results<double[][]> results, Monitor monitor) {
      plan.logits(jobs, norm, results, monitor);
    }

    @Override
    public void synapticFlow(List<Job> jobs, Results<Double> results, Monitor monitor) {
      plan.synapticFlow(jobs, results, monitor);
    }

    @Override
    public void trainingPass(
        List<Job> jobs, int node, Results<TrainingPass> results, Monitor monitor) {
      plan.trainingPass(jobs, node, results, monitor);
    }

    @Override
    public Map<String, Tensor> values(Parameters parameters) {
      return plan.values(parameters);
    }

    @Override
    public void close() {
      plan.close();
    }
  }
}
