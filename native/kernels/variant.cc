// Compiled once per instruction set with its flags and WINNOW_VARIANT_NAMESPACE (CMakeLists.txt).
#include "kernels/correlate/simd.h"
#include "kernels/gather/simd.h"
#include "kernels/pointwise/simd.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

template <typename T>
constexpr Kernels<T> table() {
  return {gather<T>,        correlate<T>,     scale<T>,   affine<T>,           relu<T>,
          relu_gradient<T>, norm_gradient<T>, maximum<T>, maximum_gradient<T>, scale_each<T>,
          sum<T>,           squares<T>,       product<T>, positive<T>,         dot<T>};
}

extern const Kernels<float> kFloat;
extern const Kernels<double> kDouble;
constexpr Kernels<float> kFloat = table<float>();
constexpr Kernels<double> kDouble = table<double>();

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
