package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
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
import dev.winnow.compute.Reading;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.LayeredScore;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.Score;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Products of the Hessian with the gradient against differences of gradients and against laws. */
class HessianProductsTest extends OnOneThread {
  private static final Stream STREAM = Stream.root(61);
  private static final int BATCH = 6;
  private static final Parameters DRAWN =
      new Parameters.Drawn(Initialization.PYTORCH_DEFAULT, STREAM.of("weights"));
  private static final PlanOptions DOUBLE = new PlanOptions(BATCH, Precision.FLOAT64);
  private static final PassScore GRASP =
      new GradientSignalPreservation(BATCH, Initialization.PYTORCH_DEFAULT);
  private static final PassScore NORM = new GradientNorm(BATCH, Initialization.PYTORCH_DEFAULT);
  private static final Reading<Map<String, Double>> PRODUCTS = new Reading.HessianProducts();

  /** Gradients a small step along the gradient of the layers' weights, and back. */
  @Test
  void productsAreDifferencesOfGradients() {
    NasBench201 space = new NasBench201();
    NetworkOptions small = new NetworkOptions(4, 1, 3, true, 10, new Shape(3, 8, 8));
    NetworkGraph graph = space.network(space.example(), small);
    try (Plan plan = engine.plan(graph, DOUBLE)) {
      Map<String, Tensor> weights = plan.values(DRAWN);
      Map<String, Tensor> gradients = gradients(plan, weights);
      LayeredScore score = score(plan, job(DRAWN, labelled("a"))).get(0);
      double largest = score.layers().values().stream().mapToDouble(Math::abs).max().orElseThrow();
      double step = 1e-9; // small enough that no ReLU changes its sign: at 1e-6 some do
      Map<String, Tensor> ahead = gradients(plan, moved(weights, gradients, score, step));
      Map<String, Tensor> behind = gradients(plan, moved(weights, gradients, score, -step));
      score
          .layers()
          .forEach(
              (layer, term) -> {
                String name = layer + ".weight";
                double product = 0;
                for (int k = 0; k < weights.get(name).values().length; k++) {
                  double change = ahead.get(name).values()[k] - behind.get(name).values()[k];
                  product += weights.get(name).values()[k] * change / (2 * step);
                }
                assertEquals(-product, term, 1e-6 * largest, layer);
              });
      assertTrue(score.layers().get("classifier") < 0); // the others are above
    }
  }

  /** The loss does not feel the scale of a layer before a norm without ε: Euler's theorem. */
  @Test
  void beforeANormTheTermIsTheSquaredGradientNorm() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(3, 6, 6));
    int x = 0;
    for (int l = 0; l < 3; l++) {
      String name = "layer" + l;
      x = builder.add(name, Operation.Convolution.of(5, 3, 1, 1), NetworkGraph.ALWAYS, x);
      x =
          builder.add(
              name + ".bn", new Operation.BatchNorm(true, 1e-14, 0.1), NetworkGraph.ALWAYS, x);
      x = builder.add(name + ".relu", Operation.Relu.STANDARD, NetworkGraph.ALWAYS, x);
    }
    x = builder.add("gap", new Operation.GlobalAveragePool(), NetworkGraph.ALWAYS, x);
    x = builder.add("linear", new Operation.Linear(10, true), NetworkGraph.ALWAYS, x);
    try (Plan plan = engine.plan(builder.build(x), DOUBLE)) {
      List<LayeredScore> scores = score(plan, job(DRAWN, labelled("a", 6)));
      for (int l = 0; l < 3; l++) {
        double norm = scores.get(1).layers().get("layer" + l);
        double term = scores.get(0).layers().get("layer" + l);
        assertEquals(norm * norm, term, 1e-8 * norm * norm);
        assertTrue(norm > 1e-3);
      }
    }
  }

  /** A pass that is differentiated by its input too, in calls of some jobs each. */
  @Test
  void readBesideTheInputsGradientInSeveralCalls() {
    NetworkGraph graph = Networks.linear(1 << 20, 2); // 16 MB of weights: a few jobs a call
    Images images = Networks.images(STREAM.of("wide"), 1, 1 << 20, 1, 1).labelled(List.of(0));
    Pass pass =
        Pass.backward(
            NormMode.BATCH,
            Cotangent.CrossEntropy.OF_IMAGES,
            PRODUCTS,
            new Reading.InputGradient());
    List<Job> jobs =
        IntStream.range(0, 5)
            .mapToObj(
                j ->
                    job(
                        new Parameters.Drawn(
                            Initialization.PYTORCH_DEFAULT, STREAM.of("weights " + j)),
                        images))
            .toList();
    try (Plan plan = engine.plan(graph, PlanOptions.batch(1))) {
      List<Map<String, Double>> together = new ArrayList<>();
      plan.read(
          jobs,
          pass,
          (j, read) -> {
            assertEquals(together.size(), j);
            assertEquals(1 << 20, read.get(new Reading.InputGradient()).values().length);
            together.add(read.get(PRODUCTS));
          },
          Monitor.NONE);
      assertEquals(jobs.size(), together.size());
      for (int j = 0; j < jobs.size(); j++) {
        List<Map<String, Double>> alone = new ArrayList<>();
        plan.read(
            List.of(jobs.get(j)), pass, (i, read) -> alone.add(read.get(PRODUCTS)), Monitor.NONE);
        assertEquals(alone.get(0), together.get(j));
      }
    }
  }

  /** Weights so large that the loss has no gradient: no number, and the other job has its own. */
  @Test
  void whatHasNoGradientIsUndefined() {
    Images images = Networks.images(STREAM.of("few"), 2, 1, 1, 1).labelled(List.of(0, 1));
    Job fine = job(linear(1), images);
    Job infinite =
        job(
            linear(1e300),
            new Images(new float[] {1e30f, 1e30f}, 2, 1, 1, 1).labelled(List.of(0, 1)));
    try (Plan plan = engine.plan(Networks.linear(1, 2), new PlanOptions(2, Precision.FLOAT64))) {
      List<Score> scores = new ArrayList<>();
      GRASP.compute(plan, List.of(infinite, fine), (j, score) -> scores.add(score), Monitor.NONE);
      Score.Undefined none = assertInstanceOf(Score.Undefined.class, scores.get(0));
      assertEquals("the sum over the layers is not finite", none.reason());
      assertEquals(GRASP.compute(plan, fine), scores.get(1));
      assertTrue(scores.get(1).value().isPresent());
    }
  }

  @Test
  void severalCotangentsAreRefused() {
    Pass pass = Pass.backward(NormMode.BATCH, new Cotangent.OnesOnRows(), PRODUCTS);
    Images images = Networks.images(STREAM.of("few"), 2, 1, 1, 1);
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(2))) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      plan.read(
                          List.of(job(linear(1), images)), pass, (j, read) -> {}, Monitor.NONE))
              .getMessage();
      assertTrue(message.startsWith("products of the Hessian are of one cotangent"), message);
    }
  }

  /** Asked to stop before the second pass. */
  @Test
  void cancellationReachesBothPasses() {
    Images images = Networks.images(STREAM.of("few"), 2, 1, 1, 1).labelled(List.of(0, 1));
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(2))) {
      for (int looks = 0; looks < 3; looks++) {
        int allowed = looks;
        int[] looked = {0};
        List<Integer> reported = new ArrayList<>();
        assertThrows(
            CancelledException.class,
            () ->
                GRASP.compute(
                    plan,
                    List.of(job(linear(1), images), job(linear(2), images)),
                    (j, score) -> reported.add(j),
                    () -> looked[0]++ >= allowed));
        assertEquals(List.of(), reported, "after " + allowed + " looks");
      }
    }
  }

  private static Parameters linear(double weight) {
    return new Parameters.Given(
        Map.of(
            "linear.weight", new Tensor(new int[] {2, 1}, new double[] {weight, -weight}),
            "linear.bias", new Tensor(new int[] {2}, new double[2])));
  }

  private static Map<String, Tensor> moved(
      Map<String, Tensor> weights, Map<String, Tensor> gradients, LayeredScore score, double step) {
    Map<String, Tensor> moved = new HashMap<>(weights);
    for (String layer : score.layers().keySet()) {
      String name = layer + ".weight";
      double[] values = weights.get(name).values().clone();
      for (int k = 0; k < values.length; k++) {
        values[k] += step * gradients.get(name).values()[k];
      }
      moved.put(name, new Tensor(weights.get(name).shape(), values));
    }
    return moved;
  }

  private static Map<String, Tensor> gradients(Plan plan, Map<String, Tensor> weights) {
    Map<String, Tensor> found = new HashMap<>();
    plan.gradients(
        List.of(job(new Parameters.Given(weights), labelled("a"))),
        Cotangent.CrossEntropy.OF_IMAGES,
        NormMode.BATCH,
        false,
        (j, gradients) -> found.putAll(gradients.parameters()),
        Monitor.NONE);
    return found;
  }

  private static List<LayeredScore> score(Plan plan, Job job) {
    List<LayeredScore> found = new ArrayList<>();
    Passes.compute(
        plan, List.of(job), List.of(GRASP, NORM), (j, all) -> found.addAll(all), Monitor.NONE);
    return found;
  }

  private static Job job(Parameters parameters, Images images) {
    return new Job(Row.NONE, parameters, images);
  }

  private static Images labelled(String name) {
    return labelled(name, 8);
  }

  private static Images labelled(String name, int side) {
    return Networks.images(STREAM.of(name), BATCH, 3, side, side)
        .labelled(IntStream.range(0, BATCH).boxed().toList());
  }
}
