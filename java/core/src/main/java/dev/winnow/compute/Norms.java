package dev.winnow.compute;

import dev.winnow.compute.Plan.NormMode;
import java.util.Map;
import java.util.Objects;

/**
 * How a network's batch norms normalise.
 *
 * @param mode of those that are not named
 * @param exceptions by the node's name
 */
public record Norms(NormMode mode, Map<String, NormMode> exceptions) {
  public Norms {
    Objects.requireNonNull(mode, "mode");
    exceptions = Map.copyOf(exceptions);
  }

  /** All alike. */
  public static Norms all(NormMode mode) {
    return new Norms(mode, Map.of());
  }
}
