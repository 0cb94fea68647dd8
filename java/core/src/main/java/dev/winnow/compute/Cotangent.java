package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/** What a backward pass starts from at the logits: derivatives of scalars by them. */
public sealed interface Cotangent {

  /** Whether it is one scalar's derivative; else there is one for each sample. */
  default boolean single() {
    return true;
  }

  /**
   * Of the mean over the batch of −log softmax(logits)[label].
   *
   * @param labels the class of each sample, one batch; empty for those of each job's images
   */
  record CrossEntropy(List<Integer> labels) implements Cotangent {
    /** Of the labels of each job's images. */
    public static final CrossEntropy OF_IMAGES = new CrossEntropy(List.of());

    public CrossEntropy {
      labels = List.copyOf(labels);
    }
  }

  /** Of each sample's own −log softmax(logits)[label], the labels those of each job's images. */
  record CrossEntropyRows() implements Cotangent {
    @Override
    public boolean single() {
      return false;
    }
  }

  /** Of the sum of all logits of the batch. */
  record Ones() implements Cotangent {}

  /** Of the sum of each sample's logits. */
  record OnesOnRows() implements Cotangent {
    @Override
    public boolean single() {
      return false;
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
