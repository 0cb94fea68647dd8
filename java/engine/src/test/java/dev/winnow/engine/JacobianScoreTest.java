package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.Row;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.ClassJacobianCorrelation;
import dev.winnow.score.GradientSignAgreement;
import dev.winnow.score.JacobianCovariance;
import dev.winnow.score.JacobianScore;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.score.SynapticFlow;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.darts.Darts;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scores of the gradients by the images, on the native core. */
class JacobianScoreTest {
  private static final Stream STREAM = Stream.root(29);
  private static final Initialization INIT = Initialization.PYTORCH_DEFAULT;
  private static final JacobianScore COVARIANCE = new JacobianCovariance(4, INIT);
  private static final JacobianScore BY_CLASS = new ClassJacobianCorrelation(4, INIT);

  /** Every image of a linear layer has the same gradient: of n eigenvalues one is n, none else. */
  @Test
  void gradientsOfALinearLayerAreAllOne() {
    Job job =
        new Job(Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM.of("x"), 4, 6, 1, 1));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(Networks.linear(6, 3), PlanOptions.batch(4))) {
      double k = 1e-5;
      double expected = -(Math.log(4 + k) + 1 / (4 + k) + 3 * (Math.log(k) + 1 / k));
      // An eigenvalue is off by at most n ε; 1 / v has slope 10¹⁰ at k.
      double bound = 3 * 1e10 * 4 * 4 * Math.ulp(1.0);
      assertEquals(expected, COVARIANCE.compute(plan, job).value().orElseThrow(), bound);
    }
  }

  /** A shared pass gives the bits that each score gives alone. */
  @Test
  void mergedIsSeparate() {
    NasBench201 space = new NasBench201();
    NetworkOptions size = new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));
    Images images = Networks.images(STREAM.of("images"), 6, 3, 8, 8);
    Job job = new Job(Row.NONE, Networks.kaiming(STREAM), images);
    Job labelled = new Job(Row.NONE, job.parameters(), images.labelled(List.of(3, 1, 3, 0, 1, 3)));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(space.network(space.example(), size), PlanOptions.batch(6))) {
      List<JacobianScore> both = List.of(COVARIANCE, BY_CLASS);
      List<Score> merged = new ArrayList<>();
      Passes.computeAll(
          plan, List.of(labelled), both, (j, all) -> merged.addAll(all), Monitor.NONE);
      assertEquals(both.stream().map(score -> score.compute(plan, labelled)).toList(), merged);
      assertTrue(merged.stream().allMatch(score -> score.value().isPresent()), merged::toString);
      assertEquals(COVARIANCE.compute(plan, job), merged.get(0)); // needs no labels
      assertEquals(
          "epe_nas needs the class of every image, but these images have no labels",
          assertThrows(IllegalArgumentException.class, () -> BY_CLASS.compute(plan, job))
              .getMessage());
    }
  }

  /**
   * A norm's values have the same sum whatever it sees. Where nothing but norms, skips and sums
   * comes before the pool, what derivatives of the logits' sum are is rounding, in scores of one
   * image's own statistics too; a pool in the last cell ends that.
   */
  @Test
  void derivativesOfAFixedSumAreUndefined() {
    Darts space = new Darts();
    NetworkOptions size = new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 16, 16));
    String pooled = space.example().replaceFirst("skip_connect~0", "avg_pool_3x3~0");
    Images images = Networks.images(STREAM.of("darts"), 4, 3, 16, 16).labelled(List.of(1, 1, 0, 0));
    Job job = new Job(Row.NONE, Networks.kaiming(STREAM), images);
    List<NetworkScore> scores =
        List.of(
            COVARIANCE,
            BY_CLASS,
            new GradientSignAgreement(GradientSignAgreement.Statistics.OF_EACH_IMAGE, 4, INIT),
            new SynapticFlow(SynapticFlow.Kept.ALL, INIT));
    try (Engine engine = NativeEngine.open("cpu", 1)) {
      for (String cell : List.of(space.example(), pooled)) {
        for (NetworkScore score : scores) {
          PlanOptions options = new PlanOptions(score.batchOf(4), score.precision());
          try (Plan plan = engine.plan(space.network(cell, size), options)) {
            assertEquals(
                cell.equals(pooled), score.compute(plan, job).value().isPresent(), score.name());
          }
        }
      }
    }
  }
}
