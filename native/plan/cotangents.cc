#include "plan/cotangents.h"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.h"

namespace winnow {

namespace {

void softmax(double* logits, int64_t outputs) {
  const double largest = *std::max_element(logits, logits + outputs);
  double total = 0;
  for (int64_t k = 0; k < outputs; ++k) total += logits[k] = std::exp(logits[k] - largest);
  for (int64_t k = 0; k < outputs; ++k) logits[k] /= total;
}

}  // namespace

void cross_entropy_gradient(double* logits, int64_t outputs, int64_t label) {
  softmax(logits, outputs);
  logits[label] -= 1;
}

bool of_one_sample(const winnow_cotangents& cotangents) {
  return cotangents.kind == WINNOW_COTANGENT_ONES_ON_ROW || cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
}

template <typename T>
Seeds<T>::Seeds(const Graph& graph, const Layout& layout, const State<T>& state, const winnow_cotangents& cotangents,
                const winnow_call& call, const winnow_job& job, const State<T>* tangents)
    : graph_(graph), layout_(layout), cotangents_(cotangents) {
  if (cotangents.kind != WINNOW_COTANGENT_CROSS_ENTROPY && cotangents.kind != WINNOW_COTANGENT_CROSS_ENTROPY_ROWS) return;
  const Shape& shape = graph[graph.output()].shape;
  const int64_t outputs = shape.elements();
  const auto logit = [&](const State<T>& from, int64_t sample, int64_t k) {
    const int64_t c = k / (shape.height * shape.width), y = k / shape.width % shape.height, x = k % shape.width;
    const T* row =
        from.plane(layout, graph.output(), sample / kLanes, c) + y * layout.planes[static_cast<size_t>(graph.output())].pitch;
    return static_cast<double>(row[x * kLanes + sample % kLanes]);
  };
  residuals_.resize(static_cast<size_t>(layout.batch * outputs));
  residual_tangents_.resize(tangents == nullptr ? 0 : residuals_.size());
  for (int64_t sample = 0; sample < layout.batch; ++sample) {
    double* z = residuals_.data() + sample * outputs;
    for (int64_t k = 0; k < outputs; ++k) z[k] = logit(state, sample, k);
    softmax(z, outputs);
    if (tangents != nullptr) {
      double mean = 0;
      for (int64_t k = 0; k < outputs; ++k) mean += z[k] * logit(*tangents, sample, k);
      double* change = residual_tangents_.data() + sample * outputs;
      for (int64_t k = 0; k < outputs; ++k) change[k] = z[k] * (logit(*tangents, sample, k) - mean);
    }
    z[call.targets[job.target * layout.batch + sample]] -= 1;
  }
}

template <typename T>
void Seeds<T>::write(int64_t l, const std::vector<double>& residuals, T* gradient) const {
  const Shape& shape = graph_[graph_.output()].shape;
  const int64_t outputs = shape.elements();
  std::fill(gradient, gradient + layout_.blocks * outputs * kLanes, T{0});
  for (int64_t sample = 0; sample < layout_.batch; ++sample) {
    for (int64_t k = 0; k < outputs; ++k) {
      double value = 0;
      switch (cotangents_.kind) {
        case WINNOW_COTANGENT_ONES_ON_ROW:
          value = sample == l ? 1 : 0;
          break;
        case WINNOW_COTANGENT_ONES:
          value = 1;
          break;
        case WINNOW_COTANGENT_CROSS_ENTROPY:
          value = residuals[static_cast<size_t>(sample * outputs + k)] / static_cast<double>(layout_.batch);
          break;
        case WINNOW_COTANGENT_CROSS_ENTROPY_ROWS:
          value = sample == l ? residuals[static_cast<size_t>(sample * outputs + k)] : 0;
          break;
        default: {
          const int64_t at = (l * layout_.batch + sample) * outputs + k;
          value = cotangents_.dtype == WINNOW_F64 ? static_cast<const double*>(cotangents_.values)[at]
                                                  : double{static_cast<const float*>(cotangents_.values)[at]};
        }
      }
      gradient[((sample / kLanes) * outputs + k) * kLanes + sample % kLanes] = static_cast<T>(value);
    }
  }
}

template <typename T>
void Seeds<T>::write_tangent(int64_t l, T* gradient) const {
  if (residual_tangents_.empty()) {
    std::fill(gradient, gradient + layout_.blocks * graph_[graph_.output()].shape.elements() * kLanes, T{0});
  } else {
    write(l, residual_tangents_, gradient);
  }
}

template class Seeds<float>;
template class Seeds<double>;

}  // namespace winnow
