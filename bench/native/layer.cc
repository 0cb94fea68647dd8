#include "layer.h"

#include <algorithm>
#include <cmath>

namespace winnow::bench {
namespace {

constexpr int64_t kKernel = 3, kTaps = kKernel * kKernel;

// Float32 numbers, so that both types see the same.
template <typename T>
AlignedVector<T> drawn(int64_t stream, int64_t count) {
  std::vector<double> values(static_cast<size_t>(count));
  winnow_error error;
  require(winnow_random_normal(1, static_cast<uint64_t>(stream), 0, count, values.data(), &error), error);
  AlignedVector<T> rounded;
  for (const double value : values) rounded.push_back(static_cast<T>(static_cast<float>(value)));
  return rounded;
}

}  // namespace

template <typename T>
LayerPlanes<T>::LayerPlanes(int64_t channels, int64_t side)
    : gathered(static_cast<size_t>(channels * side * side * kLanes)),
      correlated(static_cast<size_t>(channels * channels * kTaps * kLanes)),
      channels_(channels),
      side_(side),
      pitch_((side + 2) * kLanes),
      plane_((side + 2) * pitch_),
      inputs_(static_cast<size_t>(channels * plane_)),
      gradients_(drawn<T>(12, channels * side * side * kLanes)),
      weights_(drawn<T>(13, channels * channels * kTaps)) {
  const AlignedVector<T> values = drawn<T>(11, channels * side * side * kLanes);
  const int64_t row = side * kLanes;
  for (int64_t c = 0; c < channels; ++c) {
    gradient_planes_.push_back(gradients_.data() + c * side * row);
    for (int64_t y = 0; y < side; ++y) {
      std::copy_n(values.data() + (c * side + y) * row, row, inputs_.data() + c * plane_ + (y + 1) * pitch_ + kLanes);
    }
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      taps_.push_back(inputs_.data() + c * plane_ + tap / kKernel * pitch_ + tap % kKernel * kLanes);
    }
  }
}

template <typename T>
void LayerPlanes<T>::gather(const Kernels<T>& kernels) {
  const auto terms = static_cast<int64_t>(taps_.size());
  const int64_t row = side_ * kLanes, plane = side_ * row;
  for (int64_t o = 0; o < channels_; o += kGatherOutputs) {
    const int64_t outputs = std::min(kGatherOutputs, channels_ - o);
    kernels.gather({taps_.data(), weights_.data() + o * terms, terms, outputs, pitch_, kLanes, gathered.data() + o * plane,
                    plane, row, kLanes, side_, side_, kLanes, false});
  }
}

template <typename T>
void LayerPlanes<T>::correlate(const Kernels<T>& kernels) {
  std::fill(correlated.begin(), correlated.end(), T{0});
  const auto terms = static_cast<int64_t>(taps_.size());
  const int64_t row = side_ * kLanes;
  kernels.correlate({gradient_planes_.data(), taps_.data(), channels_, terms, side_, side_, row, pitch_, kLanes,
                     correlated.data(), terms * kLanes, kLanes});
}

Layer::Layer(const winnow_device* device, const Shape& shape)
    : gather_(shape.score == "gather"),
      channels_(shape.batch),
      side_(shape.size),
      kernels_(kernels_of<float>(device->device->variant)),
      planes_(channels_, side_) {}

void Layer::run() {
  if (gather_) {
    planes_.gather(kernels_);
  } else {
    planes_.correlate(kernels_);
  }
}

Cost Layer::cost() const { return {2.0 * static_cast<double>(channels_ * channels_ * kTaps * side_ * side_ * kLanes), 0}; }

// A sum of N rounded products is off by at most N roundings of its largest partial sum.
Verdict Layer::verdict(const std::string&) {
  LayerPlanes<double> exact(channels_, side_);
  const Kernels<double>& reference = kernels_of<double>(Variant::kReference);
  run();
  if (gather_) {
    exact.gather(reference);
  } else {
    exact.correlate(reference);
  }
  const AlignedVector<float>& a = gather_ ? planes_.gathered : planes_.correlated;
  const AlignedVector<double>& b = gather_ ? exact.gathered : exact.correlated;
  double error = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double apart = static_cast<double>(a[i]) - b[i];
    error = std::isfinite(apart) ? std::max(error, std::fabs(apart)) : INFINITY;
    largest = std::max(largest, std::fabs(b[i]));
  }
  const double summed = static_cast<double>(gather_ ? channels_ * kTaps : side_ * side_);
  return {error / largest, summed * std::ldexp(1, -24), "largest error / largest sum, reference in float64"};
}

template class LayerPlanes<float>;
template class LayerPlanes<double>;

}  // namespace winnow::bench
