// Convolutions of one tap under batch norms, z_e = W_e x + bias_e, send back sum over e of W_e^T dz_e with
// dz_e = alpha g_e + beta z_e + kappa by channel. Put together,
//
//     dx = sum over e of (W_e^T diag(alpha_e)) g_e + M x + k      M = sum over e of W_e^T diag(beta_e) W_e
//                                                                k = sum over e of W_e^T (kappa_e + beta_e bias_e)
//
// so no plane of dz is made, none of z is read, and however many convolutions there are share one M.
#include <algorithm>

#include "plan/backward_pass.h"

namespace winnow {

// Weights by cotangent: [term][channel of x], terms being k, the planes of every g_e, the planes of x.
template <typename T>
void BackwardPass<T>::weigh_pointwise(int64_t v) {
  if (weighed_[static_cast<size_t>(v)]) return;
  weighed_[static_cast<size_t>(v)] = true;
  const int64_t channels = graph_[v].shape.channels;
  int64_t terms = 1 + channels;
  for (const int64_t convolution : program_.pointwise(v)) terms += graph_[convolution].shape.channels;
  const int64_t elements = terms * channels;
  std::vector<double> sums(static_cast<size_t>(count_ * elements));
  int64_t first_term = 1;
  for (const int64_t convolution : program_.pointwise(v)) {
    const int64_t outputs = graph_[convolution].shape.channels, norm = program_.gradient_value(convolution);
    const TensorValues &w = state_.weights[convolution].weights, &bias = state_.weights[convolution].bias;
    for (int64_t l = 0; l < count_; ++l) {
      double* const constant = sums.data() + l * elements;
      double *term = constant + first_term * channels, *product = constant + elements - channels * channels;
      for (int64_t o = 0; o < outputs; ++o, term += channels) {
        const NormCoefficients<T>& of = workspace_.norms[norm][static_cast<size_t>(l * outputs + o)];
        const int64_t row = o * channels;
        const double alpha = of.alpha, beta = of.beta, kappa = of.kappa + (bias.empty() ? 0.0 : beta * bias[o]);
        for (int64_t c = 0; c < channels; ++c) {
          constant[c] += w[row + c] * kappa;
          term[c] = w[row + c] * alpha;
        }
        if (beta == 0) continue;
        for (int64_t from = 0; from < channels; ++from) {
          const double factor = beta * w[row + from];
          for (int64_t c = 0; c < channels; ++c) product[from * channels + c] += factor * w[row + c];
        }
      }
    }
    first_term += outputs;
  }
  std::vector<T>& all = workspace_.pointwise[v];
  all.resize(static_cast<size_t>(workspace_.cotangents * elements));
  std::transform(sums.begin(), sums.end(), all.begin(), [](double sum) { return static_cast<T>(sum); });
}

template <typename T>
const T* BackwardPass<T>::lane_weights(int64_t v, int64_t elements, int64_t block) {
  AlignedVector<T>& lanes = workspace_.lane_weights;
  if (v == lanes_of_value_ && block == lanes_of_block_) return lanes.data();
  lanes_of_value_ = v, lanes_of_block_ = block;
  lanes.assign(static_cast<size_t>(columns_ * elements * kLanes), T{0});  // zeros in lanes that are not used
  for (int64_t l = 0; l < count_; ++l) {
    const LaneRange range = lanes_of(l, block);
    const T* from = workspace_.pointwise[v].data() + l * elements;
    T* to = lanes.data() + column_of(l, block) * elements * kLanes + range.first;
    for (int64_t i = 0; i < elements; ++i) std::fill_n(to + i * kLanes, range.count, from[i]);
  }
  return lanes.data();
}

template <typename T>
void BackwardPass<T>::pointwise(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add) {
  weigh_pointwise(v);
  const Shape& shape = graph_[v].shape;
  const int64_t channels = shape.channels, pitch = layout_.planes[v].pitch;
  std::vector<const T*>& inputs = workspace_.rows;
  for (int64_t column = 0; column < columns_; ++column) {
    inputs.clear();
    for (const int64_t convolution : program_.pointwise(v)) {
      const GradientPlanes<T> from = gradient(program_.source(program_.gradient_value(convolution)).value, block);
      for (int64_t o = 0; o < graph_[convolution].shape.channels; ++o) inputs.push_back(from.row(column, o, rows.first));
    }
    const auto gradients = static_cast<int64_t>(inputs.size());
    for (int64_t c = 0; c < channels; ++c) inputs.push_back(plane(v, block, c) + rows.first * pitch);
    const bool one_of_each = channels == 1 && gradients == 1, by_lane = one_of_each || layout_.lanes(block) < kLanes;
    const int64_t elements = (1 + gradients + channels) * channels, each = by_lane ? kLanes : 1;
    const T* const all = by_lane ? lane_weights(v, elements, block) : workspace_.pointwise[v].data();
    const T* const weights = all + column * elements * each;
    const int64_t row = shape.width * kLanes;  // planes of gradients that are read have nothing between their rows
    if (one_of_each) {
      // A norm's gradient: its three coefficients stay in registers for all rows.
      const Rows<T> out{dest.row(column, 0, rows.first), dest.pitch};
      const T *constant = weights, *alpha = weights + kLanes, *beta = weights + 2 * kLanes;
      kernels_.norm_gradient(
          {out, {inputs[0], row}, {inputs[1], pitch}, rows.count(), shape.width, alpha, beta, constant, add});
      continue;
    }
    // Where nothing lies between the others' rows either, all is one row; else one row at a time, so that what is sent is written
    // once.
    const bool flat = pitch == row && dest.pitch == row;
    const int64_t tiles = (channels + kGatherOutputs - 1) / kGatherOutputs,
                  pixels = flat ? rows.count() * shape.width : shape.width;
    for (int64_t y = rows.first; y < (flat ? rows.first + 1 : rows.end); ++y) {
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t first = channels * t / tiles, outputs = channels * (t + 1) / tiles - first;
        const T* start = weights + first * each;
        kernels_.gather({inputs.data(), start + channels * each, gradients + channels, outputs, 0, kLanes,
                         dest.row(column, first, y), dest.plane, 0, kLanes, 1, pixels, lanes_, add, start, channels, by_lane});
      }
      for (int64_t i = 0; i < gradients + channels; ++i) inputs[static_cast<size_t>(i)] += i < gradients ? row : pitch;
    }
  }
}

template void BackwardPass<float>::pointwise(int64_t, int64_t, RowRange, const GradientPlanes<float>&, bool);
template void BackwardPass<double>::pointwise(int64_t, int64_t, RowRange, const GradientPlanes<double>&, bool);

}  // namespace winnow
