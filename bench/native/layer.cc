#include "layer.h"

#include <algorithm>
#include <cmath>

#include "plan/correlation.h"
#include "plan/state.h"

namespace winnow::bench {
namespace {

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
LayerPlanes<T>::LayerPlanes(const SquareConvolution& convolution, int64_t channels, int64_t side)
    : convolution_(convolution),
      channels_(channels),
      side_(side),
      terms_((convolution.depthwise ? 1 : channels) * convolution.kernel * convolution.kernel),
      pitch_((side + convolution.kernel - 1) * kLanes),
      plane_((side + convolution.kernel - 1) * pitch_),
      strip_(strip_rows({channels, side, side})),
      inputs_(static_cast<size_t>(channels * plane_)),
      gradients_(drawn<T>(12, channels * side * side * kLanes)),
      weights_(drawn<T>(13, channels * terms_)),
      grids_(static_cast<size_t>(convolution.depthwise ? 1 : channels), TapGrid{convolution.kernel, convolution.kernel}) {
  gathered.resize(static_cast<size_t>(channels * side * side * kLanes));
  correlated.resize(static_cast<size_t>(weights() * kLanes));
  const AlignedVector<T> values = drawn<T>(11, channels * side * side * kLanes);
  const int64_t row = side * kLanes, kernel = convolution.kernel, before = kernel / 2;
  for (int64_t c = 0; c < channels; ++c) {
    gradient_planes_.push_back(gradients_.data() + c * side * row);
    for (int64_t y = 0; y < side; ++y) {
      std::copy_n(values.data() + (c * side + y) * row, row,
                  inputs_.data() + c * plane_ + (y + before) * pitch_ + before * kLanes);
    }
    for (int64_t tap = 0; tap < kernel * kernel; ++tap) {
      taps_.push_back(inputs_.data() + c * plane_ + tap / kernel * pitch_ + tap % kernel * kLanes);
    }
  }
}

template <typename T>
const T* const* LayerPlanes<T>::taps_of(int64_t output, int64_t y) {
  strip_taps_.clear();
  const T* const* first = taps_.data() + (convolution_.depthwise ? output * terms_ : 0);
  for (int64_t t = 0; t < terms_; ++t) strip_taps_.push_back(first[t] + y * pitch_);
  return strip_taps_.data();
}

template <typename T>
void LayerPlanes<T>::gather(const Kernels<T>& kernels) {
  const int64_t row = side_ * kLanes, plane = side_ * row, most = convolution_.depthwise ? 1 : kGatherOutputs;
  for (int64_t y = 0; y < side_; y += strip_) {
    for (int64_t o = 0; o < channels_; o += most) {
      const int64_t outputs = std::min(most, channels_ - o);
      GatherRows<T> call = {taps_of(o, y),
                            weights_.data() + o * terms_,
                            terms_,
                            outputs,
                            pitch_,
                            kLanes,
                            gathered.data() + o * plane + y * row,
                            plane,
                            row,
                            kLanes,
                            std::min(strip_, side_ - y),
                            side_,
                            kLanes,
                            false};
      if (outputs == 1) call.grids = {grids_.data(), static_cast<int64_t>(grids_.size()), 1, 1};
      kernels.gather(call);
    }
  }
}

template <typename T>
void LayerPlanes<T>::correlate(const Kernels<T>& kernels) {
  std::fill(correlated.begin(), correlated.end(), T{0});
  const int64_t row = side_ * kLanes, rows = convolution_.depthwise ? 1 : channels_;
  const int64_t tile = std::min(strip_, correlated_rows(kernels.width, rows, side_));
  std::vector<const T*> gradients(static_cast<size_t>(rows));
  for (int64_t y = 0; y < side_; y += tile) {
    for (int64_t o = 0; o < channels_; o += rows) {
      for (int64_t r = 0; r < rows; ++r)
        gradients[static_cast<size_t>(r)] = gradient_planes_[static_cast<size_t>(o + r)] + y * row;
      kernels.correlate({gradients.data(), taps_of(o, y), rows, terms_, std::min(tile, side_ - y), side_, row, pitch_, kLanes,
                         correlated.data() + o * terms_ * kLanes, terms_ * kLanes, kLanes});
    }
  }
}

Layer::Layer(const winnow_device* device, const Shape& shape)
    : gather_(shape.score == "gather"),
      convolution_(shape.convolution),
      channels_(shape.batch),
      side_(shape.size),
      kernels_(kernels_of<float>(device->device->variant)),
      planes_(convolution_, channels_, side_) {}

void Layer::run() {
  if (gather_) {
    planes_.gather(kernels_);
  } else {
    planes_.correlate(kernels_);
  }
}

Cost Layer::cost() const { return {2.0 * static_cast<double>(planes_.weights() * side_ * side_ * kLanes), 0}; }

// A sum of N rounded products is off by at most N roundings of its largest partial sum.
Verdict Layer::verdict(const std::string&) {
  LayerPlanes<double> exact(convolution_, channels_, side_);
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
  const double summed = static_cast<double>(gather_ ? planes_.terms() : side_ * side_);
  return {error / largest, summed * std::ldexp(1, -24), "largest error / largest sum, reference in float64"};
}

template class LayerPlanes<float>;
template class LayerPlanes<double>;

}  // namespace winnow::bench
