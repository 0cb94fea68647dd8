package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.GradientModulusVariance;
import dev.winnow.score.InverseGradientVariation;
import dev.winnow.score.LayeredScore;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.PatternWeightedVariance;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@code lswag} against its parts. */
class PatternWeightedVarianceTest {
  private static final Stream STREAM = Stream.root(79);
  private static final Initialization INIT = Initialization.KAIMING_FAN_IN;
  private static final PatternWeightedVariance LSWAG = of(0, 1);
  private static final GradientModulusVariance GRADIENTS = new GradientModulusVariance(2, INIT);
  private static final NetworkOptions SIZE =
      new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));

  private static PatternWeightedVariance of(double first, double last) {
    return new PatternWeightedVariance(first, last, 2, INIT);
  }

  /**
   * Units x, −x, x − 3/2 and 2x answer 01, 10, 00 and 01 to x = −1 and 1: 3 patterns; 11, 00, 00
   * and 11 to 1 and 1: 2. No ReLU follows the output's layer.
   */
  @Test
  void termsAreLogarithmsTimesMeanPatterns() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(1, 1, 1));
    int hidden = builder.add("hidden", new Operation.Linear(4, true), NetworkGraph.ALWAYS, 0);
    int relu = builder.add("relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, hidden);
    NetworkGraph graph =
        builder.build(
            builder.add("output", new Operation.Linear(2, false), NetworkGraph.ALWAYS, relu));
    Parameters weights =
        new Parameters.Given(
            Map.of(
                "hidden.weight", new Tensor(new int[] {4, 1}, new double[] {1, -1, 1, 2}),
                "hidden.bias", new Tensor(new int[] {4}, new double[] {0, 0, -1.5, 0}),
                "output.weight",
                    new Tensor(new int[] {2, 4}, new double[] {1, 2, -1, 1, -1, 0, 1, 3})));
    Images images = new Images(new float[] {-1, 1, 1, 1}, 4, 1, 1, 1).labelled(List.of(0, 1, 0, 1));
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(2))) {
      List<LayeredScore> found =
          compute(plan, new Job(Row.NONE, weights, images), List.of(LSWAG, GRADIENTS));
      double logarithm = found.get(1).layers().get("hidden");
      assertEquals(Map.of("hidden", 2.5 * logarithm), found.get(0).layers());
      assertEquals(2.5 * logarithm, found.get(0).score().value().orElseThrow());
      assertTrue(logarithm != 0);
    }
  }

  private static List<LayeredScore> compute(Plan plan, Job job, List<PassScore> scores) {
    List<LayeredScore> found = new ArrayList<>();
    Passes.compute(plan, List.of(job), scores, (j, all) -> found.addAll(all), Monitor.NONE);
    return found;
  }

  /** Beside ZiCo, whose pass it shares, it has the bits that it has alone, on any threads. */
  @Test
  void mergedIsSeparate() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SIZE);
    List<PassScore> scores =
        List.of(
            new InverseGradientVariation(InverseGradientVariation.Variant.PAPER, 0, 2, INIT),
            LSWAG,
            GRADIENTS);
    List<LayeredScore> first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = NativeEngine.open("cpu", threads);
          Plan plan = engine.plan(graph, PlanOptions.batch(2))) {
        List<LayeredScore> merged = compute(plan, job(), scores);
        for (int s = 0; s < scores.size(); s++) {
          assertEquals(compute(plan, job(), List.of(scores.get(s))).get(0), merged.get(s));
        }
        first = first == null ? merged : first;
        assertEquals(first, merged, threads + " threads");
      }
    }
    // Every convolution is followed by a ReLU; the classifier is not.
    Set<String> layers = first.get(2).layers().keySet();
    assertEquals(layers.size() - 1, first.get(1).layers().size());
    assertTrue(layers.contains("classifier"));
    assertTrue(!first.get(1).layers().containsKey("classifier"));
  }

  @Test
  void aRangeHasTheTermsOfItsLayers() {
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SIZE);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(2))) {
      List<LayeredScore> found =
          compute(plan, job(), List.of(LSWAG, of(0, .5), of(.5, 1), of(.999, 1)));
      double sum = found.get(0).score().value().orElseThrow();
      double halves = found.get(1).score().value().orElseThrow();
      halves += found.get(2).score().value().orElseThrow();
      assertEquals(sum, halves, 1e-12 * sum);
      int layers = found.get(0).layers().size();
      assertEquals(layers, found.get(1).layers().size() + found.get(2).layers().size());
      assertUndefined("no ReLU follows a layer of the range", found.get(3).score());
    }
  }

  @Test
  void disconnectedCellsHaveNoneAndSkipsDo() {
    assertUndefined(
        "no path leads from the image to the logits",
        score("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"));
    score(
            "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|")
        .value()
        .orElseThrow();
  }

  private static void assertUndefined(String reason, Score score) {
    assertEquals(reason, assertInstanceOf(Score.Undefined.class, score).reason());
  }

  private static Score score(String cell) {
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(new NasBench201().network(cell, SIZE), PlanOptions.batch(2))) {
      return LSWAG.compute(plan, job());
    }
  }

  private static Job job() {
    return new Job(
        Row.NONE,
        Networks.kaiming(STREAM),
        Networks.images(STREAM.of("images"), 4, 3, 8, 8)
            .labelled(IntStream.range(0, 4).boxed().toList()));
  }

  @Test
  void labelsAreAskedForInItsName() {
    Images plain = Networks.images(STREAM, 4, 3, 8, 8);
    Job job = new Job(Row.NONE, Networks.kaiming(STREAM), plain);
    NetworkGraph graph = new NasBench201().network(new NasBench201().example(), SIZE);
    try (Engine engine = NativeEngine.open("cpu", 1);
        Plan plan = engine.plan(graph, PlanOptions.batch(2))) {
      assertEquals(
          "lswag needs the class of every image, but these images have no labels",
          assertThrows(IllegalArgumentException.class, () -> LSWAG.compute(plan, job))
              .getMessage());
    }
  }

  @Test
  void whatIsNoRangeIsNamed() {
    assertEquals(
        "lswag layers must lie in 0 <= first < last <= 1 but were [0.5, 0.5)",
        assertThrows(IllegalArgumentException.class, () -> of(.5, .5)).getMessage());
  }
}
