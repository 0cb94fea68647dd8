package dev.winnow.net;

/**
 * What a tensor of a network is. Ordinals are the native core's {@code winnow_role} and never
 * change.
 */
public enum Role {
  /** {@code [out, in / groups, kernel height, kernel width]}. */
  CONVOLUTION_WEIGHT,
  /** {@code [out]}. */
  CONVOLUTION_BIAS,
  /** {@code [out, in]}. */
  LINEAR_WEIGHT,
  /** {@code [out]}. */
  LINEAR_BIAS,
  /** Batch norm's {@code weight [channels]}. */
  NORM_SCALE,
  /** Batch norm's {@code bias [channels]}. */
  NORM_SHIFT,
  /** Buffer {@code running_mean [channels]}. */
  RUNNING_MEAN,
  /** Buffer {@code running_var [channels]}. */
  RUNNING_VARIANCE;

  /** Whether it is learned; buffers are not and do not count as parameters. */
  public boolean learned() {
    return this != RUNNING_MEAN && this != RUNNING_VARIANCE;
  }
}
