// Saliencies of channels: 1 / (2 n) sum over samples of (sum over pixels of a delta)^2, a what a convolution puts out and delta its
// gradient. Lanes are samples, so a lane's sum is a sample's.
#include <array>

#include "plan/backward_pass.h"

namespace winnow {

template <typename T>
void BackwardPass<T>::saliencies(int64_t convolution, int64_t l) {
  const Value& value = graph_[convolution];
  const int64_t at = (*rows_.saliencies)[static_cast<size_t>(state_.weights[convolution].weight_tensor)];
  if (at < 0) return;
  const Shape& shape = value.shape;
  const int64_t norm = program_.gradient_value(convolution);
  const GradientSource& source = program_.source(norm);
  T* out = rows_.row(first_ + l) + at;
  for (int64_t c = 0; c < shape.channels; ++c) {
    // delta = alpha gradient + beta a + kappa, as norms send it back: three sums make that of a delta
    const auto i = static_cast<size_t>(l * shape.channels + c);
    const bool under_norm = norm != convolution;
    const double alpha = under_norm ? double{workspace_.norms[norm][i].alpha} : source.coefficient;
    const double beta = under_norm ? double{workspace_.norms[norm][i].beta} : 0;
    const double kappa = under_norm ? double{workspace_.norms[norm][i].kappa} : 0;
    double squares = 0;
    for (int64_t b = 0; b < layout_.blocks; ++b) {
      const GradientPlanes<T> gradients = gradient(source.value, b);
      const LaneRange lanes = lanes_of(l, b);
      // Where two cotangents share a block its values stand twice, and a gradient is in one half.
      const int64_t computed = lanes.count > kLanes / 2 ? kLanes : kLanes / 2;
      std::array<double, 3 * kLanes> sums = {};
      const int64_t pitch = layout_.planes[convolution].pitch;
      kernels_.value_products({sums.data(),
                               {plane(convolution, b, c), pitch},
                               {gradients.row(column_of(l, b), c, 0) + lanes.first, gradients.pitch},
                               shape.height,
                               shape.width,
                               computed});
      for (int64_t lane = 0; lane < lanes.count; ++lane) {
        const double* of = sums.data() + lane;
        const double sum = alpha * of[0] + beta * of[kLanes] + kappa * of[2 * kLanes];
        squares += sum * sum;
      }
    }
    out[c] = static_cast<T>(squares / static_cast<double>(2 * layout_.batch));
  }
}

template void BackwardPass<float>::saliencies(int64_t, int64_t);
template void BackwardPass<double>::saliencies(int64_t, int64_t);

}  // namespace winnow
