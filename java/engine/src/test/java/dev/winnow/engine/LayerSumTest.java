package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.ChannelSaliency;
import dev.winnow.score.ConnectionSensitivity;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.LayeredScore;
import dev.winnow.score.PassInput;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.score.SignedSensitivity;
import dev.winnow.score.SynapticFlow;
import dev.winnow.score.WeightNorm;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Scores that add up over the layers, where their values are known. */
class LayerSumTest extends OnOneThread {
  private static final Stream STREAM = Stream.root(23);
  private static final Initialization INIT = Initialization.PYTORCH_DEFAULT;
  private static final PassScore GRADIENT_NORM = new GradientNorm(4, INIT);
  private static final PassScore SNIP = new ConnectionSensitivity(4, INIT);
  private static final PassScore PLAIN = new SignedSensitivity(4, INIT);
  private static final PassScore FISHER = new ChannelSaliency(4, INIT);
  private static final PassScore GRASP = new GradientSignalPreservation(4, INIT);
  private static final PassScore WEIGHT_NORM = new WeightNorm(4, INIT);
  private static final PassScore FLOW = new SynapticFlow(SynapticFlow.Kept.NONE, INIT);
  private static final PassScore NORMALISED_FLOW = new SynapticFlow(SynapticFlow.Kept.ALL, INIT);
  private static final List<PassScore> OF_THE_LOSS =
      List.of(GRADIENT_NORM, SNIP, PLAIN, WEIGHT_NORM, FISHER, GRASP);
  private static final NetworkOptions SMALL =
      new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));
  private static final PlanOptions FLOW_OPTIONS = new PlanOptions(1, Precision.FLOAT64);

  /**
   * Logits (3·1 + 0, 1·1 + 2) are equal, so the softmax is ½ and, with three labels of four on the
   * first class, dW = (−¼, ¼); of every sample and class the logit 3 times its gradient is ±3/8,
   * and half of the mean of its square is 9/128. The Hessian is (¼, −¼; −¼, ¼) and takes the
   * gradient to (−⅛, ⅛).
   */
  @Test
  void sumsOfALinearLayerHaveTheirClosedForms() {
    Parameters weights =
        new Parameters.Given(
            Map.of(
                "linear.weight", new Tensor(new int[] {2, 1}, new double[] {3, 1}),
                "linear.bias", new Tensor(new int[] {2}, new double[] {0, 2})));
    Images ones = new Images(new float[] {1, 1, 1, 1}, 4, 1, 1, 1).labelled(List.of(0, 0, 0, 1));
    Job job = new Job(Row.NONE, weights, ones);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(4))) {
      assertEquals(Math.sqrt(2) / 4, value(plan, job, GRADIENT_NORM), Math.ulp(1.0));
      assertEquals(3 / 4.0 + 1 / 4.0, value(plan, job, SNIP));
      assertEquals(-3 / 4.0 + 1 / 4.0, value(plan, job, PLAIN));
      assertEquals(Math.sqrt(10), value(plan, job, WEIGHT_NORM));
      assertEquals(2 * 9 / 128.0, value(plan, job, FISHER));
      assertEquals(3 / 8.0 - 1 / 8.0, value(plan, job, GRASP));
    }
  }

  /** Of a chain of single numbers every term is the product of their moduli. */
  @Test
  void flowOfAChainIsItsProductTimesItsLength() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    Map<String, Tensor> weights = new HashMap<>();
    double[] factors = {-3, 0.5, 7, -0.25};
    int x = 0;
    for (int l = 0; l < factors.length; l++) {
      String name = "layer" + l;
      x = builder.add(name, Operation.Convolution.of(1, 1, 1, 0), NetworkGraph.ALWAYS, x);
      weights.put(name + ".weight", new Tensor(new int[] {1, 1, 1, 1}, new double[] {factors[l]}));
      x = builder.add(name + ".bn", Operation.BatchNorm.STANDARD, NetworkGraph.ALWAYS, x);
      weights.put(name + ".bn.weight", new Tensor(new int[] {1}, new double[] {2}));
      weights.put(name + ".bn.bias", new Tensor(new int[] {1}, new double[] {-5}));
      x = builder.add(name + ".relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, x);
    }
    Job job = new Job(Row.NONE, new Parameters.Given(weights), Networks.images(STREAM, 3, 1, 1, 1));
    try (Plan plan = engine.plan(builder.build(x), FLOW_OPTIONS)) {
      LayeredScore flow = values(plan, job, List.of(FLOW)).get(0);
      double product = 3 * 0.5 * 7 * 0.25;
      assertEquals(4 * product, flow.score().value().orElseThrow());
      assertEquals(
          Map.of("layer0", product, "layer1", product, "layer2", product, "layer3", product),
          flow.layers());
    }
  }

  /** The total takes a pass of its own; layer by layer it is a backward pass. */
  @Test
  void flowIsTheSumOfItsLayers() {
    NasBench201 space = new NasBench201();
    for (String cell :
        List.of(
            space.example(),
            "|avg_pool_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|avg_pool_3x3~2|")) {
      NetworkGraph graph = space.network(cell, SMALL);
      Job job =
          new Job(
              Row.NONE, new Parameters.Drawn(INIT, STREAM), Networks.images(STREAM, 1, 3, 8, 8));
      try (Plan plan = engine.plan(graph, FLOW_OPTIONS)) {
        double total = FLOW.compute(plan, job).value().orElseThrow();
        LayeredScore layered = values(plan, job, List.of(FLOW)).get(0);
        double sum = layered.score().value().orElseThrow();
        assertEquals(sum, total, 1e-12 * sum);
      }
    }
  }

  /** All paths cross the stem: twice its weights, twice the flow, exactly. */
  @Test
  void flowIsLinearInALayerThatAllPathsCross() {
    NetworkGraph graph =
        cell("|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|avg_pool_3x3~1|none~2|");
    try (Plan plan = engine.plan(graph, FLOW_OPTIONS)) {
      Map<String, Tensor> weights = new HashMap<>(plan.values(drawn()));
      Job job = new Job(Row.NONE, new Parameters.Given(weights), labelled(1));
      double flow = value(plan, job, FLOW);
      weights.computeIfPresent(
          "stem.conv.weight",
          (name, stem) ->
              new Tensor(
                  stem.shape(), java.util.Arrays.stream(stem.values()).map(w -> -2 * w).toArray()));
      Job doubled = new Job(Row.NONE, new Parameters.Given(weights), labelled(1));
      assertEquals(2 * flow, value(plan, doubled, FLOW));
    }
  }

  /** A shared pass gives the bits that each score gives alone. */
  @Test
  void mergedIsSeparate() {
    NetworkGraph graph = cell(new NasBench201().example());
    Job job = new Job(Row.NONE, drawn(), labelled(6));
    try (Plan plan = engine.plan(graph, PlanOptions.batch(6))) {
      List<LayeredScore> alone =
          OF_THE_LOSS.stream().map(score -> values(plan, job, List.of(score)).get(0)).toList();
      assertEquals(alone, values(plan, job, OF_THE_LOSS));
      assertTrue(alone.get(0).score().value().orElseThrow() > 0);
    }
  }

  @Test
  void whatNoPathCrossesIsUndefinedAndWhatNeedsNoneIsNot() {
    NetworkGraph graph =
        cell("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|none~2|");
    Job job = new Job(Row.NONE, drawn(), labelled(4));
    try (Plan plan = engine.plan(graph, PlanOptions.batch(4));
        Plan single = engine.plan(graph, FLOW_OPTIONS)) {
      for (PassScore score : List.of(GRADIENT_NORM, SNIP, PLAIN, GRASP, FLOW, NORMALISED_FLOW)) {
        Plan own = score.input().equals(PassInput.FLOW) ? single : plan;
        Score.Undefined none = assertInstanceOf(Score.Undefined.class, score.compute(own, job));
        assertEquals("no path leads from the image to the logits", none.reason());
        assertEquals(0, none.published(), score.name()); // as the golden disconnected case has it
      }
      assertTrue(value(plan, job, WEIGHT_NORM) > 0);
    }
  }

  @Test
  void preconditionsAreTold() {
    NetworkGraph graph = cell(new NasBench201().example());
    Job job = new Job(Row.NONE, drawn(), Networks.images(STREAM, 4, 3, 8, 8));
    try (Plan plan = engine.plan(graph, PlanOptions.batch(4))) {
      assertMistake(
          "snip needs the class of every image, but these images have no labels",
          () -> SNIP.compute(plan, job));
      assertMistake(
          "synflow needs a plan of batch 1 in FLOAT64 but it was of batch 4 in FLOAT32",
          () -> FLOW.compute(plan, job));
      assertTrue(value(plan, job, WEIGHT_NORM) > 0); // sees no image
    }
  }

  private static NetworkGraph cell(String architecture) {
    return new NasBench201().network(architecture, SMALL);
  }

  private static Parameters drawn() {
    return new Parameters.Drawn(INIT, STREAM.of("weights"));
  }

  private static Images labelled(int samples) {
    return Networks.images(STREAM.of("images"), samples, 3, 8, 8)
        .labelled(IntStream.range(0, samples).boxed().toList());
  }

  private static double value(Plan plan, Job job, PassScore score) {
    return score.compute(plan, job).value().orElseThrow();
  }

  private static List<LayeredScore> values(Plan plan, Job job, List<PassScore> scores) {
    List<LayeredScore> found = new ArrayList<>();
    Passes.compute(plan, List.of(job), scores, (j, all) -> found.addAll(all), Monitor.NONE);
    return found;
  }
}
