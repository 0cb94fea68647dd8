#include "plan/backward.h"

#include <algorithm>

namespace winnow {
namespace {

const ConvolutionAttributes& convolution_of(const Value& value) { return std::get<ConvolutionAttributes>(value.attributes); }

}  // namespace

template <typename T>
void Backward<T>::prepare(bool own_samples) {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    pack(v);
    state_.shared[v] = {};
    for (const WeightGroup& group : program_.weight_groups(v)) {
      const Timed timed(state_.timing, group.input, Phase::kPrepare);
      for (size_t k = 0; k < group.convolutions.size(); ++k) {
        const int64_t convolution = group.convolutions[k];
        if (graph_[convolution].gradient != GradientKind::kVirtual) continue;
        if (state_.norms[program_.gradient_value(convolution)].count == 0) continue;  // constants: no sums
        sum_input(group, k);
        sum_output(group, k);
      }
    }
  }
  if (own_samples) share();
  row_sums_.clear();
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
std::vector<double> Backward<T>::row_sums(int64_t input, int64_t row, int64_t column, int64_t step, int64_t width) const {
  std::vector<double> sums;
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const LaneRange lanes{0, layout_.lanes(b)};
    for (int64_t c = 0; c < graph_[input].shape.channels; ++c) {
      const T* from = plane(input, b, c) + row * layout_.planes[input].pitch + column * kLanes;
      double sum = 0;
      if (step == 1) {
        sum = kernels_.sum(from, width, lanes);
      } else {
        for (int64_t x = 0; x < width; ++x) sum += kernels_.sum(from + x * step * kLanes, 1, lanes);
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

template <typename T>
std::vector<double> Backward<T>::sums_of(const WeightGroup& group, const Shape& out, const Pair& tap) {
  const int64_t channels = graph_[group.input].shape.channels;
  std::map<int64_t, std::vector<double>>& known = row_sums_[{group.input, tap.width, group.stride.width, out.width}];
  std::vector<const double*> rows;
  for (int64_t y = 0; y < out.height; ++y) {
    const int64_t row = y * group.stride.height + tap.height;
    std::vector<double>& sums = known[row];
    if (sums.empty()) sums = row_sums(group.input, row, tap.width, group.stride.width, out.width);
    rows.push_back(sums.data());
  }
  std::vector<double> totals(static_cast<size_t>(channels));
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    for (const double* row : rows) {
      for (int64_t c = 0; c < channels; ++c) totals[static_cast<size_t>(c)] += row[b * channels + c];
    }
  }
  return totals;
}

template <typename T>
std::vector<double> Backward<T>::correlations(int64_t v, const JointGroups& groups) const {
  const Shape& shape = graph_[v].shape;
  const int64_t count = shape.channels * groups.terms;
  AlignedVector<T> lane_sums(static_cast<size_t>(count * kLanes));
  std::vector<double> sums(static_cast<size_t>(count)), repeated(sums.size());
  std::vector<const T*> rows;
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const GradientPlanes<T> planes{plane(v, b, 0), 0, layout_.planes[v].plane, layout_.planes[v].pitch};
    add_correlation(graph_, layout_, kernels_, state_, groups, shape, planes, b, {0, shape.height}, rows, 1, layout_.lanes(b),
                    lane_sums.data(), 0);
    // Where samples stand twice, the second half is not wanted.
    const bool twice = b + 1 == layout_.blocks && pairs_cotangents(graph_, layout_, kernels_);
    kernels_.reduce(lane_sums.data(), count, sums.data(), twice ? repeated.data() : nullptr);
  }
  return sums;
}

template <typename T>
void Backward<T>::sum_input(const WeightGroup& group, size_t member) {
  const Value& convolution = graph_[group.convolutions[member]];
  std::vector<double>& sums = state_.weights[group.convolutions[member]].input_sums;
  const std::vector<int64_t>& taps = group.tap_of[member];
  const auto channels = static_cast<size_t>(graph_[group.input].shape.channels);
  sums.resize(channels * taps.size());
  for (size_t t = 0; t < taps.size(); ++t) {
    const std::vector<double> totals = sums_of(group, convolution.shape, group.taps[static_cast<size_t>(taps[t])]);
    for (size_t c = 0; c < channels; ++c) sums[c * taps.size() + t] = totals[c];
  }
}

template <typename T>
void Backward<T>::sum_output(const WeightGroup& group, size_t member) {
  const int64_t v = group.convolutions[member];
  const Value& convolution = graph_[v];
  const ConvolutionAttributes& a = convolution_of(convolution);
  const int64_t outputs = convolution.shape.channels;
  const int64_t group_in = graph_[group.input].shape.channels / group.groups;
  const std::vector<int64_t>& taps = group.tap_of[member];
  // A group of its own, so that only this convolution's taps are correlated.
  WeightGroup own{group.input, group.source, group.groups, group.stride, {}, {}, {}};
  for (const int64_t tap : taps) own.taps.push_back(group.taps[static_cast<size_t>(tap)]);
  const auto terms = group_in * static_cast<int64_t>(taps.size());
  const std::vector<double> sums = correlations(v, alone(graph_, own));
  const NormState& norm = state_.norms[program_.gradient_value(v)];
  const std::vector<double>& input_sums = state_.weights[v].input_sums;
  std::vector<double>& out = state_.weights[v].output_sums;
  out.resize(sums.size());
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first_in = o / (outputs / a.groups) * group_in;
    for (int64_t t = 0; t < terms; ++t) {
      const double x = input_sums[static_cast<size_t>(first_in * static_cast<int64_t>(taps.size()) + t)];
      out[static_cast<size_t>(o * terms + t)] =
          (sums[static_cast<size_t>(o * terms + t)] - norm.mean[static_cast<size_t>(o)] * x) *
          norm.inverse_deviation[static_cast<size_t>(o)];
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
      const std::vector<double> values = correlations(v, groups);
      shared.values.insert(shared.values.end(), values.begin(), values.end());
      std::vector<std::vector<double>> totals;  // of every tap
      for (const WeightGroup& group : groups) {
        for (const Pair& tap : group.taps) totals.push_back(sums_of(group, graph_[v].shape, tap));
      }
      for (int64_t g = 0; g < groups.first->groups; ++g) {
        size_t first_tap = 0;
        for (const WeightGroup& group : groups) {
          const int64_t group_in = graph_[group.input].shape.channels / group.groups;
          for (int64_t c = g * group_in; c < (g + 1) * group_in; ++c) {
            for (size_t t = 0; t < group.taps.size(); ++t) {
              shared.inputs.push_back(totals[first_tap + t][static_cast<size_t>(c)]);
            }
          }
          first_tap += group.taps.size();
        }
      }
    }
  }
}

template <typename T>
void Backward<T>::run(Workspace<T>& workspace, int64_t first, int64_t count, const std::function<void(int64_t, T*)>& seed,
                      const GradientRows<T>& rows) const {
  BackwardPass<T>(graph_, layout_, kernels_, program_, parameters_, state_, workspace, first, count, rows).run(seed);
}

template class Backward<float>;
template class Backward<double>;

}  // namespace winnow
