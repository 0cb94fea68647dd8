package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a backward pass gives for one job.
 *
 * @param parameters by canonical name, in the network's order: every learned tensor; zeros where
 *     the row does not have the operation
 * @param input {@code [batch, channels, height, width]}; there only where it was asked for
 */
public record Gradients(Map<String, Tensor> parameters, Optional<Tensor> input) {
  public Gradients {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }
}
