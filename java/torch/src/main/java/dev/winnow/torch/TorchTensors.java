package dev.winnow.torch;

import dev.winnow.compute.PlanOptions.Precision;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Arrays of Java as tensors of libtorch, and back. */
final class TorchTensors {
  private TorchTensors() {}

  /** Runs an action and frees every tensor that it made and did not retain. */
  static <T> T scoped(Supplier<T> action) {
    PointerScope scope = new PointerScope();
    try {
      return action.get();
    } finally {
      scope.close();
    }
  }

  static ScalarType type(Precision precision) {
    return precision == Precision.FLOAT64 ? ScalarType.Double : ScalarType.Float;
  }

  /** A copy in a number type; float32 rounds to nearest. */
  static Tensor of(double[] values, Precision precision, long... shape) {
    return Tensor.create(values, shape).to(type(precision));
  }

  static Tensor of(dev.winnow.tensor.Tensor tensor, Precision precision) {
    return of(tensor.values(), precision, Arrays.stream(tensor.shape()).asLongStream().toArray());
  }

  /** A copy as doubles. */
  static dev.winnow.tensor.Tensor toJava(Tensor tensor) {
    int[] shape = new int[Math.toIntExact(tensor.dim())];
    for (int side = 0; side < shape.length; side++) {
      shape[side] = Math.toIntExact(tensor.size(side));
    }
    double[] values = new double[Math.toIntExact(tensor.numel())];
    Tensor plain = tensor.detach().to(ScalarType.Double).contiguous();
    if (values.length > 0) {
      DoublePointer data = plain.data_ptr_double();
      data.capacity(values.length);
      data.get(values);
    }
    return new dev.winnow.tensor.Tensor(shape, values);
  }

  static Tensor zeros(Precision precision, long... shape) {
    return torch.zeros(shape).to(type(precision));
  }
}
