package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.Reading;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.space.SearchSpace;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

/**
 * Fisher information of channels: how much the loss would change if a layer's channels were
 * removed.
 *
 * <p>With \(a_{nc}\) the map that a convolution or linear layer puts out for sample n and channel
 * c, and \(\delta\) the gradient of the mean cross-entropy by it, \(\Delta_c = \frac{1}{2N}\sum_n
 * (\sum_{hw} a_{nchw}\,\delta_{nchw})^2\), and the score is \(\sum_l m_l\sum_c\Delta_{lc}\) with
 * \(m_l\) the weights of one of the layer's channels.
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]} with a label each. <b>Unit</b>: that of the loss,
 * squared. <b>Better</b>: higher.
 *
 * <p><b>Variants</b>: a is what the layer itself puts out, before its norm, and every weight of a
 * channel counts the channel's \(\Delta\) once more, as zero-cost-nas and NASLib compute it. The
 * paper (and its program) takes the output of the activation and adds a channel once. δ is of the
 * batch's mean loss and so carries 1/N; the paper's derivation is of single samples.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Hazards</b>: a square of a product, so that scores span decades; wide layers count their
 * fan-in; ranks like the gradient norm.
 *
 * <p><b>Evidence</b>: Spearman .552 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells), −.28 on NAS-Bench-101 and NAS-Bench-301 (its paper); two runs
 * of one program agree to .979.
 *
 * <p><b>Protocol</b>: zero-cost-nas's: 64 augmented images, the benchmark's network, PyTorch's
 * default weights. <b>Undefined</b> where no path leads from the image to the logits (published:
 * what the classifier alone gives) and where the sum is not finite. <b>Fails</b>: {@link
 * IllegalArgumentException} for images without labels. <b>Cost</b>: 3 forward passes, shared with
 * the other scores of the mean cross-entropy.
 *
 * @see <a href="https://arxiv.org/abs/1801.05787">Theis, Korshunova, Tejani and Huszár 2018</a>
 * @see <a href="https://arxiv.org/abs/1906.04113">Turner, Crowley, O'Boyle, Storkey and Gray
 *     2020</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class ChannelSaliency implements PassScore {
  private static final Reading<Map<String, Tensor>> SALIENCIES = new Reading.ChannelSaliencies();

  private final int batch;
  private final Initialization initialization;

  /**
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public ChannelSaliency(int batch, Initialization initialization) {
    this.batch = batch;
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return "fisher";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.IMAGES, batch);
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.backward(NormMode.BATCH, Cotangent.CrossEntropy.OF_IMAGES, SALIENCIES);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    boolean connected = Connectivity.reachesOutput(plan.graph(), job.row());
    return Reader.once(
        readings -> {
          Map<String, Tensor> saliencies = readings.get(SALIENCIES);
          return LayeredScore.sum(
              Layers.terms(
                  plan.graph(),
                  job.row(),
                  weight -> {
                    double[] channels = saliencies.get(weight.name()).values();
                    long each = weight.elements() / channels.length;
                    return each * Arrays.stream(channels).sum();
                  }),
              connected);
        });
  }
}
