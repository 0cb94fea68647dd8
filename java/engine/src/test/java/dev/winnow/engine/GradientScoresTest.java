package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Role;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.random.Stream;
import dev.winnow.score.GradientModulusVariance;
import dev.winnow.score.GradientSignAgreement;
import dev.winnow.score.GradientSignAgreement.Statistics;
import dev.winnow.score.InverseGradientVariation;
import dev.winnow.score.InverseGradientVariation.Variant;
import dev.winnow.score.MeanGradientProduct;
import dev.winnow.score.NtkNorm;
import dev.winnow.score.PassScore;
import dev.winnow.score.Score;
import dev.winnow.score.SynapticFlow;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Scores from gradients by weights, where their values are known. */
class GradientScoresTest extends OnOneThread {
  private static final Stream STREAM = Stream.root(41);
  private static final Initialization INIT = Initialization.PYTORCH_DEFAULT;
  private static final PassScore ZICO = zico(Variant.PAPER);
  private static final PassScore LSWAG = new GradientModulusVariance(1, INIT);
  private static final PassScore GRADSIGN =
      new GradientSignAgreement(Statistics.OF_EACH_IMAGE, 2, INIT);
  private static final PassScore GRADSIGN_BATCH =
      new GradientSignAgreement(Statistics.OF_THE_BATCH, 2, INIT);
  private static final PassScore KNAS = new MeanGradientProduct(2, INIT);
  private static final PassScore TRACE = new NtkNorm(NtkNorm.Kind.TRACE, 2, INIT);
  private static final PassScore FROBENIUS = new NtkNorm(NtkNorm.Kind.FROBENIUS, 2, INIT);
  private static final NetworkOptions SMALL =
      new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));

  /** Zero weights: the softmax is ½ and dW = (−x/2, x/2) for label 0, the reverse for label 1. */
  private static final Parameters ZEROS =
      new Parameters.Given(
          Map.of(
              "linear.weight", new Tensor(new int[] {2, 1}, new double[2]),
              "linear.bias", new Tensor(new int[] {2}, new double[2])));

  /** Batches of one image, x = 1 and 5: both weights have moduli ½ and 5/2, in one direction. */
  @Test
  void variationsOfALinearLayerHaveTheirClosedForms() {
    Job job = linearJob(List.of(0, 0), 1, 5);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(1))) {
      // (½ + 5/2) / |½ − 5/2| twice
      assertEquals(Math.log(2 * 3 / 2.0), value(plan, job, ZICO), Math.ulp(2.0));
      // of ½ and 3: (½ + 3) / (5/2) twice
      assertEquals(
          Math.log(2 * 3.5 / 2.5), value(plan, job, zico(Variant.RELEASED)), Math.ulp(2.0));
      // one pixel, two channels: − ½ ln (1/√2)
      assertEquals(
          Math.log(3) + Math.log(2) / 4, value(plan, job, zico(Variant.CORRECTED)), Math.ulp(2.0));
      // deviation |½ − 5/2| / 2 = 1, twice
      assertEquals(Math.log(2), value(plan, job, LSWAG), Math.ulp(1.0));
    }
  }

  @Test
  void equalBatchesHaveNoVariation() {
    Job job = linearJob(List.of(0, 0), 3, 3);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(1))) {
      for (PassScore score : List.of(ZICO, LSWAG)) {
        Score.Undefined none = assertInstanceOf(Score.Undefined.class, score.compute(plan, job));
        assertEquals("no weight's gradient varies between the batches", none.reason());
        assertEquals(0, none.published());
      }
    }
  }

  /** Two samples pull either weight one way, the third the other: |2 − 1| for each. */
  @Test
  void signsOfALinearLayerAreCounted() {
    Job job = linearJob(List.of(0, 0, 1), 1, 2, 3);
    try (Plan alone = engine.plan(Networks.linear(1, 2), PlanOptions.batch(1));
        Plan together = engine.plan(Networks.linear(1, 2), PlanOptions.batch(3))) {
      assertEquals(2, value(alone, job, GRADSIGN));
      assertEquals(2, value(together, job, GRADSIGN_BATCH)); // no norm: nothing is shared
    }
  }

  /** The gradient of each image alone, from a pass of its own. */
  @Test
  void signsAreThoseOfTheGradients() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SMALL);
    Images images = labelled(5);
    Parameters weights = new Parameters.Drawn(INIT, STREAM.of("weights"));
    try (Plan plan = engine.plan(graph, PlanOptions.batch(1))) {
      Map<String, double[]> sums = new HashMap<>();
      for (int i = 0; i < 5; i++) {
        plan.gradients(
            List.of(new Job(Row.NONE, weights, images.part(i, 1))),
            new Cotangent.CrossEntropy(images.labels().subList(i, i + 1)),
            Plan.NormMode.BATCH,
            false,
            (j, found) ->
                found
                    .parameters()
                    .forEach(
                        (name, g) -> {
                          double[] sum =
                              sums.computeIfAbsent(name, n -> new double[g.values().length]);
                          for (int w = 0; w < sum.length; w++) {
                            sum[w] += Math.signum(g.values()[w]);
                          }
                        }),
            Monitor.NONE);
      }
      double expected = 0;
      for (TensorSpec tensor : graph.tensors()) {
        if (tensor.role() == Role.CONVOLUTION_WEIGHT || tensor.role() == Role.LINEAR_WEIGHT) {
          for (double sum : sums.get(tensor.name())) {
            expected += Math.abs(sum);
          }
        }
      }
      assertEquals(expected, value(plan, new Job(Row.NONE, weights, images), GRADSIGN));
      assertTrue(expected > 0);
    }
  }

  /**
   * Of x = 1 and 3 with labels 0 and 1 the gradients by weights and biases are ±(½, −½, ½, −½) and
   * its negative with 3: products 1, −2, −2, 5.
   */
  @Test
  void meanProductOfALinearLayer() {
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(2))) {
      assertEquals((1 - 2 - 2 + 5) / 4.0, value(plan, linearJob(List.of(0, 1), 1, 3), KNAS), 1e-15);
    }
  }

  /** Summed logits of x have the gradient (x, x): Θ = 2 x xᵀ, of rank one. */
  @Test
  void normsOfALinearKernelAreItsEigenvalue() {
    Job job = linearJob(List.of(), 1, 2, 4);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(3))) {
      assertEquals(2 * (1 + 4 + 16), value(plan, job, TRACE));
      assertEquals(2 * (1 + 4 + 16), value(plan, job, FROBENIUS));
    }
  }

  /** The flow with some norms kept is that with all norms of a network that has no others. */
  @Test
  void flowKeepsTheNormsOfReductions() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SMALL);
    NetworkGraph without = without(graph, Pattern.compile("cells\\.\\d+\\.conv_[ab]\\.bn"));
    PlanOptions options = new PlanOptions(1, Precision.FLOAT64);
    Job job = new Job(Row.NONE, new Parameters.Drawn(INIT, STREAM.of("weights")), labelled(1));
    PassScore reductions = flow(SynapticFlow.Kept.REDUCTIONS);
    try (Plan plan = engine.plan(graph, options);
        Plan stripped = engine.plan(without, options)) {
      double kept = value(plan, job, reductions);
      double expected = value(stripped, job, flow(SynapticFlow.Kept.ALL));
      assertEquals(expected, kept, 1e-12 * expected);
      assertNotEquals(kept, value(plan, job, flow(SynapticFlow.Kept.NONE)));
    }
    try (Plan plan = engine.plan(Networks.linear(1, 2), options)) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> reductions.compute(plan, job))
              .getMessage()
              .startsWith("synflow_reductions is defined for networks with the reduction blocks"));
    }
  }

  @Test
  void whatNoPathCrossesIsUndefined() {
    NetworkGraph graph =
        new NasBench201()
            .network(
                "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|none~2|", SMALL);
    Job job = new Job(Row.NONE, new Parameters.Drawn(INIT, STREAM), labelled(4));
    try (Plan one = engine.plan(graph, PlanOptions.batch(1));
        Plan two = engine.plan(graph, PlanOptions.batch(2));
        Plan all = engine.plan(graph, PlanOptions.batch(4))) {
      assertUndefined(two, job, ZICO);
      assertUndefined(two, job, LSWAG);
      assertUndefined(one, job, GRADSIGN);
      assertUndefined(all, job, GRADSIGN_BATCH);
      assertUndefined(all, job, KNAS);
      assertUndefined(all, job, TRACE);
      assertUndefined(all, job, FROBENIUS);
    }
  }

  @Test
  void preconditionsAreTold() {
    Job job = linearJob(List.of(0, 0), 1, 2);
    Job unlabelled = linearJob(List.of(), 1, 2);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(2))) {
      assertMistake(
          "zico needs two batches of 2 images or more but got 2", () -> ZICO.compute(plan, job));
      assertMistake(
          "gradsign needs a plan of batch 1 but it was of batch 2",
          () -> GRADSIGN.compute(plan, job));
      assertMistake(
          "knas needs the class of every image, but these images have no labels",
          () -> KNAS.compute(plan, unlabelled));
    }
    assertMistake("zico splits the images into 2 batches, but there are 3", () -> ZICO.batchOf(3));
    assertMistake(
        "gradsign images must be in [2, 1024] but were 1",
        () -> new GradientSignAgreement(Statistics.OF_EACH_IMAGE, 1, INIT));
  }

  private static void assertUndefined(Plan plan, Job job, PassScore score) {
    Score.Undefined none = assertInstanceOf(Score.Undefined.class, score.compute(plan, job));
    assertEquals("no path leads from the image to the logits", none.reason(), score.name());
  }

  private static PassScore zico(Variant variant) {
    return new InverseGradientVariation(variant, 0.5, 1, INIT);
  }

  private static PassScore flow(SynapticFlow.Kept kept) {
    return new SynapticFlow(kept, INIT);
  }

  private static Job linearJob(List<Integer> labels, float... x) {
    Images images = new Images(x, x.length, 1, 1, 1);
    return new Job(Row.NONE, ZEROS, labels.isEmpty() ? images : images.labelled(labels));
  }

  private static Images labelled(int samples) {
    return Networks.images(STREAM.of("images"), samples, 3, 8, 8)
        .labelled(IntStream.range(0, samples).boxed().toList());
  }

  private static double value(Plan plan, Job job, PassScore score) {
    return score.compute(plan, job).value().orElseThrow();
  }

  /** The same network without the norms whose names do not match. */
  private static NetworkGraph without(NetworkGraph graph, Pattern kept) {
    NetworkGraph.Builder builder = NetworkGraph.builder(graph.nodes().get(0).shape());
    int[] place = new int[graph.nodes().size()];
    for (int n = 1; n < place.length; n++) {
      Node node = graph.nodes().get(n);
      int[] inputs = node.inputs().stream().mapToInt(input -> place[input]).toArray();
      boolean passedOver =
          node.operation() instanceof Operation.BatchNorm && !kept.matcher(node.name()).matches();
      place[n] =
          passedOver
              ? inputs[0]
              : builder.add(node.name(), node.operation(), node.choice(), inputs);
    }
    return builder.build(place[graph.output()]);
  }
}
