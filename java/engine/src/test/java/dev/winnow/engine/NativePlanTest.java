package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.CancelledException;
import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Gradients;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.random.Stream;
import dev.winnow.space.Supernet;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NativePlanTest extends OnOneThread {
  private static final Stream STREAM = Stream.root(7).of("native plan test");

  /** The summed logits of W x + b have gradient x for each of c rows of W: Θ = c X Xᵀ. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void tangentKernelOfALinearNetworkIsTheGramMatrixOfItsInputs(Precision precision) {
    int n = 5;
    int d = 7;
    int c = 3;
    Images x = Networks.images(STREAM.of("linear"), n, d, 1, 1);
    Job job = new Job(Row.NONE, Networks.kaiming(STREAM), x);
    double[][] theta;
    try (Plan plan = engine.plan(Networks.linear(d, c), new PlanOptions(n, precision))) {
      theta = ntk(plan, List.of(job)).get(0);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double expected = 0;
        double scale = 0;
        for (int k = 0; k < d; k++) {
          double product = (double) x.values()[i * d + k] * x.values()[j * d + k];
          expected += c * product;
          scale += c * Math.abs(product);
        }
        // The gradients are the inputs themselves, exact in both types; c d products are summed in
        // double.
        double bound = c * d * Math.ulp(1.0) * scale;
        assertEquals(expected, theta[i][j], bound, "theta[" + i + "][" + j + "]");
      }
    }
  }

  @Test
  void logitsOfALinearNetworkAreItsDefinition() {
    Images x = new Images(new float[] {1, 2, -1, 0.5f, 0, 4}, 3, 2, 1, 1);
    Parameters given =
        new Parameters.Given(
            Map.of(
                "linear.weight", new Tensor(new int[] {2, 2}, new double[] {1, 10, -2, 3}),
                "linear.bias", new Tensor(new int[] {2}, new double[] {0.25, -1})));
    List<double[][]> logits = new ArrayList<>();
    try (Plan plan = engine.plan(Networks.linear(2, 2), PlanOptions.batch(3))) {
      plan.logits(
          List.of(new Job(Row.NONE, given, x)),
          NormMode.BATCH,
          (job, value) -> logits.add(value),
          Monitor.NONE);
    }
    // Small dyadic numbers: every product and sum is exact in float32.
    assertArrayEquals(new double[] {21.25, 3}, logits.get(0)[0]);
    assertArrayEquals(new double[] {4.25, 2.5}, logits.get(0)[1]);
    assertArrayEquals(new double[] {40.25, 11}, logits.get(0)[2]);
  }

  /** Inputs of different lengths in one call: each job gets its own number of rows. */
  @Test
  void logitsOfUnequalInputsKeepTheirLengths() {
    Parameters given =
        new Parameters.Given(
            Map.of(
                "linear.weight", new Tensor(new int[] {1, 1}, new double[] {2}),
                "linear.bias", new Tensor(new int[] {1}, new double[] {1})));
    List<double[][]> logits = new ArrayList<>();
    try (Plan plan = engine.plan(Networks.linear(1, 1), PlanOptions.batch(2))) {
      plan.logits(
          List.of(
              new Job(Row.NONE, given, new Images(new float[] {1, 2}, 2, 1, 1, 1)),
              new Job(Row.NONE, given, new Images(new float[] {3, 4, 5, 6}, 4, 1, 1, 1)),
              new Job(Row.NONE, given, new Images(new float[] {7, 8}, 2, 1, 1, 1))),
          NormMode.BATCH,
          (job, value) -> logits.add(value),
          Monitor.NONE);
    }
    assertArrayEquals(new double[][] {{3}, {5}}, logits.get(0));
    assertArrayEquals(new double[][] {{7}, {9}, {11}, {13}}, logits.get(1));
    assertArrayEquals(new double[][] {{15}, {17}}, logits.get(2));
  }

  /** Units x > t at t = 0, 1, 2 cut the line into four pieces; the samples lie in three of them. */
  @Test
  void linearRegionsOfUnitsOnALineAreTheIntervalsThatSamplesLieIn() {
    Parameters given =
        new Parameters.Given(
            Map.of(
                "hidden.weight", new Tensor(new int[] {3, 1}, new double[] {1, 1, 1}),
                "hidden.bias", new Tensor(new int[] {3}, new double[] {0, -1, -2}),
                "output.weight", new Tensor(new int[] {1, 3}, new double[] {1, 1, 1}),
                "output.bias", new Tensor(new int[] {1}, new double[] {0})));
    Images x = new Images(new float[] {-1, 0.5f, -3, 0.25f, 5, 0}, 6, 1, 1, 1);
    List<Long> regions = new ArrayList<>();
    try (Plan plan = engine.plan(Networks.hiddenUnits(3), PlanOptions.batch(2))) {
      plan.linearRegions(
          List.of(new Job(Row.NONE, given, x)), (job, value) -> regions.add(value), Monitor.NONE);
    }
    assertEquals(List.of(3L), regions);
  }

  /**
   * Units x > t at t = 0, 1, 2 on the line: two samples differ in as many units as thresholds lie
   * between them.
   */
  @Test
  void activationKernelOfUnitsOnALineCountsTheThresholdsBetweenSamples() {
    Parameters given =
        new Parameters.Given(
            Map.of(
                "hidden.weight", new Tensor(new int[] {3, 1}, new double[] {1, 1, 1}),
                "hidden.bias", new Tensor(new int[] {3}, new double[] {0, -1, -2}),
                "output.weight", new Tensor(new int[] {1, 3}, new double[] {1, 1, 1}),
                "output.bias", new Tensor(new int[] {1}, new double[] {0})));
    Job six = new Job(Row.NONE, given, new Images(new float[] {-1, 0.5f, 5, 0.25f}, 4, 1, 1, 1));
    Job two = new Job(Row.NONE, given, new Images(new float[] {1.5f, 9}, 2, 1, 1, 1));
    List<long[][]> kernels = new ArrayList<>();
    try (Plan plan = engine.plan(Networks.hiddenUnits(3), PlanOptions.batch(2))) {
      plan.activationKernel(
          List.of(two, six, two),
          new int[] {5},
          NormMode.BATCH,
          (job, value) -> kernels.add(value),
          Monitor.NONE);
      for (int[] wrong : new int[][] {{}, {1, 1}, {-1}, {1048577}}) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    plan.activationKernel(
                        List.of(two), wrong, NormMode.BATCH, (job, value) -> {}, Monitor.NONE));
        assertTrue(e.getMessage().startsWith("multiplicit"), e::getMessage);
      }
    }
    assertArrayEquals(new long[][] {{15, 10}, {10, 15}}, kernels.get(0)); // 2 lies between
    assertArrayEquals(
        new long[][] {{15, 10, 0, 10}, {10, 15, 5, 15}, {0, 5, 15, 5}, {10, 15, 5, 15}},
        kernels.get(1));
    assertArrayEquals(kernels.get(0), kernels.get(2));
  }

  @Test
  void numberOfThreadsDoesNotChangeABit() {
    List<Job> jobs = supernetJobs(3);
    List<double[][]> one;
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      one = ntk(plan, jobs);
    }
    try (NativeEngine two = NativeEngine.open("cpu", 2);
        Plan plan = two.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      assertEqualMatrices(one, ntk(plan, jobs));
    }
  }

  @Test
  void groupingOfJobsDoesNotChangeABit() {
    List<Job> jobs = supernetJobs(4);
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<double[][]> together = ntk(plan, jobs);
      List<double[][]> alone = new ArrayList<>();
      jobs.forEach(job -> alone.addAll(ntk(plan, List.of(job))));
      assertEqualMatrices(together, alone);
      List<Job> reversed = new ArrayList<>(jobs);
      java.util.Collections.reverse(reversed);
      List<double[][]> backwards = ntk(plan, reversed);
      java.util.Collections.reverse(backwards);
      assertEqualMatrices(together, backwards);
    }
  }

  @Test
  void drawnValuesGivenBackComputeTheSame() {
    Supernet supernet = Networks.supernet();
    Job drawn = supernetJobs(1).get(0);
    try (Plan plan = engine.plan(supernet.graph(), PlanOptions.batch(6))) {
      Map<String, Tensor> values = plan.values(drawn.parameters());
      assertEquals(
          supernet.graph().tensors().stream().map(t -> t.name()).toList(),
          List.copyOf(values.keySet()));
      Parameters given = new Parameters.Given(values);
      assertEquals(values, plan.values(given));
      assertEqualMatrices(
          ntk(plan, List.of(drawn)),
          ntk(plan, List.of(new Job(drawn.row(), given, drawn.images()))));
    }
  }

  /** Recipes say where a value lies; PyTorch's default is uniform within 1/sqrt(fan in). */
  @Test
  void drawnValuesFollowTheirRecipe() {
    NetworkGraph graph = Networks.linear(16, 3);
    try (Plan plan = engine.plan(graph, PlanOptions.batch(2))) {
      Map<String, Tensor> values =
          plan.values(new Parameters.Drawn(Initialization.PYTORCH_DEFAULT, STREAM));
      double[] weight = values.get("linear.weight").values();
      assertEquals(48, weight.length);
      assertTrue(Arrays.stream(weight).allMatch(w -> Math.abs(w) <= 0.25));
      assertTrue(Arrays.stream(weight).anyMatch(w -> Math.abs(w) > 0.125));
      for (double w : weight) {
        assertEquals(w, (float) w, "rounded to float32");
      }
    }
  }

  @Test
  void resultsComeInJobOrderOnTheCallingThread() {
    Thread caller = Thread.currentThread();
    List<Integer> order = new ArrayList<>();
    try (NativeEngine two = NativeEngine.open("cpu", 2);
        Plan plan = two.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      plan.ntk(
          supernetJobs(5),
          (job, value) -> {
            assertSame(caller, Thread.currentThread());
            order.add(job);
          },
          Monitor.NONE);
    }
    assertEquals(List.of(0, 1, 2, 3, 4), order);
  }

  @Test
  void noJobsNoResults() {
    try (Plan plan = engine.plan(Networks.linear(2, 1), PlanOptions.batch(2))) {
      assertEquals(List.of(), ntk(plan, List.of()));
    }
  }

  @Test
  void monitorStopsBetweenJobsAndKeepsWhatWasReported() {
    List<Job> jobs = supernetJobs(6);
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<double[][]> all = ntk(plan, jobs);
      List<double[][]> some = new ArrayList<>();
      CancelledException e =
          assertThrows(
              CancelledException.class,
              () -> plan.ntk(jobs, (job, value) -> some.add(value), () -> some.size() >= 2));
      assertTrue(some.size() >= 2 && some.size() < jobs.size(), some.size() + " results");
      assertTrue(e.getMessage().contains(some.size() + " of 6 jobs"), e.getMessage());
      assertEqualMatrices(all.subList(0, some.size()), some);
      // The plan is as good as new.
      assertEqualMatrices(all, ntk(plan, jobs));
    }
  }

  @Test
  void monitorThatIsCancelledFromTheStartComputesNothing() {
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<Integer> reported = new ArrayList<>();
      assertThrows(
          CancelledException.class,
          () -> plan.ntk(supernetJobs(2), (job, value) -> reported.add(job), () -> true));
      assertEquals(List.of(), reported);
    }
  }

  @Test
  void exceptionOfAReceiverReachesTheCallerUnchanged() {
    IllegalStateException mine = new IllegalStateException("disk full");
    AssertionError error = new AssertionError("a defect");
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<Job> jobs = supernetJobs(3);
      assertSame(
          mine,
          assertThrows(
              IllegalStateException.class,
              () ->
                  plan.ntk(
                      jobs,
                      (job, value) -> {
                        throw mine;
                      },
                      Monitor.NONE)));
      assertSame(
          error,
          assertThrows(
              AssertionError.class,
              () ->
                  plan.ntk(
                      jobs,
                      (job, value) -> {
                        throw error;
                      },
                      Monitor.NONE)));
      assertEquals(3, ntk(plan, jobs).size());
    }
  }

  @Test
  void receiverMayComputeOnAnotherPlanButNotOnThisOne() {
    List<Job> jobs = supernetJobs(2);
    try (Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6));
        Plan other = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<double[][]> inner = new ArrayList<>();
      List<double[][]> outer = new ArrayList<>();
      plan.ntk(
          jobs,
          (job, value) -> {
            outer.add(value);
            inner.addAll(ntk(other, List.of(jobs.get(job))));
            assertThrows(IllegalStateException.class, () -> ntk(plan, jobs));
            assertThrows(IllegalStateException.class, plan::close);
          },
          Monitor.NONE);
      assertEqualMatrices(outer, inner);
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsRefused() {
    Plan plan = engine.plan(Networks.linear(2, 1), PlanOptions.batch(2));
    plan.close();
    assertDoesNotThrow(plan::close);
    Job job = new Job(Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM, 2, 2, 1, 1));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> ntk(plan, List.of(job)));
    assertEquals("plan is closed", e.getMessage());
    assertThrows(IllegalStateException.class, () -> plan.values(job.parameters()));
  }

  @Test
  void planOutlivesItsEngine() {
    List<Job> jobs = supernetJobs(1);
    NativeEngine closing = NativeEngine.open("cpu", 2);
    try (Plan plan = closing.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<double[][]> before = ntk(plan, jobs);
      closing.close();
      assertEqualMatrices(before, ntk(plan, jobs));
    }
  }

  @Test
  void closeWaitsForTheRunningCall() throws Exception {
    List<Job> jobs = supernetJobs(4);
    Plan plan = engine.plan(Networks.supernet().graph(), PlanOptions.batch(6));
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    List<double[][]> results = new ArrayList<>();
    CompletableFuture<Void> call =
        CompletableFuture.runAsync(
            () ->
                plan.ntk(
                    jobs,
                    (job, value) -> {
                      results.add(value);
                      running.countDown();
                      await(mayGoOn);
                    },
                    Monitor.NONE));
    assertTrue(running.await(1, TimeUnit.MINUTES));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(plan::close);
    assertThrows(
        java.util.concurrent.TimeoutException.class, () -> closing.get(100, TimeUnit.MILLISECONDS));
    mayGoOn.countDown();
    call.get(1, TimeUnit.MINUTES);
    closing.get(1, TimeUnit.MINUTES);
    assertEquals(4, results.size());
  }

  @Test
  void plansOfOneEngineComputeAtTheSameTime() throws Exception {
    List<Job> jobs = supernetJobs(3);
    try (NativeEngine two = NativeEngine.open("cpu", 2);
        Plan first = two.plan(Networks.supernet().graph(), PlanOptions.batch(6));
        Plan second = two.plan(Networks.supernet().graph(), PlanOptions.batch(6))) {
      List<double[][]> expected = ntk(first, jobs);
      List<CompletableFuture<List<double[][]>>> calls = new ArrayList<>();
      for (int k = 0; k < 6; k++) {
        Plan plan = k % 2 == 0 ? first : second; // three callers queue for each plan
        calls.add(CompletableFuture.supplyAsync(() -> ntk(plan, jobs)));
      }
      for (CompletableFuture<List<double[][]>> call : calls) {
        assertEqualMatrices(expected, call.get(2, TimeUnit.MINUTES));
      }
    }
  }

  @Test
  void messagesNameWhatIsWrongWithAJob() {
    Stream images = STREAM.of("wrong");
    Parameters drawn = Networks.kaiming(STREAM);
    Images good = Networks.images(images, 2, 3, 8, 8);
    Supernet supernet = Networks.supernet();
    Row row = supernetJobs(1).get(0).row();
    try (Plan plan = engine.plan(supernet.graph(), PlanOptions.batch(2))) {
      assertMessage(
          "row of job 0 must have 30 choices but has 0", plan, new Job(Row.NONE, drawn, good));
      assertMessage(
          "images of job 0 must be 3x8x8 but are 3x8x9",
          plan,
          new Job(row, drawn, Networks.images(images, 2, 3, 8, 9)));
      assertMessage(
          "needs one batch of 2 images but got 4",
          plan,
          new Job(row, drawn, Networks.images(images, 4, 3, 8, 8)));
      float[] values = good.values().clone();
      values[17] = Float.NaN;
      assertMessage(
          "images of job 0 must be finite but element 17 is NaN",
          plan,
          new Job(row, drawn, new Images(values, 2, 3, 8, 8)));
      assertMessage(
          "classifier.weight",
          plan,
          new Job(row, new Parameters.Drawn(withoutLinear(), STREAM), good));
    }
  }

  @Test
  void messagesNameWhatIsWrongWithGivenParameters() {
    Images x = Networks.images(STREAM, 2, 2, 1, 1);
    Map<String, Tensor> good =
        Map.of(
            "linear.weight", new Tensor(new int[] {1, 2}, new double[] {1, 2}),
            "linear.bias", new Tensor(new int[] {1}, new double[] {0}));
    try (Plan plan = engine.plan(Networks.linear(2, 1), PlanOptions.batch(2))) {
      assertEquals(1, ntk(plan, List.of(new Job(Row.NONE, new Parameters.Given(good), x))).size());
      assertMessage(
          "parameters lack tensor linear.bias", plan, given(good, "linear.bias", null, x));
      assertMessage(
          "tensor linear.weight must have shape [1, 2] but has [2, 1]",
          plan,
          given(good, "linear.weight", new Tensor(new int[] {2, 1}, new double[2]), x));
      assertMessage(
          "the network has no tensor linear.gain",
          plan,
          given(good, "linear.gain", new Tensor(new int[] {1}, new double[1]), x));
      assertMessage(
          "tensor linear.weight element 1 must be finite",
          plan,
          given(
              good,
              "linear.weight",
              new Tensor(new int[] {1, 2}, new double[] {1, Double.NaN}),
              x));
    }
  }

  @Test
  void oneSampleHasNoKernel() {
    try (Plan plan = engine.plan(Networks.linear(2, 1), PlanOptions.batch(1))) {
      Job job = new Job(Row.NONE, Networks.kaiming(STREAM), Networks.images(STREAM, 1, 2, 1, 1));
      assertMessage("batch must be >= 2 but was 1", plan, job);
    }
  }

  /** y = W x + b and the scalar sum of c y: dW = c^T x, db = sum of c over samples. */
  @Test
  void gradientsOfALinearLayerAreOuterProducts() {
    Tensor cotangent = new Tensor(new int[] {3, 2}, new double[] {1, 0, -2, 3, 0.5, 1});
    Images x = new Images(new float[] {1, 2, 3, -1, 0, 4}, 3, 2, 1, 1);
    try (Plan plan = engine.plan(Networks.linear(2, 2), PlanOptions.batch(3))) {
      Gradients gradients =
          gradients(
              plan, new Job(Row.NONE, Networks.kaiming(STREAM), x), new Cotangent.Given(cotangent));
      assertEquals(
          Map.of(
              "linear.weight", new Tensor(new int[] {2, 2}, new double[] {-5, 6, 9, 1}),
              "linear.bias", new Tensor(new int[] {2}, new double[] {-0.5, 4})),
          gradients.parameters());
      assertTrue(gradients.input().isEmpty());
    }
  }

  /** y = W x and the scalar sum of c y: dx = W^T c. */
  @Test
  void inputGradientOfALinearLayerIsTheTransposedProduct() {
    Parameters weights =
        new Parameters.Given(
            Map.of(
                "linear.weight", new Tensor(new int[] {2, 2}, new double[] {1, 2, 0, -1}),
                "linear.bias", new Tensor(new int[] {2}, new double[] {0.5, 0})));
    Cotangent cotangent =
        new Cotangent.Given(new Tensor(new int[] {3, 2}, new double[] {1, 0, -2, 3, 0.5, 1}));
    Job job = new Job(Row.NONE, weights, Networks.images(STREAM, 3, 2, 1, 1));
    List<Gradients> found = new ArrayList<>();
    try (Plan plan = engine.plan(Networks.linear(2, 2), PlanOptions.batch(3))) {
      plan.gradients(
          List.of(job, job),
          cotangent,
          Plan.NormMode.BATCH,
          true,
          (j, value) -> found.add(value),
          Monitor.NONE);
    }
    for (Gradients gradients : found) {
      assertEquals(
          new Tensor(new int[] {3, 2, 1, 1}, new double[] {1, 2, -2, -7, 0.5, 0}),
          gradients.input().orElseThrow());
    }
  }

  /** With all logits equal the softmax is 1/2: the bias's gradient is the mean of 1/2 - onehot. */
  @Test
  void crossEntropyOfEqualLogitsPullsTowardsTheLabels() {
    Images x = new Images(new float[] {1, 1, 1, 1}, 4, 1, 1, 1);
    Parameters zeros =
        new Parameters.Given(
            Map.of(
                "linear.weight", new Tensor(new int[] {2, 1}, new double[2]),
                "linear.bias", new Tensor(new int[] {2}, new double[2])));
    try (Plan plan = engine.plan(Networks.linear(1, 2), PlanOptions.batch(4))) {
      Job job = new Job(Row.NONE, zeros, x);
      Gradients gradients = gradients(plan, job, new Cotangent.CrossEntropy(List.of(0, 0, 0, 1)));
      assertArrayEquals(
          new double[] {-0.25, 0.25}, gradients.parameters().get("linear.bias").values());
      assertEquals(
          "labels must have 4 elements but has 3",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> gradients(plan, job, new Cotangent.CrossEntropy(List.of(0, 0, 1))))
              .getMessage());
      assertEquals(
          "label of sample 2 must be in [0, 1] but was 2",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> gradients(plan, job, new Cotangent.CrossEntropy(List.of(0, 0, 2, 1))))
              .getMessage());
    }
  }

  private static Gradients gradients(Plan plan, Job job, Cotangent cotangent) {
    List<Gradients> found = new ArrayList<>();
    plan.gradients(
        List.of(job),
        cotangent,
        Plan.NormMode.BATCH,
        false,
        (j, value) -> found.add(value),
        Monitor.NONE);
    return found.get(0);
  }

  private static Initialization withoutLinear() {
    return new Initialization(
        "no linear weights",
        Initialization.KAIMING_FAN_IN.recipes().stream()
            .filter(recipe -> recipe.role() != dev.winnow.net.Role.LINEAR_WEIGHT)
            .toList());
  }

  private static Job given(Map<String, Tensor> good, String name, Tensor tensor, Images x) {
    Map<String, Tensor> changed = new HashMap<>(good);
    changed.remove(name);
    if (tensor != null) {
      changed.put(name, tensor);
    }
    return new Job(Row.NONE, new Parameters.Given(changed), x);
  }

  private static void assertMessage(String part, Plan plan, Job job) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ntk(plan, List.of(job)));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  /** Candidates that differ in the operation missing from the first edge; weights change too. */
  private static List<Job> supernetJobs(int count) {
    Supernet supernet = Networks.supernet();
    Images images = Networks.images(STREAM.of("images"), 6, 3, 8, 8);
    List<Job> jobs = new ArrayList<>();
    for (int j = 0; j < count; j++) {
      boolean[][] alive = new boolean[6][5];
      for (boolean[] edge : alive) {
        Arrays.fill(edge, true);
      }
      alive[0][j % 5] = false;
      Parameters weights = Networks.kaiming(STREAM.of("weights").of(j / 2));
      jobs.add(new Job(supernet.row(alive), weights, images));
    }
    return jobs;
  }

  private static List<double[][]> ntk(Plan plan, List<Job> jobs) {
    List<double[][]> kernels = new ArrayList<>();
    plan.ntk(jobs, (job, value) -> kernels.add(value), Monitor.NONE);
    return kernels;
  }

  private static void assertEqualMatrices(List<double[][]> expected, List<double[][]> actual) {
    assertTrue(
        Arrays.deepEquals(expected.toArray(double[][][]::new), actual.toArray(double[][][]::new)),
        "the same bits");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
