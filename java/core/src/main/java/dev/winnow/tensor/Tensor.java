package dev.winnow.tensor;

import java.util.Arrays;

/**
 * A dense row-major array of doubles with a shape. Wide enough to hold float32 and float64 values
 * exactly; the array is shared, not copied: treat it as frozen.
 *
 * @param shape sides, each at least 0; empty for a scalar
 * @param values as many as the product of the sides
 */
public record Tensor(int[] shape, double[] values) {
  public Tensor {
    long elements = 1;
    for (int side : shape) {
      if (side < 0) {
        throw new IllegalArgumentException(
            "tensor side must be >= 0 but shape was " + Arrays.toString(shape));
      }
      if (Math.multiplyHigh(elements, side) != 0 || elements * side < 0) {
        throw new IllegalArgumentException("shape is too large: " + Arrays.toString(shape));
      }
      elements *= side;
    }
    if (elements != values.length) {
      throw new IllegalArgumentException(
          "shape "
              + Arrays.toString(shape)
              + " needs "
              + elements
              + " values but got "
              + values.length);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor t
        && Arrays.equals(shape, t.shape)
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "Tensor" + Arrays.toString(shape);
  }
}
