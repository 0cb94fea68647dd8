package dev.winnow.score;

import dev.winnow.compute.Cotangent;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Norms;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading.GradientSum;
import dev.winnow.compute.Row;
import dev.winnow.data.ImageSet;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.space.SearchSpace;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Synaptic flow: how much of the network's absolute weights lies on its paths.
 *
 * <p>With all parameters absolute and x one image of ones, \(R = \sum_c f_{|\theta|}(x)_c\), and
 * the score is \(\sum_l \sum_w |w\,\partial R/\partial w|\) over the weights of convolutions and
 * linear layers.
 *
 * <p><b>Shapes</b>: batch 1, whatever the job's images: no data, no labels. <b>Unit</b>: none;
 * NASLib prints the logarithm. <b>Better</b>: higher.
 *
 * <p><b>Normalisation</b>: {@link Kept} says which norms stay. {@code synflow} passes every norm
 * over; then R is a sum over paths of products of weights, and a layer that all paths cross has R
 * itself as its term. {@code synflow_bn} keeps the norms with the statistics of the one image and
 * differentiates through them: its terms may be of either sign before the modulus, and say little
 * (a norm undoes the scale of the layer before it). {@code synflow_reductions} is in between, what
 * zero-cost-nas runs on NAS-Bench-201, whose networks it builds without norms but for those of the
 * reduction blocks. No recorded number of it is at hand.
 *
 * <p><b>Hazards</b>: grows exponentially with depth (1e37 for the benchmark's networks of
 * NAS-Bench-201, beyond float32 for others), hence float64; prefers large networks.
 *
 * <p><b>Evidence</b>: Spearman .778 with CIFAR-10 accuracy on NAS-Bench-201 (recorded scores of
 * NAS-Bench-Suite-Zero, 9,445 cells); parameters alone have .799.
 *
 * <p><b>Protocol</b>: the benchmark's network, PyTorch's default weights. <b>Undefined</b> where no
 * path leads from the image to the logits (published: 0) and where the sum is not finite; {@code
 * synflow_bn} also where norms are the last that is not linear, as in cells of DARTS without pools.
 * <b>Fails</b>: {@link IllegalArgumentException} for a plan of another batch than 1 or not in
 * float64, and where the norms of reductions are to stay but the network has no such blocks.
 * <b>Cost</b>: {@code synflow} 2 forward passes of one image in float64; its layers and the other
 * variants 3.
 *
 * @see <a href="https://arxiv.org/abs/2006.05467">Tanaka, Kunin, Yamins and Ganguli 2020</a>
 * @see <a href="https://arxiv.org/abs/2101.08134">Abdelfattah, Mehrotra, Dudziak and Lane 2021</a>
 */
public final class SynapticFlow implements PassScore {
  /** Norms of NAS-Bench-201's reduction blocks. */
  private static final Pattern OF_REDUCTIONS = Pattern.compile("cells\\.\\d+\\.conv_[ab]\\.bn");

  private final Kept kept;
  private final Initialization initialization;

  /** Which norms stay. */
  public enum Kept {
    /** None: {@code synflow}. */
    NONE("synflow"),
    /** All: {@code synflow_bn}. */
    ALL("synflow_bn"),
    /** Those of the reduction blocks of NAS-Bench-201: {@code synflow_reductions}. */
    REDUCTIONS("synflow_reductions");

    private final String score;

    Kept(String score) {
      this.score = score;
    }
  }

  /**
   * @param kept which norms stay
   * @param initialization weights of {@link #protocol}
   */
  public SynapticFlow(Kept kept, Initialization initialization) {
    this.kept = Objects.requireNonNull(kept, "kept");
    this.initialization = Objects.requireNonNull(initialization, "initialization");
  }

  @Override
  public String name() {
    return kept.score;
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  @Override
  public NormMode norm() {
    return kept == Kept.ALL ? NormMode.BATCH : NormMode.IDENTITY;
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT64;
  }

  @Override
  public PassInput input() {
    return PassInput.FLOW;
  }

  @Override
  public int batchOf(int samples) {
    return 1;
  }

  @Override
  public Protocol protocol(SearchSpace space, ImageSet images) {
    return Protocol.standard(space, images, initialization, Sampling.Kind.ONES, 1);
  }

  @Override
  public void check(Plan plan, List<Job> jobs) {
    if (plan.options().batch() != 1 || plan.options().precision() != Precision.FLOAT64) {
      throw new IllegalArgumentException(
          name()
              + " needs a plan of batch 1 in FLOAT64 but it was of batch "
              + plan.options().batch()
              + " in "
              + plan.options().precision());
    }
  }

  /** {@code synflow} without its layers is one derivative of a forward pass. */
  @Override
  public void compute(Plan plan, List<Job> jobs, Plan.Results<Score> results, Monitor monitor) {
    if (kept != Kept.NONE || !jobs.stream().allMatch(job -> flows(plan.graph(), job.row()))) {
      PassScore.super.compute(plan, jobs, results, monitor);
      return;
    }
    check(plan, jobs);
    plan.synapticFlow(
        jobs,
        (job, flow) -> {
          boolean connected = Connectivity.reachesOutput(plan.graph(), jobs.get(job).row());
          results.accept(job, LayeredScore.of(flow, connected));
        },
        monitor);
  }

  /** Whether the terms of a flow are one derivative: none is negative, and nothing is drawn. */
  private static boolean flows(NetworkGraph graph, Row row) {
    for (int choice = 0; choice < row.size(); choice++) {
      if (row.coefficient(choice) < 0) {
        return false;
      }
    }
    for (Node node : graph.nodes()) {
      if (node.operation() instanceof Operation.Noise) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Pass pass(NetworkGraph graph) {
    return new Pass(
        new Norms(norm(), kept == Kept.REDUCTIONS ? ofReductions(graph) : Map.of()),
        Optional.of(new Cotangent.Ones()),
        Set.of(GradientSum.WEIGHTED_ABS));
  }

  private static Map<String, NormMode> ofReductions(NetworkGraph graph) {
    Map<String, NormMode> norms =
        graph.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.BatchNorm)
            .map(Node::name)
            .filter(name -> OF_REDUCTIONS.matcher(name).matches())
            .collect(Collectors.toMap(name -> name, name -> NormMode.BATCH));
    if (norms.isEmpty()) {
      throw new IllegalArgumentException(
          Kept.REDUCTIONS.score
              + " is defined for networks with the reduction blocks of NAS-Bench-201"
              + " (norms named cells.K.conv_a.bn and cells.K.conv_b.bn), but this one has none");
    }
    return norms;
  }

  @Override
  public Reader reader(Plan plan, Job job) {
    boolean connected = Connectivity.reachesOutput(plan.graph(), job.row());
    return Reader.once(
        readings -> {
          Map<String, Double> sums = readings.get(GradientSum.WEIGHTED_ABS);
          LayeredScore score =
              LayeredScore.sum(
                  Layers.terms(plan.graph(), job.row(), tensor -> sums.get(tensor.name())),
                  connected);
          return kept == Kept.ALL ? score.whereSumVaries(plan.graph(), job.row()) : score;
        });
  }
}
