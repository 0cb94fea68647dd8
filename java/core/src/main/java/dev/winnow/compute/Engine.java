package dev.winnow.compute;

import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.net.NetworkGraph;
import java.util.Map;
import java.util.Optional;

/**
 * What computes scores: a device with its kernels. Search and scoring code knows only this
 * interface; {@code dev.winnow.engine.NativeEngine} implements it over the native core.
 * Thread-safe; closing it closes nothing that a caller still holds open, so close the plans first.
 */
public interface Engine extends AutoCloseable {

  /**
   * Lays a network out for a batch size and a number type.
   *
   * @throws IllegalArgumentException when the graph or an option is out of range
   */
  Plan plan(NetworkGraph graph, PlanOptions options);

  /**
   * Why the device cannot run a pass over a network, naming the device and what it lacks; empty
   * where it can. Costs no work, so that it can be asked before any.
   */
  default Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
    return Optional.empty();
  }

  /**
   * Facts for the run's provenance: device, kernel variant, ABI, threads, commit. Keys are stable,
   * sorted.
   */
  Map<String, String> provenance();

  @Override
  void close();
}
