package dev.winnow.compute;

import dev.winnow.random.Stream;
import dev.winnow.tensor.Tensor;
import java.util.Map;

/**
 * Where a network's weights come from. Plain data: the engine makes the native set and shares it
 * between equal ones.
 */
public sealed interface Parameters {

  /**
   * Drawn natively. Each tensor draws from the sub-stream of its own name, so equal names get equal
   * weights in every network.
   *
   * @param initialization what is drawn
   * @param stream from where
   */
  record Drawn(Initialization initialization, Stream stream) implements Parameters {}

  /**
   * Given by canonical name. Every learned tensor of the graph must be there with its shape; names
   * the graph does not know are an error; running statistics default to mean 0, variance 1.
   */
  record Given(Map<String, Tensor> tensors) implements Parameters {
    public Given {
      tensors = Map.copyOf(tensors);
    }
  }
}
