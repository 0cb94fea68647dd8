package dev.winnow.score;

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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How steady the gradients of each layer are between batches, times in how many ways the units
 * behind it answer to the samples ("L-SWAG").
 *
 * <p>With \(g_b\) the gradient of the mean cross-entropy of batch b by a weight and \(\Psi_l\) the
 * number of distinct sample-wise patterns ({@link UnitPatternCount}) of the units of layer l alone,
 * the mean over the batches, the score is \(\sum_l \Psi_l \ln \sum_{w} 1/\sqrt{\mathrm{Var}_b
 * |g_b|}\) over the layers of a range. The logarithms are those of {@link GradientModulusVariance}.
 *
 * <p>The units of a layer are those of the first ReLU that its value comes to, through norms, sums
 * and other layers; layers that come to none, as the classifier, have no term. The range is given
 * in shares of the layers: of L, in the network's order, those with \(first \le l/L < last\), l
 * from 0.
 *
 * <p><b>Shapes</b>: two batches {@code [n, c, h, w]} with a label each. <b>Unit</b>: patterns times
 * the logarithm of one over a gradient. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: batch statistics, differentiated through.
 *
 * <p><b>Uncertain</b>: we have the formula but not the program. Not known to us are the range (the
 * paper chooses one for each space; the default here is every layer), over what the variance is
 * taken (batches here, as in ZiCo, from which the formula comes), how many samples the patterns are
 * over (those of a batch here), which units belong to a layer of a network whose ReLUs come before
 * its convolutions, and whether the product is taken layer by layer, as here, or of two sums. So
 * this is no number that the paper prints.
 *
 * <p><b>Hazards</b>: of 128 samples nearly every unit has a pattern of its own, so that Ψ is nearly
 * the number of units, which prefers large values: {@code zico.batch=16} tells more. A logarithm
 * below 0, of a layer with few and large gradients, counts against its patterns. What {@link
 * GradientModulusVariance} says of scale holds here.
 *
 * <p><b>Evidence</b>: its paper's: a mean Spearman of .72 over its suite, where NWOT has .62. Here
 * .80 (95% [.73, .86]) with CIFAR-10 test accuracy on 171 random connected cells of NAS-Bench-201,
 * one draw, .36 given parameters: no better than parameters alone, .83 ([.77, .88]).
 *
 * <p><b>Protocol</b>: ZiCo's. <b>Undefined</b> as {@link GradientVariation} says, and where no ReLU
 * follows a layer of the range; {@link Score#published} is the sum. <b>Fails</b>: {@link
 * IllegalArgumentException} for images without labels, for a number of images that is not two
 * batches or more, and for a range that is none. <b>Cost</b>: shared with {@link
 * InverseGradientVariation}; n/8 bytes per unit and about as long as a forward pass for the
 * patterns.
 *
 * @see <a href="https://arxiv.org/abs/2505.07300">Casarin, Escalera and Lanz 2025</a>
 */
public final class PatternWeightedVariance implements PassScore {
  private static final Reading<List<Long>> PATTERNS = new Reading.ReluPatterns();

  private final double first;
  private final double last;
  private final GradientModulusVariance variance;

  /**
   * @param first share of the layers that come before the range, in [0, 1)
   * @param last share of them at which it ends, in (first, 1]
   * @param batch n of {@link #protocol}
   * @param initialization weights of {@link #protocol}
   */
  public PatternWeightedVariance(
      double first, double last, int batch, Initialization initialization) {
    if (!(first >= 0 && first < last && last <= 1)) {
      throw new IllegalArgumentException(
          "lswag layers must lie in 0 <= first < last <= 1 but were [" + first + ", " + last + ")");
    }
    this.first = first;
    this.last = last;
    this.variance = new GradientModulusVariance("lswag", batch, initialization);
  }

  @Override
  public String name() {
    return variance.name();
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return variance.protocol(space, images);
  }

  @Override
  public String options() {
    return first == 0 && last == 1 ? "" : "layers=[" + first + "," + last + ")";
  }

  @Override
  public PassInput input() {
    return variance.input();
  }

  @Override
  public int batchOf(int samples) {
    return variance.batchOf(samples);
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    variance.check(plan, jobs);
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return variance.pass(graph).with(Pass.forward(NormMode.BATCH, PATTERNS));
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    Reader gradients = variance.reader(plan, job);
    List<List<Long>> patterns = new ArrayList<>(); // by batch, by ReLU
    return new Reader() {
      @Override
      public void read(Readings readings) {
        gradients.read(readings);
        patterns.add(readings.get(PATTERNS));
      }

      @Override
      public LayeredScore score() {
        return weighted(plan.graph(), job, gradients.score(), patterns);
      }
    };
  }

  private LayeredScore weighted(
      NetworkGraph graph, Job job, LayeredScore logarithms, List<List<Long>> patterns) {
    Map<Integer, Integer> following = FollowingRelus.of(graph, job.row());
    int layers = logarithms.layers().size();
    Map<String, Double> terms = new LinkedHashMap<>();
    int l = 0;
    for (int n = 0; n < graph.nodes().size(); n++) {
      Double logarithm = logarithms.layers().get(graph.nodes().get(n).name());
      if (logarithm == null) {
        continue; // no layer
      }
      double share = (double) l++ / layers;
      Integer relu = following.get(n);
      if (relu != null && share >= first && share < last) {
        double distinct = patterns.stream().mapToLong(all -> all.get(relu)).average().orElseThrow();
        terms.put(graph.nodes().get(n).name(), distinct * logarithm);
      }
    }
    LayeredScore sum = LayeredScore.sum(terms, true);
    double published = sum.score().published();
    if (logarithms.score() instanceof Score.Undefined none) {
      return new LayeredScore(Score.undefined(none.reason(), published), terms);
    }
    return terms.isEmpty()
        ? LayeredScore.of(Score.undefined("no ReLU follows a layer of the range", published))
        : sum;
  }
}
