#include "plan/backward.h"

#include <algorithm>

namespace winnow {
template <typename T>
void Backward<T>::prepare(bool own_samples) {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    pack(v);
    state_.shared[v] = {};
    for (const WeightGroup& group : program_.weight_groups(v)) {
      const Timed timed(state_.timing, group.input, Phase::kPrepare);
      for (size_t k = 0; k < group.convolutions.size(); ++k) {
        const int64_t convolution = group.convolutions[k], node = graph_[convolution].node();
        WeightState& own = state_.weights[convolution];
        own.weights = weight_values(graph_.network(), parameters_, node);
        own.bias = bias_values(graph_.network(), parameters_, node);
        own.weight_tensor = weight_tensor(graph_.network(), node);
        own.bias_tensor = bias_tensor(graph_.network(), node);
        if (graph_[convolution].gradient != GradientKind::kVirtual) continue;
        if (state_.norms[program_.gradient_value(convolution)].count == 0) continue;  // constants: no sums
        sum_input(group, k);
        sum_output(group, k);
      }
    }
  }
  products_.clear();
  if (own_samples) share();
}

template <typename T>
void Backward<T>::pack(int64_t v) {
  const std::vector<DataGroup>& groups = program_.data_groups(v);
  if (groups.empty()) return;
  const Timed timed(state_.timing, v, Phase::kPrepare);
  int64_t elements = 0;
  for (const DataGroup& group : groups) elements += group.gather.weights;
  state_.packed_backward[v].resize(static_cast<size_t>(elements));
  T* packed = state_.packed_backward[v].data();
  for (const DataGroup& group : groups) {
    std::vector<TensorValues> weights;
    for (const int64_t convolution : group.convolutions) {
      weights.push_back(weight_values(graph_.network(), parameters_, graph_[convolution].node()));
    }
    pack_backward(group.gather, group.parts, graph_[v].shape, weights, packed);
    packed += group.gather.weights;
  }
}

template <typename T>
double Backward<T>::sum_of(const WeightGroup& group, const Shape& out, int64_t c, const Pair& tap) const {
  const Planes& in = layout_.planes[group.input];
  double total = 0;
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const T* base = plane(group.input, b, c) + tap.height * in.pitch + tap.width * kLanes;
    for (int64_t y = 0; y < out.height; ++y) {
      const T* row = base + y * group.stride.height * in.pitch;
      if (group.stride.width == 1) {
        total += kernels_.sum(row, out.width, {0, layout_.lanes(b)});
      } else {
        for (int64_t x = 0; x < out.width; ++x) {
          total += kernels_.sum(row + x * group.stride.width * kLanes, 1, {0, layout_.lanes(b)});
        }
      }
    }
  }
  return total;
}

template <typename T>
void Backward<T>::correlate(int64_t v, const JointGroups& groups, std::vector<double>& sums) const {
  const Shape& shape = graph_[v].shape;
  const int64_t count = shape.channels * groups.terms;
  AlignedVector<T>& lane_sums = state_.lane_sums;
  lane_sums.assign(static_cast<size_t>(count * kLanes), T{0});
  sums.assign(static_cast<size_t>(count), 0.0);
  state_.unwanted.resize(sums.size());
  const int64_t rows = std::max<int64_t>(1, kFlushPixels / shape.width);
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const GradientPlanes<T> planes{plane(v, b, 0), 0, layout_.planes[v].plane, layout_.planes[v].pitch};
    // Where samples stand twice, the second half is not wanted.
    const bool twice = b + 1 == layout_.blocks && pairs_cotangents(graph_, layout_, kernels_);
    for (int64_t y = 0; y < shape.height; y += rows) {
      add_correlation(graph_, layout_, kernels_, state_, groups, shape, planes, b, {y, std::min(y + rows, shape.height)},
                      state_.terms, 1, layout_.lanes(b), lane_sums.data(), 0);
      kernels_.reduce(lane_sums.data(), count, sums.data(), twice ? state_.unwanted.data() : nullptr);
    }
  }
}

template <typename T>
void Backward<T>::sum_input(const WeightGroup& group, size_t member) {
  const Value& convolution = graph_[group.convolutions[member]];
  std::vector<double>& sums = state_.weights[group.convolutions[member]].input_sums;
  sums.clear();
  for (int64_t c = 0; c < graph_[group.input].shape.channels; ++c) {
    for (const int64_t tap : group.tap_of[member]) {
      sums.push_back(sum_of(group, convolution.shape, c, group.taps[static_cast<size_t>(tap)]));
    }
  }
}

template <typename T>
void Backward<T>::output_products(const WeightGroup& group, size_t member, std::vector<double>& sums) {
  const int64_t v = group.convolutions[member];
  if (graph_.is_pointwise(v)) return pointwise_products(v, state_.weights[v].input_sums, sums);
  // A group of its own, so that only this convolution's taps are correlated.
  WeightGroup own{group.input, group.source, group.groups, group.stride, {}, {}, {}};
  for (const int64_t tap : group.tap_of[member]) own.taps.push_back(group.taps[static_cast<size_t>(tap)]);
  correlate(v, alone(graph_, own), sums);
}

template <typename T>
void Backward<T>::pointwise_products(int64_t convolution, const std::vector<double>& input_sums, std::vector<double>& sums) {
  const int64_t input = graph_[convolution].inputs[0];
  const auto inputs = static_cast<size_t>(graph_[input].shape.channels);
  std::vector<double>& products = products_[input];
  if (products.empty()) {
    const WeightGroup itself{input, input, 1, {1, 1}, {{0, 0}}, {}, {}};
    correlate(input, alone(graph_, itself), products);
  }
  const TensorValues &w = state_.weights[convolution].weights, &bias = state_.weights[convolution].bias;
  sums.assign(w.size(), 0.0);
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t o = i / inputs, c = i % inputs;
    if (!bias.empty()) sums[i] = bias[o] * input_sums[c];
    for (size_t k = 0; k < inputs; ++k) sums[i] += w[o * inputs + k] * products[k * inputs + c];
  }
}

template <typename T>
void Backward<T>::sum_output(const WeightGroup& group, size_t member) {
  const int64_t v = group.convolutions[member];
  const Value& convolution = graph_[v];
  const int64_t outputs = convolution.shape.channels;
  const int64_t group_in = graph_[group.input].shape.channels / group.groups;
  const auto taps = static_cast<int64_t>(group.tap_of[member].size()), terms = group_in * taps;
  const NormState& norm = state_.norms[program_.gradient_value(v)];
  const std::vector<double>& input_sums = state_.weights[v].input_sums;
  std::vector<double>& sums = state_.weights[v].output_sums;
  output_products(group, member, sums);
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first_in = o / (outputs / group.groups) * group_in;
    for (int64_t t = 0; t < terms; ++t) {
      const double x = input_sums[static_cast<size_t>(first_in * taps + t)];
      double& sum = sums[static_cast<size_t>(o * terms + t)];
      sum = (sum - norm.mean[static_cast<size_t>(o)] * x) * norm.inverse_deviation[static_cast<size_t>(o)];
    }
  }
}

template <typename T>
std::vector<bool> Backward<T>::unmixed() const {
  std::vector<bool> unmixed(static_cast<size_t>(graph_.size()));
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (!program_.flows(v)) continue;
    const std::vector<int64_t>& readers = program_.readers(v);
    unmixed[v] = std::all_of(readers.begin(), readers.end(), [&](int64_t reader) {
      return unmixed[reader] && (graph_[reader].operation != WINNOW_BATCH_NORM || state_.norms[reader].count == 0);
    });
  }
  return unmixed;
}

template <typename T>
void Backward<T>::share() {
  const std::vector<bool> unmixed = this->unmixed();
  for (int64_t v = 0; v < graph_.size(); ++v) {
    const std::vector<int64_t>& readers = program_.readers(v);
    if (program_.joint_groups(v).empty() || readers.size() != 1) continue;
    const int64_t norm = readers[0];
    if (graph_[norm].operation != WINNOW_BATCH_NORM || state_.norms[norm].count == 0 || !unmixed[norm]) continue;
    SharedSums& shared = state_.shared[v];
    for (const JointGroups& groups : program_.joint_groups(v)) {
      const Timed timed(state_.timing, groups.first->input, Phase::kPrepare);
      std::vector<double> values;
      correlate(v, groups, values);
      shared.values.insert(shared.values.end(), values.begin(), values.end());
      for (int64_t g = 0; g < groups.first->groups; ++g) {
        for (const WeightGroup& group : groups) {
          const int64_t group_in = graph_[group.input].shape.channels / group.groups;
          for (int64_t c = g * group_in; c < (g + 1) * group_in; ++c) {
            for (const Pair& tap : group.taps) shared.inputs.push_back(sum_of(group, graph_[v].shape, c, tap));
          }
        }
      }
    }
  }
}

template <typename T>
void Backward<T>::run(Workspace<T>& workspace, int64_t first, int64_t count, const std::function<void(int64_t, T*)>& seed,
                      const GradientRows<T>& rows) const {
  BackwardPass<T>(graph_, layout_, kernels_, program_, state_, workspace, first, count, rows).run(seed);
}

template class Backward<float>;
template class Backward<double>;

}  // namespace winnow
