package dev.winnow.compute;

import dev.winnow.net.NetworkGraph;
import dev.winnow.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network laid out for one batch size; the candidates of a supernet are {@link Row rows} on it.
 * Every method takes a list of jobs, computes them in as few native calls as it can, and reports
 * each result in job order. Results do not depend on the number of threads or on how jobs are
 * grouped. One call at a time per plan: a concurrent second one waits.
 *
 * <p>All methods throw {@link IllegalArgumentException} for input of the wrong shape or with values
 * that are not finite, {@link CancelledException} when the monitor asked to stop (results reported
 * until then are final), and {@link IllegalStateException} after {@link #close}.
 */
public interface Plan extends AutoCloseable {

  /** The network that was laid out. */
  NetworkGraph graph();

  /** The options it was laid out with. */
  PlanOptions options();

  /**
   * Neural tangent kernel of summed logits, batch statistics differentiated through: {@code
   * theta[i][j] = <g_i, g_j>} over all tensors named weight. Each job's images are exactly one
   * batch, at least 2. Cost: 1 + 2n forward passes.
   */
  void ntk(List<Job> jobs, Results<double[][]> results, Monitor monitor);

  /**
   * One pass a job, and what is read of it. Each job's images are exactly one batch where something
   * goes back, else a multiple of it. Cost: one forward pass; with a cotangent 3, with n of them 1
   * + 2n, and what the reading says.
   *
   * @throws IllegalArgumentException also for a cotangent that needs labels on images without, for
   *     an exception of the norms that names no norm, and for products of the Hessian with several
   *     cotangents
   */
  void read(List<Job> jobs, Pass pass, Results<Readings> results, Monitor monitor);

  /**
   * Number of distinct activation patterns of the ReLUs over the job's images, whose number is a
   * multiple of the batch; each batch has its own statistics. Cost: one forward pass.
   */
  default void linearRegions(List<Job> jobs, Results<Long> results, Monitor monitor) {
    Reading<Long> regions = new Reading.LinearRegions();
    Pass pass = Pass.forward(NormMode.BATCH, regions);
    read(jobs, pass, (job, read) -> results.accept(job, read.get(regions)), monitor);
  }

  /**
   * Activation kernel {@code [samples][samples]}: on how many units of the ReLUs every two samples
   * agree, each unit counted as often as its ReLU. A unit is active where its value is above 0; a
   * ReLU that the job's row skips does not count. Cost: one forward pass, and a popcount per 64
   * units and pair of samples.
   *
   * @param multiplicities of the graph's ReLUs in node order, each in [0, 1048576]
   * @param norm statistics; each batch has its own
   */
  default void activationKernel(
      List<Job> jobs,
      int[] multiplicities,
      NormMode norm,
      Results<long[][]> results,
      Monitor monitor) {
    Reading<long[][]> kernel =
        new Reading.ActivationKernel(Arrays.stream(multiplicities).boxed().toList());
    Pass pass = Pass.forward(norm, kernel);
    read(jobs, pass, (job, read) -> results.accept(job, read.get(kernel)), monitor);
  }

  /** Logits {@code [samples][outputs]}, with the given statistics. */
  void logits(List<Job> jobs, NormMode norm, Results<double[][]> results, Monitor monitor);

  /**
   * Gradients of the scalar that {@code cotangent} is the derivative of. Each job's images are
   * exactly one batch. Cost: 3 forward passes.
   *
   * @param norm statistics; those of the batch are differentiated through
   * @param input whether the input's gradient is wanted too
   */
  default void gradients(
      List<Job> jobs,
      Cotangent cotangent,
      NormMode norm,
      boolean input,
      Results<Gradients> results,
      Monitor monitor) {
    Reading<Map<String, Tensor>> parameters = new Reading.ParameterGradients();
    Reading<Tensor> byInput = new Reading.InputGradient();
    Pass pass =
        input
            ? Pass.backward(norm, cotangent, parameters, byInput)
            : Pass.backward(norm, cotangent, parameters);
    read(
        jobs,
        pass,
        (job, read) ->
            results.accept(
                job,
                new Gradients(
                    read.get(parameters),
                    input ? Optional.of(read.get(byInput)) : Optional.empty())),
        monitor);
  }

  /**
   * Synaptic flow: \(\sum_w |w\,\partial R/\partial w|\) over the weights of convolutions and
   * linear layers, R the sum of the outputs for one image of ones, all parameters absolute, norms
   * passing their input on; in float64 whatever the plan's precision. The job's images are not
   * looked at. Cost: two forward passes of one image.
   *
   * @throws IllegalArgumentException for a row with a negative coefficient
   */
  void synapticFlow(List<Job> jobs, Results<Double> results, Monitor monitor);

  /**
   * Running mean and variance of every norm, by canonical name, after the job's images have passed
   * with batch statistics: for each batch (1 − momentum) times the old ones, at first the job's
   * parameters', plus momentum times the batch's, the variance unbiased. A norm of a skipped or
   * blocked operation keeps its own. The parameters are data and do not change. Cost: one forward
   * pass.
   */
  default void runningStatistics(
      List<Job> jobs, Results<Map<String, Tensor>> results, Monitor monitor) {
    trainingPass(
        jobs, graph().output(), (job, pass) -> results.accept(job, pass.statistics()), monitor);
  }

  /**
   * The {@link #runningStatistics} of a pass and the values that a node has in it. Cost: one
   * forward pass.
   *
   * @param node index in the graph; any other than the output where the device reads activations
   */
  void trainingPass(List<Job> jobs, int node, Results<TrainingPass> results, Monitor monitor);

  /** The values that a parameter set gives each tensor of the graph, by canonical name. */
  Map<String, Tensor> values(Parameters parameters);

  @Override
  void close();

  /** Statistics a batch norm normalises with. */
  enum NormMode {
    /** Of the batch. */
    BATCH,
    /** Running statistics, constants. */
    RUNNING,
    /** None: the norm passes its input on. */
    IDENTITY
  }

  /** Receives results as soon as they are final, in job order, on the calling thread. */
  @FunctionalInterface
  interface Results<T> {
    /**
     * @param job index in the list of jobs
     * @param value its result
     */
    void accept(int job, T value);
  }
}
