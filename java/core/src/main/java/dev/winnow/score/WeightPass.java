package dev.winnow.score;

import dev.winnow.compute.Plan.NormMode;
import dev.winnow.compute.PlanOptions.Precision;

/**
 * A backward pass whose gradients by the weights {@link LayerSum} scores read. Scores of one pass
 * see the same weights and images and share the pass.
 */
public enum WeightPass {
  /** Of the mean cross-entropy of labelled images, in training mode. */
  CROSS_ENTROPY(NormMode.BATCH, Precision.FLOAT32),
  /** Of the sum of the logits of one image of ones, all weights absolute, without norms. */
  FLOW(NormMode.IDENTITY, Precision.FLOAT64),
  /** The same with norms, whose statistics are those of the one image. */
  NORMALISED_FLOW(NormMode.BATCH, Precision.FLOAT64);

  private final NormMode norm;
  private final Precision precision;

  WeightPass(NormMode norm, Precision precision) {
    this.norm = norm;
    this.precision = precision;
  }

  /** Statistics of the norms; those of the batch are differentiated through. */
  public NormMode norm() {
    return norm;
  }

  /** Number type that its scores are defined in; a flow grows beyond float32. */
  public Precision precision() {
    return precision;
  }

  /** Whether it is of a flow: no data, no labels, a batch of one, whatever the job's images. */
  public boolean flow() {
    return this != CROSS_ENTROPY;
  }
}
