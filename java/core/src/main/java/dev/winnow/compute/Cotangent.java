package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/** What a backward pass starts from at the logits: the derivative of a scalar by them. */
public sealed interface Cotangent {

  /**
   * Of the mean over the batch of −log softmax(logits)[label].
   *
   * @param labels the class of each sample, one batch
   */
  record CrossEntropy(List<Integer> labels) implements Cotangent {
    public CrossEntropy {
      labels = List.copyOf(labels);
    }
  }

  /**
   * Given, the same for every job.
   *
   * @param values {@code [batch, outputs]}, or any other shape of as many elements in that order
   */
  record Given(Tensor values) implements Cotangent {
    public Given {
      Objects.requireNonNull(values, "values");
    }
  }
}
