package dev.winnow.score;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Images;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Reading;
import dev.winnow.compute.TrainingPass;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Gaussian complexity: how far the features of a network with Gaussian weights move when Gaussian
 * noise is added to a Gaussian input ("Zen-score").
 *
 * <p>With f the features, the tensor that the last global average pool sees, z and ε standard
 * normal and γ = 0.01, the score is \(\ln \frac1n\sum_n \lVert f(z_n) - f(z_n +
 * \gamma\varepsilon_n)\rVert_1 + \sum_l \ln \sqrt{\overline{v_l}}\) over all norms l,
 * \(\overline{v_l}\) the mean over the channels of the running variance after both batches have
 * passed, z first: what the norms have divided by is multiplied back, so that the score is of the
 * network without them.
 *
 * <p><b>Shapes</b>: 2n images {@code [2n, c, h, w]}, first the n inputs z, then their noise ε; n is
 * the batch. <b>Unit</b>: none, a logarithm. <b>Better</b>: higher. No labels, no data.
 *
 * <p><b>Normalisation</b>: statistics of the batch. Running statistics begin at those of the
 * parameters (0 and 1 where drawn) and take 2 steps of the norm's momentum, 0.1: they hold 0.81 of
 * where they began and 0.19 of what the batches had.
 *
 * <p><b>Variants</b>: this is NASLib's, with the network as it is. ZenNAS itself takes its own
 * networks, skip connections off; the number of pixels enters as the sum over them.
 *
 * <p><b>Protocol</b>: 16 inputs, the benchmark's network, weights N(0, 1), biases 0, norms 1 and 0.
 * NASLib takes one draw, ZenNAS the mean of 32: {@code --repeats}.
 *
 * <p><b>Hazards</b>: needs a norm after every convolution, else the weights' scale decides; a sum
 * over the norms, so it grows with depth; f(z) and f(z + γε) cancel to a hundredth of their size,
 * in float32 to some 1e-5 of it.
 *
 * <p><b>Evidence</b>: published Spearman .35 to .38 with accuracy on NAS-Bench-201, where it is
 * poor, and Kendall .46 on NAS-Bench-101, where it is among the best. Here Spearman .15 (95% [-.01,
 * .30]) with CIFAR-10 test accuracy on 171 random connected cells of NAS-Bench-201, one draw, −.33
 * given parameters: it loses to parameters alone, .83 ([.77, .88]).
 *
 * <p><b>Undefined</b> where the features do not move ({@link Score#published} is −∞) and where the
 * number is not finite. <b>Fails</b>: {@link IllegalArgumentException} for a network without a
 * global average pool and for images that are not two batches; {@link #refusal refused} by a device
 * that does not read activations. <b>Cost</b>: 2 forward passes.
 *
 * @see <a href="https://arxiv.org/abs/2102.01063">Lin et al. 2021</a>
 */
public final class GaussianComplexity implements NetworkScore {
  /** The size γ of the noise. */
  public static final double GAMMA = 0.01;

  private static final String VARIANCE = ".running_var";

  private final int batch;
  private final Initialization initialization;

  /**
   * @param batch n of {@link #protocol}, in [1, 4096]
   * @param initialization weights of {@link #protocol}
   */
  public GaussianComplexity(int batch, Initialization initialization) {
    if (batch < 1 || batch > 4096) {
      throw new IllegalArgumentException("zen batch must be in [1, 4096] but was " + batch);
    }
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return "zen";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return new Protocol(
        space.standard(Protocol.classes(images), images.shape().height()),
        initialization,
        new Sampling(Sampling.Kind.NORMAL, batch, 2));
  }

  /** Inputs and noise are half of the images each. */
  @Override
  public int batchOf(int samples) {
    if (samples % 2 != 0) {
      throw new IllegalArgumentException(
          "zen takes inputs and as many samples of noise, but there are " + samples + " images");
    }
    return samples / 2;
  }

  /** The features are activations: a device has all that is read of them or nothing. */
  @Override
  public Optional<String> refusal(Engine engine, NetworkGraph graph) {
    Reading<?> activations = new Reading.ActivationGrams(List.of(features(graph)));
    return engine.refusal(graph, precision(), Pass.forward(norm(), activations));
  }

  @Override
  public void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    int features = features(plan.graph());
    for (Job job : jobs) {
      if (job.images().samples() != 2 * plan.options().batch()) {
        throw new IllegalArgumentException(
            "zen needs "
                + plan.options().batch()
                + " inputs and as many samples of noise but got "
                + job.images().samples()
                + " images");
      }
    }
    List<Job> moved =
        jobs.stream().map(job -> job.on(job.parameters(), moved(job.images()))).toList();
    plan.trainingPass(moved, features, (job, pass) -> results.accept(job, of(pass)), monitor);
  }

  /** The node whose value the last global average pool sees. */
  private static int features(NetworkGraph graph) {
    List<Node> nodes = graph.nodes();
    for (int n = nodes.size() - 1; n > 0; n--) {
      if (nodes.get(n).operation() instanceof Operation.GlobalAveragePool) {
        return nodes.get(n).inputs().get(0);
      }
    }
    throw new IllegalArgumentException(
        "zen is about the features before a global average pool, but the network has none");
  }

  /** z, then z + γ ε, in float32 as published. */
  private static Images moved(Images images) {
    float[] values = images.values().clone();
    int half = values.length / 2;
    for (int k = 0; k < half; k++) {
      values[half + k] = values[k] + (float) GAMMA * values[half + k];
    }
    return new Images(values, images.samples(), images.channels(), images.height(), images.width());
  }

  private static Score of(TrainingPass pass) {
    double[][] values = pass.values();
    int n = values.length / 2;
    double distance = 0;
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < values[i].length; k++) {
        distance += Math.abs(values[i][k] - values[n + i][k]);
      }
    }
    double score = Math.log(distance / n);
    for (Map.Entry<String, Tensor> buffer : pass.statistics().entrySet()) {
      if (buffer.getKey().endsWith(VARIANCE)) {
        score +=
            Math.log(Math.sqrt(Arrays.stream(buffer.getValue().values()).average().orElseThrow()));
      }
    }
    if (distance == 0) {
      return Score.undefined("noise in the input does not move the features", score);
    }
    return Double.isFinite(score)
        ? Score.of(score)
        : Score.undefined("the logarithm is not finite", score);
  }
}
