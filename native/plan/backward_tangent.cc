#include "plan/backward_tangent.h"

#include <algorithm>

namespace winnow {

template <typename T>
void BackwardTangent<T>::run(const std::function<void(int64_t, T*)>& seed) {
  for (const BackwardStep& step : program_.backward()) {
    if (step.kind == BackwardStep::kNorm) {
      norm(step.value);
    } else if (step.value != 0 || rows_.input >= 0) {
      pull(step.value, seed);
      if (graph_[step.value].operation == WINNOW_CONVOLUTION) weights(step.value);
    }
  }
  if (rows_.input >= 0 && program_.flows(0)) both_.write_input(1, row_);
}

template <typename T>
void BackwardTangent<T>::pull(int64_t v, const std::function<void(int64_t, T*)>& seed) {
  const Shape& shape = graph_[v].shape;
  std::vector<double>& sums = workspace_.sums[v];
  std::fill(sums.begin(), sums.end(), 0.0);
  if (v == graph_.output()) {
    for (int64_t k = 0; k < 2; ++k) seed(k, both_.gradient(v, 0).row(k, 0, 0));
  }
  const int64_t strip = strip_rows(shape);
  for (int64_t block = 0; block < layout_.blocks; ++block) {
    const GradientPlanes<T> planes = both_.gradient(v, block);
    both_.enter(block);
    gradient_.enter(block);
    for (int64_t y = 0; y < shape.height; y += strip) {
      const RowRange rows{y, std::min(y + strip, shape.height)};
      if (v != graph_.output()) {
        both_.collect(v, block, rows, planes, workspace_.scratch.template at<T>(layout_.strip_elements));
        add_changes(v, block, rows, planes.from_column(1));
      }
      for (int64_t k = 0; k < 2; ++k) {
        for (int64_t c = 0; c < shape.channels; ++c) {
          sums[static_cast<size_t>(k * shape.channels + c)] +=
              kernels_.sum(planes.row(k, c, y), rows.count() * shape.width, {0, layout_.lanes(block)});
        }
      }
    }
  }
}

template <typename T>
void BackwardTangent<T>::add_changes(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& tangent) {
  const Shape& shape = graph_[v].shape;
  for (const int64_t reader : program_.readers(v)) {
    if (graph_[reader].operation != WINNOW_BATCH_NORM) continue;
    const GradientPlanes<T> from = both_.gradient(reader, block);
    for (int64_t c = 0; c < shape.channels; ++c) {
      const auto channel = static_cast<size_t>(c);
      const int64_t lanes = layout_.lanes(block), pitch = layout_.planes[v].pitch;
      const InLanes<T> alpha_change(tangents_.norms[reader].scale[channel], lanes);
      const InLanes<T> beta(workspace_.norms[reader][channel].beta, lanes), zero(0, lanes);
      const Rows<T> out{tangent.row(0, c, rows.first), tangent.pitch};
      const Rows<const T> gradient{from.row(0, c, rows.first), from.pitch};
      const Rows<const T> change{tangents_.plane(layout_, v, block, c) + rows.first * pitch, pitch};
      kernels_.norm_gradient({out, gradient, change, rows.count(), shape.width, alpha_change.each, beta.each, zero.each, true});
    }
  }
  if (direction_.parameters == nullptr) return;
  const T* packed = tangents_.packed_backward[v].data();
  for (const DataGroup& group : program_.data_groups(v)) {
    gradient_.convolved(v, group, packed, block, rows, tangent, true);
    packed += group.gather.weights;
  }
}

template <typename T>
void BackwardTangent<T>::norm(int64_t v) {
  const Shape& shape = graph_[v].shape;
  const int64_t input = graph_[v].inputs[0], pitch = layout_.planes[input].pitch;
  const NormState &norm = values_.norms[v], &change = tangents_.norms[v];
  T* scale_out = norm.identity ? nullptr : both_.out(tensor_index(graph_.network(), graph_[v].node(), WINNOW_NORM_SCALE), 0);
  T* shift_out = norm.identity ? nullptr : both_.out(tensor_index(graph_.network(), graph_[v].node(), WINNOW_NORM_SHIFT), 0);
  for (int64_t c = 0; c < shape.channels; ++c) {
    double gx = 0, dgx = 0, gdx = 0;  // sums of g x, g' x, g x'
    each_row(layout_, {norm.identity ? 0 : 1, shape.height, shape.width}, [&](int64_t b, int64_t, int64_t y) {
      const GradientPlanes<T> planes = both_.gradient(v, b);
      const T* x = values_.plane(layout_, input, b, c) + y * pitch;
      const T* dx = tangents_.plane(layout_, input, b, c) + y * pitch;
      const LaneRange lanes{0, layout_.lanes(b)};
      gx += kernels_.product(planes.row(0, c, y), x, shape.width, lanes);
      dgx += kernels_.product(planes.row(1, c, y), x, shape.width, lanes);
      gdx += kernels_.product(planes.row(0, c, y), dx, shape.width, lanes);
    });
    const auto i = static_cast<size_t>(c), j = static_cast<size_t>(shape.channels + c);  // of gradient and tangent
    const double s1 = workspace_.sums[v][i], s1_change = workspace_.sums[v][j];
    const double mean = norm.mean[i], r = norm.inverse_deviation[i], a = norm.scale[i];
    const double mean_change = change.mean[i], r_change = change.inverse_deviation[i], a_change = change.scale[i];
    const double s2 = (gx - mean * s1) * r;
    const double s2_change = (dgx - mean * s1_change + gdx - mean_change * s1) * r + r_change / r * s2;
    double beta = 0, beta_change = 0, kappa = 0, kappa_change = 0;
    if (norm.count > 0) {
      beta = -a * r * s2 / norm.count;
      beta_change = -(a_change * r * s2 + a * r_change * s2 + a * r * s2_change) / norm.count;
      kappa = -a * s1 / norm.count - beta * mean;
      kappa_change = -(a_change * s1 + a * s1_change) / norm.count - beta_change * mean - beta * mean_change;
    }
    workspace_.norms[v][i] = {static_cast<T>(a), static_cast<T>(beta), static_cast<T>(kappa)};
    workspace_.norms[v][j] = {static_cast<T>(a), static_cast<T>(beta_change), static_cast<T>(kappa_change)};
    if (scale_out != nullptr) scale_out[c] = static_cast<T>(s2_change);
    if (shift_out != nullptr) shift_out[c] = static_cast<T>(s1_change);
  }
}

template <typename T>
void BackwardTangent<T>::weights(int64_t v) {
  const Shape& shape = graph_[v].shape;
  const int64_t node = graph_[v].node();
  T* bias_out = both_.out(bias_tensor(graph_.network(), node), 0);
  for (int64_t c = 0; bias_out != nullptr && c < shape.channels; ++c) {
    bias_out[c] = static_cast<T>(workspace_.sums[v][static_cast<size_t>(shape.channels + c)]);
  }
  T* out = both_.out(weight_tensor(graph_.network(), node), 0);
  if (out == nullptr) return;
  const JointGroups group = alone(graph_, program_.weight_groups(v)[0]);  // of this convolution: its gradient is its own
  const int64_t terms = group.terms;
  workspace_.lane_sums.assign(static_cast<size_t>(shape.channels * terms * kLanes), T{0});
  workspace_.correlations.assign(static_cast<size_t>(shape.channels * terms), 0.0);
  const int64_t strip = strip_rows(shape);
  int64_t pixels = 0;
  for (int64_t block = 0; block < layout_.blocks; ++block) {
    const GradientPlanes<T> planes = both_.gradient(v, block);
    for (int64_t y = 0; y < shape.height; y += strip) {
      const RowRange rows{y, std::min(y + strip, shape.height)};
      add_correlation(graph_, layout_, kernels_, values_, group, shape, planes.from_column(1), block, rows, workspace_.rows, 1,
                      layout_.lanes(block), workspace_.lane_sums.data(), 0);
      add_correlation(graph_, layout_, kernels_, tangents_, group, shape, planes, block, rows, workspace_.rows, 1,
                      layout_.lanes(block), workspace_.lane_sums.data(), 0);
      pixels += 2 * rows.count() * shape.width;
      if (pixels < kFlushPixels && (block + 1 < layout_.blocks || rows.end < shape.height)) continue;
      kernels_.reduce(workspace_.lane_sums.data(), shape.channels * terms, workspace_.correlations.data(), nullptr);
      pixels = 0;
    }
  }
  std::transform(workspace_.correlations.begin(), workspace_.correlations.end(), out,
                 [](double sum) { return static_cast<T>(sum); });
}

template class BackwardTangent<float>;
template class BackwardTangent<double>;

}  // namespace winnow
