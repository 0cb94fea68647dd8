package dev.winnow.compute;

/**
 * @param batch samples that share batch statistics, at least 1
 * @param precision number type of activations and gradients
 */
public record PlanOptions(int batch, Precision precision) {
  public PlanOptions {
    if (batch < 1 || batch > 65536) {
      throw new IllegalArgumentException("batch must be in [1, 65536] but was " + batch);
    }
  }

  /** Single precision, as the published programs compute. */
  public static PlanOptions batch(int batch) {
    return new PlanOptions(batch, Precision.FLOAT32);
  }

  /** Number type of a plan; statistics and Gram sums are double in both. */
  public enum Precision {
    FLOAT32,
    FLOAT64
  }
}
