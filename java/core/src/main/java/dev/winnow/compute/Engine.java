package dev.winnow.compute;

import dev.winnow.net.NetworkGraph;
import java.util.Map;

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
   * Facts for the run's provenance: device, kernel variant, ABI, threads, commit. Keys are stable,
   * sorted.
   */
  Map<String, String> provenance();

  @Override
  void close();
}
