package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.compute.Readings;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * On how many weights the samples agree in which direction lowers their loss ("GradSign").
 *
 * <p>With \(g_i\) the gradient of the cross-entropy of sample i, the score is \(\sum_w \left|\sum_i
 * \mathrm{sign}\,g_{i,w}\right|\) over the weights of convolutions and linear layers. The program
 * prints the mean over the weights, which ranks networks of unequal size differently; the sum is
 * the paper's.
 *
 * <p><b>Variants</b>: {@link Statistics}. <b>Shapes</b>: n images with a label each. <b>Unit</b>:
 * samples times weights; a whole number in [0, n·p]. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through: of each image alone ({@code
 * gradsign}), or of the batch ({@code gradsign_batch}).
 *
 * <p><b>Hazards</b>: a sign is decided by rounding where a gradient is nearly 0, and a gradient
 * that is 0 (a dead unit) agrees with none; grows with the number of weights. Images of one pixel
 * have no statistics of their own.
 *
 * <p><b>Evidence</b>: published Spearman .77, .79, .78 on the three data sets of NAS-Bench-201 (as
 * measured in the paper of ZiCo), .30, .27, .05 on the size space of NATS-Bench. Not recorded in
 * NAS-Bench-Suite-Zero.
 *
 * <p><b>Protocol</b>: 64 augmented images, the benchmark's network, PyTorch's default weights; how
 * many images the published correlations took is not known to us. <b>Undefined</b> where no path
 * leads from the image to the logits, and {@code gradsign} where norms are the last that is not
 * linear, as in cells of DARTS without pools: with an image's own statistics its logits are then
 * constants ({@link Score#published} is the sum). <b>Fails</b>: {@link IllegalArgumentException}
 * for images without labels and for fewer than 2. <b>Cost</b>: {@code gradsign} 3 forward passes of
 * every image in a batch of its own, {@code gradsign_batch} 1 + 2n forward passes of the batch; 8·p
 * bytes, however many images.
 *
 * @see <a href="https://arxiv.org/abs/2110.08616">Zhang and Jia 2022</a>
 */
public final class GradientSignAgreement implements PassScore {
  private static final Reading<Map<String, Tensor>> SIGNS = new Reading.SignSums();

  private final Statistics statistics;
  private final int images;
  private final Initialization initialization;

  /** Whose statistics the norms take. */
  public enum Statistics {
    /** Each image's own, in a batch of one, as the program has it: {@code gradsign}. */
    OF_EACH_IMAGE("gradsign"),
    /**
     * The batch's, through which a sample's loss also depends on the other images: {@code
     * gradsign_batch}.
     */
    OF_THE_BATCH("gradsign_batch");

    private final String score;

    Statistics(String score) {
      this.score = score;
    }
  }

  /**
   * @param images n of {@link #protocol}, in [2, 1024]
   * @param initialization weights of {@link #protocol}
   */
  public GradientSignAgreement(Statistics statistics, int images, Initialization initialization) {
    if (images < 2 || images > 1024) {
      throw new IllegalArgumentException("gradsign images must be in [2, 1024] but were " + images);
    }
    this.statistics = Objects.requireNonNull(statistics, "statistics");
    this.images = images;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return statistics.score;
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public PassInput input() {
    return alone() ? PassInput.BATCH_BY_BATCH : PassInput.AS_GIVEN;
  }

  @Override
  public int batchOf(int samples) {
    return alone() ? 1 : samples;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet set) {
    return new Protocol(
        space.standard(Protocol.classes(set), set.shape().height()),
        initialization,
        alone()
            ? new Sampling(Sampling.Kind.IMAGES, 1, images)
            : new Sampling(Sampling.Kind.IMAGES, images, 1));
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    if (alone() && plan.options().batch() != 1) {
      throw new IllegalArgumentException(
          name() + " needs a plan of batch 1 but it was of batch " + plan.options().batch());
    }
    for (Job job : jobs) {
      if (job.images().samples() < 2) {
        throw new IllegalArgumentException(name() + " compares images: 2 or more, but got 1");
      }
    }
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    Cotangent own = alone() ? Cotangent.CrossEntropy.OF_IMAGES : new Cotangent.CrossEntropyRows();
    return Pass.backward(NormMode.BATCH, own, SIGNS);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    Map<String, double[]> sums = new LinkedHashMap<>();
    return new Reader() {
      @Override
      public void read(Readings readings) {
        readings.get(SIGNS).forEach((name, signs) -> add(signs.values(), sums, name));
      }

      @Override
      public LayeredScore score() {
        LayeredScore score =
            LayeredScore.sum(
                Layers.terms(plan.graph(), job.row(), weight -> moduli(sums.get(weight.name()))),
                Connectivity.reachesOutput(plan.graph(), job.row()));
        return alone() ? score.whereSumVaries(plan.graph(), job.row()) : score;
      }
    };
  }

  private boolean alone() {
    return statistics == Statistics.OF_EACH_IMAGE;
  }

  private static void add(double[] signs, Map<String, double[]> sums, String name) {
    double[] sum = sums.computeIfAbsent(name, n -> new double[signs.length]);
    for (int w = 0; w < sum.length; w++) {
      sum[w] += signs[w];
    }
  }

  private static double moduli(double[] sums) {
    double total = 0;
    for (double sum : sums) {
      total += Math.abs(sum);
    }
    return total;
  }
}
