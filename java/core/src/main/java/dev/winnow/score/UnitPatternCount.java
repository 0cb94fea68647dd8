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
import dev.winnow.net.Operation;
import dev.winnow.space.SearchSpace;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * In how many ways a unit answers to the samples of a batch: distinct sample-wise activation
 * patterns ("SWAP").
 *
 * <p>A unit u of a ReLU has the pattern \(p_u = ([z_{1u} > 0], \ldots, [z_{nu} > 0])\) over the n
 * samples. The score \(\Psi = |\{p_u\}|\) counts the distinct ones over all ReLUs; {@link
 * LinearRegionCount} counts those of the transposed matrix, a pattern over the units for each
 * sample, of which there are at most n. {@code swap_regularised} is \(\Psi\,
 * e^{-(\Theta-\mu)^2/\sigma}\) with Θ the learned parameters in millions ({@link Size}).
 *
 * <p><b>Shapes</b>: batch {@code [n, c, h, w]}. <b>Unit</b>: patterns, in [1, min(2^n, units)]; the
 * mean over the draws is no whole number. <b>Better</b>: higher. No labels.
 *
 * <p><b>Normalisation</b>: statistics of the batch.
 *
 * <p><b>Protocol</b>: the released program's: 16 images as they are, weights N(0, 1), biases 0,
 * norms 1 and 0, and the mean over 32 draws of the weights on the same images. The network is the
 * benchmark's; the program's are smaller, one cell of 3 channels in the DARTS space. Given weights
 * are one draw.
 *
 * <p><b>Hazards</b>: saturates at 2^n, 65,536 for 16 samples, which large networks reach; grows
 * with the number of units. The program watches {@code nn.ReLU} on four-dimensional values only;
 * here every ReLU counts, those with a ceiling (ReLU6) and of a linear layer too. μ and σ prefer
 * networks of one size, which is knowledge of the space and not of the network: they have no
 * default.
 *
 * <p><b>Evidence</b>: the paper's, on DARTS cells: Spearman .84 to .90, regularised .89 to .93, for
 * images of 3 to 32 pixels. Not recorded in NAS-Bench-Suite-Zero. Spearman with CIFAR-10 test
 * accuracy on 171 random connected cells of NAS-Bench-201, one repeat: .81 (95% [.73, .87]; .62
 * given parameters), regularised with μ = 1.531546, the largest network's, and σ = 1 .90 ([.86,
 * .93]; .65). Parameters alone: .83 ([.77, .88]), so that plain {@code swap} ranks no better.
 *
 * <p><b>Undefined</b> for a network without a ReLU ({@link Score#published} is 0). <b>Fails</b>:
 * {@link IllegalArgumentException} for a batch below 2. <b>Cost</b>: a forward pass for each draw;
 * n/8 bytes per unit.
 *
 * @see <a href="https://arxiv.org/abs/2403.04161">Peng, Song, Fayek, Ciesielski and Chang 2024</a>
 */
public final class UnitPatternCount implements PassScore {
  private static final Reading<Long> PATTERNS = new Reading.UnitPatterns();

  private final Optional<Size> size;
  private final int batch;
  private final PassInput.Redrawn input;
  private final Initialization initialization;

  /**
   * The size that {@code swap_regularised} prefers, in millions of parameters. The released program
   * counts in thousands: its μ is 1000 times, its σ a million times this one.
   *
   * @param mu of the best size, at least 0
   * @param sigma how fast others lose: 1/e at \(\sqrt\sigma\) from μ; above 0
   */
  public record Size(double mu, double sigma) {
    public Size {
      if (!(mu >= 0) || mu == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "swap_regularised mu must be a number of millions of parameters, at least 0, but was "
                + mu);
      }
      if (!(sigma > 0) || sigma == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "swap_regularised sigma must be finite and above 0 but was " + sigma);
      }
    }

    /** The factor \(e^{-(\Theta-\mu)^2/\sigma}\), in (0, 1] but for underflow. */
    double factor(long parameters) {
      double off = parameters / 1e6 - mu;
      return Math.exp(-off * off / sigma);
    }
  }

  /**
   * @param size of {@code swap_regularised}; empty for {@code swap}
   * @param batch n of {@link #protocol}, in [2, 4096]
   * @param draws of the weights, at least 1
   * @param initialization weights of {@link #protocol}
   */
  public UnitPatternCount(
      Optional<Size> size, int batch, int draws, Initialization initialization) {
    PairBatch.check("swap", batch);
    this.size = Objects.requireNonNull(size, "size");
    this.batch = batch;
    this.input = new PassInput.Redrawn(draws);
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return size.isPresent() ? "swap_regularised" : "swap";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.PLAIN_IMAGES, batch);
  }

  @Override
  public String options() {
    return "draws="
        + input.draws()
        + size.map(own -> " mu=" + own.mu() + " sigma=" + own.sigma()).orElse("");
  }

  @Override
  public PassInput input() {
    return input;
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    PairBatch.checkComparable(name(), plan.options().batch());
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return Pass.forward(NormMode.BATCH, PATTERNS);
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    return new Reader() {
      private long sum;
      private int draws;

      @Override
      public void read(Readings readings) {
        sum += readings.get(PATTERNS);
        draws++;
      }

      @Override
      public LayeredScore score() {
        return LayeredScore.of(of(plan.graph(), (double) sum / draws));
      }
    };
  }

  private Score of(NetworkGraph graph, double mean) {
    boolean active =
        graph.nodes().stream().anyMatch(node -> node.operation() instanceof Operation.Relu);
    return active
        ? Score.of(mean * size.map(own -> own.factor(graph.parameters())).orElse(1.0))
        : Score.undefined("the network has no ReLU", 0);
  }
}
