#include "plan/backward.h"

#include <algorithm>

namespace winnow {
namespace {

// Pixels after which the per-lane sums of a correlation are moved to double: bounds their rounding.
constexpr int64_t kFlushPixels = 1024;

const ConvolutionAttributes& convolution_of(const Value& value) { return std::get<ConvolutionAttributes>(value.attributes); }

}  // namespace

template <typename T>
template <typename Plane>
void Backward<T>::correlate(const WeightGroup& group, int64_t outputs, int64_t pitch, const Shape& out, Plane gradient,
                            int64_t block, std::vector<const T*>& rows, T* lane_sums) const {
  const Planes& in = layout_.planes[group.input];
  const auto taps = static_cast<int64_t>(group.taps.size());
  const int64_t group_in = graph_[group.input].shape.channels / group.groups, group_out = outputs / group.groups;
  const int64_t terms = group_in * taps;
  for (int64_t g = 0; g < group.groups; ++g) {
    rows.clear();
    for (int64_t c = 0; c < group_in; ++c) {
      const T* base = plane(group.input, block, g * group_in + c);
      for (const Pair& tap : group.taps) rows.push_back(base + tap.height * in.pitch + tap.width * kLanes);
    }
    for (int64_t o = g * group_out; o < (g + 1) * group_out; o += kCorrelateRows) {
      const int64_t count = std::min(kCorrelateRows, (g + 1) * group_out - o);
      const T* gradients[kCorrelateRows];
      for (int64_t r = 0; r < count; ++r) gradients[r] = gradient(block, o + r);
      for (int64_t t = 0; t < terms; t += kCorrelateTerms) {
        const int64_t width = std::min(kCorrelateTerms, terms - t);
        // Sums of a tile lie together: [tile][row][term][lane].
        T* sums = lane_sums + (o * terms + t * count) * kLanes;
        kernels_.correlate({gradients, rows.data() + t, count, width, out.height, out.width, pitch,
                            in.pitch * group.stride.height, group.stride.width * kLanes, sums, layout_.lanes(block)});
      }
    }
  }
}

template <typename T>
void Backward<T>::reduce(T* lane_sums, int64_t count, double* sums) const {
  for (int64_t i = 0; i < count; ++i) {
    double total = 0;
    for (int64_t l = 0; l < kLanes; ++l) total += static_cast<double>(lane_sums[i * kLanes + l]);
    sums[i] += total;
  }
  std::fill(lane_sums, lane_sums + count * kLanes, T{0});
}

namespace {

// Index of (out, term) in the tiled order of Backward::correlate.
int64_t tiled(int64_t outputs, int64_t terms, int64_t out, int64_t term) {
  const int64_t tile_row = out / kCorrelateRows * kCorrelateRows, count = std::min(kCorrelateRows, outputs - tile_row);
  const int64_t tile_term = term / kCorrelateTerms * kCorrelateTerms, width = std::min(kCorrelateTerms, terms - tile_term);
  return tile_row * terms + tile_term * count + (out - tile_row) * width + (term - tile_term);
}

// The same with groups: tiles do not straddle them.
int64_t tiled(int64_t outputs, int64_t groups, int64_t terms, int64_t out, int64_t term) {
  const int64_t group_out = outputs / groups, g = out / group_out;
  return g * group_out * terms + tiled(group_out, terms, out - g * group_out, term);
}

}  // namespace

template <typename T>
void Backward<T>::prepare() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    const std::vector<DataGroup>& groups = program_.data_groups(v);
    int64_t elements = 0;
    for (const DataGroup& group : groups) elements += group.gather.weights;
    state_.packed_backward[v].resize(static_cast<size_t>(elements));
    T* packed = state_.packed_backward[v].data();
    for (const DataGroup& group : groups) {
      std::vector<const Value*> convolutions;
      std::vector<const std::vector<double>*> weights;
      for (const int64_t convolution : group.convolutions) {
        convolutions.push_back(&graph_[convolution]);
        weights.push_back(&weight_values(graph_.network(), parameters_, graph_[convolution].node()));
      }
      pack_backward(group.gather, convolutions, graph_[v].shape, weights, packed);
      packed += group.gather.weights;
    }
  }
  for (const WeightGroup& group : program_.weight_groups()) {
    for (size_t k = 0; k < group.convolutions.size(); ++k) {
      const int64_t convolution = group.convolutions[k];
      if (graph_[convolution].gradient != GradientKind::kVirtual) continue;
      if (state_.norms[program_.gradient_value(convolution)].count == 0) continue;  // constants: no sums
      sum_input(group, k);
      sum_output(group, k);
    }
  }
}

template <typename T>
void Backward<T>::sum_input(const WeightGroup& group, size_t member) {
  const Value& convolution = graph_[group.convolutions[member]];
  const ConvolutionAttributes& a = convolution_of(convolution);
  const Planes& in = layout_.planes[group.input];
  const std::vector<int64_t>& taps = group.tap_of[member];
  std::vector<double>& sums = state_.weights[group.convolutions[member]].input_sums;
  sums.clear();
  for (int64_t c = 0; c < graph_[group.input].shape.channels; ++c) {
    for (const int64_t tap : taps) {
      const Pair at = group.taps[static_cast<size_t>(tap)];
      double total = 0;
      for (int64_t b = 0; b < layout_.blocks; ++b) {
        const T* base = plane(group.input, b, c) + at.height * in.pitch + at.width * kLanes;
        for (int64_t y = 0; y < convolution.shape.height; ++y) {
          const T* row = base + y * a.stride.height * in.pitch;
          if (a.stride.width == 1) {
            total += kernels_.sum(row, convolution.shape.width, layout_.lanes(b));
          } else {
            for (int64_t x = 0; x < convolution.shape.width; ++x) {
              total += kernels_.sum(row + x * a.stride.width * kLanes, 1, layout_.lanes(b));
            }
          }
        }
      }
      sums.push_back(total);
    }
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
  std::vector<T> lane_sums(static_cast<size_t>(outputs * terms * kLanes));
  std::vector<double> sums(static_cast<size_t>(outputs * terms));
  std::vector<const T*> rows;
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    correlate(
        own, outputs, layout_.planes[v].pitch, convolution.shape, [&](int64_t block, int64_t o) { return plane(v, block, o); },
        b, rows, lane_sums.data());
    reduce(lane_sums.data(), outputs * terms, sums.data());
  }
  const NormState& norm = state_.norms[program_.gradient_value(v)];
  const std::vector<double>& input_sums = state_.weights[v].input_sums;
  std::vector<double>& out = state_.weights[v].output_sums;
  out.resize(sums.size());
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first_in = o / (outputs / a.groups) * group_in;
    for (int64_t t = 0; t < terms; ++t) {
      const double x = input_sums[static_cast<size_t>(first_in * static_cast<int64_t>(taps.size()) + t)];
      out[static_cast<size_t>(o * terms + t)] =
          (sums[static_cast<size_t>(tiled(outputs, a.groups, terms, o, t))] - norm.mean[static_cast<size_t>(o)] * x) *
          norm.inverse_deviation[static_cast<size_t>(o)];
    }
  }
}

// One block of cotangents.
template <typename T>
class Backward<T>::Pass {
 public:
  Pass(const Backward& backward, Workspace<T>& workspace, int64_t first, int64_t count, const GradientRows<T>& rows)
      : b_(backward),
        graph_(backward.graph_),
        layout_(backward.layout_),
        kernels_(backward.kernels_),
        program_(backward.program_),
        workspace_(workspace),
        first_(first),
        count_(count),
        rows_(rows) {}

  void run(const std::function<void(int64_t, T*)>& seed) {
    for (const BackwardStep& step : program_.backward()) {
      switch (step.kind) {
        case BackwardStep::kPull:
          if (step.index == graph_.output()) {
            for (int64_t l = 0; l < count_; ++l) seed(first_ + l, gradient(step.index, l, 0));
          } else {
            pull(step.index);
          }
          sum_channels(step.index);
          break;
        case BackwardStep::kWeights:
          weights(program_.weight_groups()[static_cast<size_t>(step.index)]);
          break;
        case BackwardStep::kNorm:
          norm(step.index);
          break;
      }
    }
  }

 private:
  // Gradient of a kOwn value: cotangent l, block; planes of height * width without zeros around.
  T* gradient(int64_t value, int64_t l, int64_t block) const {
    return workspace_.gradients.template at<T>(layout_.gradient_offset[value] * workspace_.cotangents +
                                               l * layout_.gradient_size[value] + block * layout_.gradient_block[value]);
  }
  int64_t plane_elements(int64_t value) const { return graph_[value].shape.height * graph_[value].shape.width * kLanes; }

  // Gradient rows of tensor `role` of a value's node; nullptr where it takes no part.
  T* out(int64_t value, winnow_role role, int64_t l) const {
    const int64_t node = graph_[value].node();
    const int64_t tensor = tensor_index(graph_.network(), node, role);
    if (tensor < 0 || (*rows_.offsets)[static_cast<size_t>(tensor)] < 0) return nullptr;
    return rows_.values + (first_ + l) * rows_.pitch + (*rows_.offsets)[static_cast<size_t>(tensor)];
  }

  void sum_channels(int64_t v) {
    const Shape& shape = graph_[v].shape;
    for (int64_t l = 0; l < count_; ++l) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        double total = 0;
        for (int64_t b = 0; b < layout_.blocks; ++b) {
          const T* plane = gradient(v, l, b) + c * plane_elements(v);
          for (int64_t y = 0; y < shape.height; ++y) {
            total += kernels_.sum(plane + y * shape.width * kLanes, shape.width, layout_.lanes(b));
          }
        }
        workspace_.sums[v][static_cast<size_t>(l * shape.channels + c)] = total;
      }
    }
  }

  // Sum over the batch of a value's gradient, channel c.
  double sum_of(const GradientSource& source, int64_t l, int64_t c) const {
    return source.coefficient * workspace_.sums[source.value][static_cast<size_t>(l * graph_[source.value].shape.channels + c)];
  }

  // What a norm's gradient becomes, from S1 = sum dy and S2 = sum dy xhat.
  void set_norm(int64_t v, int64_t l, int64_t c, double coefficient, double s1, double s2) {
    const NormState& norm = b_.state_.norms[v];
    const auto i = static_cast<size_t>(l * graph_[v].shape.channels + c), channel = static_cast<size_t>(c);
    const double a = norm.scale[channel];
    workspace_.alpha[v][i] = static_cast<T>(a * coefficient);
    workspace_.beta[v][i] = T{0};
    workspace_.kappa[v][i] = T{0};
    if (norm.count > 0) {
      const double beta = -a * s2 / norm.count * norm.inverse_deviation[channel];
      workspace_.beta[v][i] = static_cast<T>(beta);
      workspace_.kappa[v][i] = static_cast<T>(-a * s1 / norm.count - beta * norm.mean[channel]);
    }
    if (norm.identity) return;
    if (T* scale = out(v, WINNOW_NORM_SCALE, l)) scale[c] = static_cast<T>(s2);
    if (T* shift = out(v, WINNOW_NORM_SHIFT, l)) shift[c] = static_cast<T>(s1);
  }

  // A norm over something that is not a convolution of its own: its sums by a pass over both.
  void norm(int64_t v) {
    const int64_t input = graph_[v].inputs[0];
    const Shape& shape = graph_[v].shape;
    const GradientSource& source = program_.source(v);
    const NormState& norm = b_.state_.norms[v];
    for (int64_t l = 0; l < count_; ++l) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        double product = 0;
        for (int64_t b = 0; b < layout_.blocks; ++b) {
          const T* g = gradient(source.value, l, b) + c * plane_elements(v);
          const T* z = b_.plane(input, b, c);
          for (int64_t y = 0; y < shape.height; ++y) {
            product += kernels_.product(g + y * shape.width * kLanes, z + y * layout_.planes[input].pitch, shape.width,
                                        layout_.lanes(b));
          }
        }
        const double s1 = sum_of(source, l, c);
        const auto channel = static_cast<size_t>(c);
        const double s2 = (source.coefficient * product - norm.mean[channel] * s1) * norm.inverse_deviation[channel];
        set_norm(v, l, c, source.coefficient, s1, s2);
      }
    }
  }

  void weights(const WeightGroup& group) {
    const Value& any = graph_[group.convolutions[0]];
    const int64_t outputs = any.shape.channels, taps = static_cast<int64_t>(group.taps.size());
    const int64_t terms = graph_[group.input].shape.channels / group.groups * taps, sums = outputs * terms;
    workspace_.lane_sums.assign(static_cast<size_t>(count_ * sums * kLanes), T{0});
    workspace_.correlation.assign(static_cast<size_t>(count_ * sums), 0.0);
    int64_t pixels = 0;
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      pixels += any.shape.height * any.shape.width;
      const bool flush = pixels >= kFlushPixels || block + 1 == layout_.blocks;
      for (int64_t l = 0; l < count_; ++l) {
        T* lane_sums = workspace_.lane_sums.data() + l * sums * kLanes;
        b_.correlate(
            group, outputs, any.shape.width * kLanes, any.shape,
            [&](int64_t b, int64_t o) { return gradient(group.source, l, b) + o * plane_elements(group.source); }, block,
            workspace_.rows, lane_sums);
        if (flush) b_.reduce(lane_sums, sums, workspace_.correlation.data() + l * sums);
      }
      if (flush) pixels = 0;
    }
    for (size_t k = 0; k < group.convolutions.size(); ++k) {
      for (int64_t l = 0; l < count_; ++l) {
        convolution_weights(group, k, terms, workspace_.correlation.data() + l * sums, l);
      }
    }
  }

  // The gradients of one convolution's weight and of its norm, from the group's correlation.
  void convolution_weights(const WeightGroup& group, size_t member, int64_t group_terms, const double* correlation, int64_t l) {
    const int64_t v = group.convolutions[member];
    const ConvolutionAttributes& a = convolution_of(graph_[v]);
    const int64_t outputs = graph_[v].shape.channels, inputs = graph_[group.input].shape.channels / group.groups;
    const std::vector<int64_t>& taps = group.tap_of[member];
    const auto own_taps = static_cast<int64_t>(taps.size()), group_taps = static_cast<int64_t>(group.taps.size());
    const GradientSource& source = program_.source(program_.gradient_value(v));
    const bool linear = graph_.network().nodes()[static_cast<size_t>(graph_[v].node())].operation == WINNOW_LINEAR;
    const std::vector<double>& w = weight_values(graph_.network(), b_.parameters_, graph_[v].node());
    const std::vector<double>* bias = a.bias ? &tensor_values(graph_.network(), b_.parameters_, graph_[v].node(),
                                                              linear ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS)
                                             : nullptr;
    const bool virtual_gradient = graph_[v].gradient == GradientKind::kVirtual;
    const int64_t norm_value = program_.gradient_value(v);
    T* gradient_out = out(v, linear ? WINNOW_LINEAR_WEIGHT : WINNOW_CONVOLUTION_WEIGHT, l);
    T* bias_out = out(v, linear ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS, l);
    const auto r = [&](int64_t o, int64_t c, int64_t tap) {
      return source.coefficient * correlation[tiled(outputs, group.groups, group_terms, o, c * group_taps + taps[tap])];
    };
    for (int64_t o = 0; o < outputs; ++o) {
      const double s1 = sum_of(source, l, o);
      double factor = 1, mean1 = 0, mean2 = 0;
      if (virtual_gradient) {
        const NormState& norm = b_.state_.norms[norm_value];
        const auto channel = static_cast<size_t>(o);
        double product = bias == nullptr ? 0.0 : (*bias)[channel] * s1;
        for (int64_t c = 0; c < inputs; ++c) {
          for (int64_t tap = 0; tap < own_taps; ++tap) {
            product += w[static_cast<size_t>((o * inputs + c) * own_taps + tap)] * r(o, c, tap);
          }
        }
        const double s2 = (product - norm.mean[channel] * s1) * norm.inverse_deviation[channel];
        set_norm(norm_value, l, o, source.coefficient, s1, s2);
        factor = norm.scale[channel];
        if (norm.count > 0) {
          mean1 = s1 / norm.count;
          mean2 = s2 / norm.count;
        }
      }
      if (bias_out != nullptr) {
        const bool centred = virtual_gradient && b_.state_.norms[norm_value].count > 0;
        bias_out[o] = centred ? T{0} : static_cast<T>(factor * s1);
      }
      if (gradient_out == nullptr) continue;
      const WeightState& sums = b_.state_.weights[v];
      const int64_t first_in = o / (outputs / group.groups) * inputs;
      for (int64_t c = 0; c < inputs; ++c) {
        for (int64_t tap = 0; tap < own_taps; ++tap) {
          const int64_t i = (o * inputs + c) * own_taps + tap;
          double value = r(o, c, tap);
          if (mean1 != 0 || mean2 != 0) {
            value -= mean1 * sums.input_sums[static_cast<size_t>((first_in + c) * own_taps + tap)] +
                     mean2 * sums.output_sums[static_cast<size_t>(i)];
          }
          gradient_out[i] = static_cast<T>(factor * value);
        }
      }
    }
  }

  void pull(int64_t v) {
    T* scratch = workspace_.scratch.template at<T>(0);
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      for (int64_t l = 0; l < count_; ++l) collect(v, l, block, gradient(v, l, block), scratch + ring_elements());
    }
  }
  int64_t ring_elements() const { return layout_.ring_elements; }

  // Writes the gradient of a value for one cotangent and block: what its readers send back. `free` is scratch for planes.
  void collect(int64_t v, int64_t l, int64_t block, T* dest, T* free) {
    const int64_t elements = graph_[v].shape.channels * plane_elements(v), pixels = elements / kLanes;
    bool add = false;
    for (const int64_t reader : program_.flowing_consumers(v)) {
      const Value& value = graph_[reader];
      switch (value.operation) {
        case WINNOW_WEIGHTED_SUM: {
          double coefficient = 0;
          for (const SumTerm& term : program_.terms(reader)) {
            if (term.value == v) coefficient += term.coefficient;
          }
          const GradientSource& source = program_.source(reader);
          kernels_.scale(dest, gradient(source.value, l, block), static_cast<T>(coefficient * source.coefficient), pixels, add);
          break;
        }
        case WINNOW_RELU:
          rectified(v, reader, l, block, dest, free, add);
          break;
        case WINNOW_AVERAGE_POOL:
          averaged(v, reader, l, block, dest, free, add);
          break;
        case WINNOW_MAX_POOL:
          maximised(v, reader, l, block, dest, free, add);
          break;
        case WINNOW_PAD_CROP: {
          const GradientSource& source = program_.source(reader);
          if (!add) std::fill(dest, dest + elements, T{0});
          padded(v, reader, gradient(source.value, l, block), static_cast<T>(source.coefficient), dest);
          break;
        }
        case WINNOW_CHANNEL_SLICE: {
          const GradientSource& source = program_.source(reader);
          if (!add) std::fill(dest, dest + elements, T{0});
          kernels_.scale(dest + std::get<ChannelSliceAttributes>(value.attributes).first * plane_elements(v),
                         gradient(source.value, l, block), static_cast<T>(source.coefficient),
                         value.shape.channels * plane_elements(v) / kLanes, true);
          break;
        }
        case WINNOW_GLOBAL_AVERAGE_POOL: {
          const GradientSource& source = program_.source(reader);
          const int64_t area = graph_[v].shape.height * graph_[v].shape.width;
          const auto share = static_cast<T>(source.coefficient / static_cast<double>(area));
          const T* from = gradient(source.value, l, block);
          for (int64_t c = 0; c < graph_[v].shape.channels; ++c) {
            for (int64_t x = 0; x < area; ++x) {
              kernels_.scale(dest + (c * area + x) * kLanes, from + c * kLanes, share, 1, add);
            }
          }
          break;
        }
        case WINNOW_BATCH_NORM:
          normed(v, reader, l, block, dest, add);
          break;
        case WINNOW_CONCAT: {
          const GradientSource& source = program_.source(reader);
          int64_t first = 0;
          bool more = add;
          for (const int64_t input : value.inputs) {
            if (input == v) {
              kernels_.scale(dest, gradient(source.value, l, block) + first * plane_elements(v),
                             static_cast<T>(source.coefficient), pixels, more);
              more = true;
            }
            first += graph_[input].shape.channels;
          }
          break;
        }
        default:
          continue;  // convolutions come below, all of a group at once
      }
      add = true;
    }
    const T* packed = b_.state_.packed_backward[v].data();
    for (const DataGroup& group : program_.data_groups(v)) {
      convolved(v, group, packed, l, block, dest, add);
      packed += group.gather.weights;
      add = true;
    }
    if (!add) std::fill(dest, dest + elements, T{0});
  }

  void normed(int64_t v, int64_t norm, int64_t l, int64_t block, T* dest, bool add) {
    const Shape& shape = graph_[v].shape;
    const GradientSource& source = program_.source(norm);
    for (int64_t c = 0; c < shape.channels; ++c) {
      const auto i = static_cast<size_t>(l * shape.channels + c);
      for (int64_t y = 0; y < shape.height; ++y) {
        const int64_t at = c * plane_elements(v) + y * shape.width * kLanes;
        kernels_.norm_gradient(dest + at, gradient(source.value, l, block) + at,
                               b_.plane(v, block, c) + y * layout_.planes[v].pitch, workspace_.alpha[norm][i],
                               workspace_.beta[norm][i], workspace_.kappa[norm][i], shape.width, layout_.lanes(block), add);
      }
    }
  }

  // Gradient of a value that may be an alias or transient, as planes and a factor.
  std::pair<const T*, T> gradient_of(int64_t value, int64_t l, int64_t block, T* free) {
    if (graph_[value].gradient == GradientKind::kTransient) {
      collect(value, l, block, free, free + layout_.plane_elements);
      return {free, T{1}};
    }
    const GradientSource& source = program_.source(value);
    return {gradient(source.value, l, block), static_cast<T>(source.coefficient)};
  }

  void rectified(int64_t v, int64_t relu, int64_t l, int64_t block, T* dest, T* free, bool add) {
    const Shape& shape = graph_[v].shape;
    const auto [from, factor] = gradient_of(relu, l, block, free);
    const T cap = static_cast<T>(std::get<ReluAttributes>(graph_[relu].attributes).cap);
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t y = 0; y < shape.height; ++y) {
        const int64_t at = c * plane_elements(v) + y * shape.width * kLanes;
        kernels_.relu_gradient(dest + at, from + at, b_.plane(relu, block, c) + y * layout_.planes[relu].pitch, factor, cap,
                               shape.width, add);
      }
    }
  }

  void maximised(int64_t v, int64_t pool, int64_t l, int64_t block, T* dest, T* free, bool add) {
    const auto& a = std::get<PoolAttributes>(graph_[pool].attributes);
    const Shape &in = graph_[v].shape, &out_shape = graph_[pool].shape;
    const auto [from, factor] = gradient_of(pool, l, block, free);
    if (!add) std::fill(dest, dest + in.channels * plane_elements(v), T{0});
    std::vector<T*> to;
    std::vector<const T*>& taps = workspace_.rows;
    for (int64_t c = 0; c < in.channels; ++c) {
      for (int64_t y = 0; y < out_shape.height; ++y) {
        for (int64_t x = 0; x < out_shape.width; ++x) {
          to.clear();
          taps.clear();
          each_cell(a, in, y, x, [&](int64_t iy, int64_t ix) {
            to.push_back(dest + c * plane_elements(v) + (iy * in.width + ix) * kLanes);
            taps.push_back(b_.plane(v, block, c) + iy * layout_.planes[v].pitch + ix * kLanes);
          });
          kernels_.maximum_gradient(to.data(), taps.data(), static_cast<int64_t>(taps.size()),
                                    b_.plane(pool, block, c) + y * layout_.planes[pool].pitch + x * kLanes,
                                    from + c * plane_elements(pool) + (y * out_shape.width + x) * kLanes, factor);
        }
      }
    }
  }

  void padded(int64_t v, int64_t pad, const T* from, T factor, T* dest) {
    const auto& a = std::get<PadCropAttributes>(graph_[pad].attributes);
    const Shape &in = graph_[v].shape, &padded_shape = graph_[pad].shape;
    const int64_t first = std::max<int64_t>(0, a.left), end = std::min(padded_shape.width, in.width + a.left);
    if (first >= end) return;
    for (int64_t c = 0; c < in.channels; ++c) {
      for (int64_t y = std::max<int64_t>(0, a.top); y < std::min(padded_shape.height, in.height + a.top); ++y) {
        kernels_.scale(dest + c * plane_elements(v) + ((y - a.top) * in.width + first - a.left) * kLanes,
                       from + c * plane_elements(pad) + (y * padded_shape.width + first) * kLanes, factor, end - first, true);
      }
    }
  }

  void averaged(int64_t v, int64_t pool, int64_t l, int64_t block, T* dest, T* free, bool add) {
    const Value& value = graph_[pool];
    const Shape& in = graph_[v].shape;
    const auto [from, factor] = gradient_of(pool, l, block, free);
    // The transpose of a convolution of one channel with ones, of the gradient over the number of cells of each window.
    const PoolGather& plan = program_.pool_gather(pool);
    const std::vector<T> ones(static_cast<size_t>(plan.gather.weights), T{1});
    std::vector<T> shares(plan.share.size());
    for (size_t i = 0; i < shares.size(); ++i) shares[i] = static_cast<T>(static_cast<double>(factor) * plan.share[i]);
    const int64_t width = value.shape.width;
    for (int64_t c = 0; c < in.channels; ++c) {
      const T* planes = from + c * plane_elements(pool);
      gather_rows(plan.gather, ones.data(), {1, in.height, in.width}, value.shape, layout_.lanes(block),
                  dest + c * plane_elements(v), add, [&](int64_t, int64_t y, T* row) {
                    kernels_.scale_each(row, planes + y * width * kLanes, shares.data() + y * width, width, false);
                  });
    }
  }

  void convolved(int64_t v, const DataGroup& group, const T* packed, int64_t l, int64_t block, T* dest, bool add) {
    const Shape& shape = graph_[group.convolutions[0]].shape;
    planes_.clear();
    for (const int64_t convolution : group.convolutions) {
      const int64_t norm = program_.gradient_value(convolution), channels = graph_[convolution].shape.channels;
      const GradientSource& source = program_.source(norm);
      for (int64_t o = 0; o < channels; ++o) {
        const auto i = static_cast<size_t>(l * channels + o);
        const bool is_virtual = norm != convolution;
        planes_.push_back({gradient(source.value, l, block) + o * plane_elements(convolution),
                           is_virtual ? b_.plane(convolution, block, o) : nullptr, layout_.planes[convolution].pitch,
                           is_virtual ? workspace_.alpha[norm][i] : static_cast<T>(source.coefficient),
                           is_virtual ? workspace_.beta[norm][i] : T{0}, is_virtual ? workspace_.kappa[norm][i] : T{0}});
      }
    }
    const int64_t lanes = layout_.lanes(block);
    gather_rows(group.gather, packed, graph_[v].shape, shape, lanes, dest, add, [&](int64_t plane, int64_t y, T* row) {
      const GradientPlane& p = planes_[static_cast<size_t>(plane)];
      const T* from = p.gradient + y * shape.width * kLanes;
      if (p.value == nullptr) {
        kernels_.scale(row, from, p.alpha, shape.width, false);
      } else {
        kernels_.norm_gradient(row, from, p.value + y * p.pitch, p.alpha, p.beta, p.kappa, shape.width, lanes, false);
      }
    });
  }

  // Runs a backward gather over the planes `out`. make_row(plane, y, row) writes row y of an input plane; rows are made once,
  // in order, into a ring that holds as many as the terms reach.
  template <typename MakeRow>
  void gather_rows(const Gather& gather, const T* packed, const Shape& out, const Shape& in, int64_t lanes, T* dest, bool add,
                   MakeRow make_row) {
    const int64_t sy = gather.output_stride.height, sx = gather.output_stride.width;
    const int64_t last_x = (out.width - 1) / sx;  // of the base pixels
    const int64_t before = std::max<int64_t>(0, -gather.first_dx);
    const int64_t after = std::max<int64_t>(0, last_x + gather.last_dx - (in.width - 1));
    const int64_t pitch = (before + in.width + after) * kLanes, ring = gather.last_dy - gather.first_dy + kRowsAhead;
    const int64_t reach = gather.last_dy - gather.first_dy + 1;
    T* zeros = workspace_.scratch.template at<T>(0);
    T* rows = zeros + pitch;
    std::fill(zeros, rows, T{0});
    for (int64_t row = 0; row < gather.planes * ring; ++row) {
      T* at = rows + row * pitch;
      std::fill(at, at + before * kLanes, T{0});
      std::fill(at + pitch - after * kLanes, at + pitch, T{0});
    }
    const auto ring_row = [&](int64_t plane, int64_t y) { return rows + (plane * ring + y % ring) * pitch; };
    int64_t made = 0;
    std::vector<const T*>& pointers = workspace_.rows;
    for (int64_t base = 0; base * sy < out.height; ++base) {
      if (made < in.height && made <= base + gather.last_dy) {
        // Some rows of a plane at a time: they follow each other in memory, and the prefetcher sees it.
        const int64_t first = std::max(made, base + gather.first_dy);
        made = std::min(in.height, base + gather.last_dy + kRowsAhead);
        for (int64_t plane = 0; plane < gather.planes; ++plane) {
          for (int64_t y = first; y < made; ++y) make_row(plane, y, ring_row(plane, y) + before * kLanes);
        }
      }
      for (const GatherPhase& phase : gather.phases) {
        const int64_t y = base * sy + phase.y;
        if (y >= out.height || phase.x >= out.width) continue;
        // Where row base + dy of plane 0 lies, for every dy; planes follow each other by a fixed step, zeros do not.
        reached_.resize(static_cast<size_t>(reach));
        for (int64_t dy = 0; dy < reach; ++dy) {
          const int64_t from = base + gather.first_dy + dy;
          reached_[static_cast<size_t>(dy)] = from < 0 || from >= in.height ? nullptr : ring_row(0, from) + before * kLanes;
        }
        pointers.resize(phase.terms.size());
        for (size_t t = 0; t < pointers.size(); ++t) {
          const GatherTerm& term = phase.terms[t];
          const T* row = reached_[static_cast<size_t>(term.dy - gather.first_dy)];
          pointers[t] = (row == nullptr ? zeros + before * kLanes : row + term.plane * ring * pitch) + term.dx * kLanes;
        }
        for (const GatherTile& tile : phase.tiles) {
          T* to = dest + (tile.first * out.height + y) * out.width * kLanes + phase.x * kLanes;
          kernels_.gather({pointers.data() + tile.first_term, packed + tile.weights, tile.terms, tile.outputs, kLanes, to,
                           out.height * out.width * kLanes, sx * kLanes, (out.width - phase.x + sx - 1) / sx, lanes, add});
        }
      }
    }
  }

  const Backward& b_;
  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  Workspace<T>& workspace_;
  int64_t first_, count_;
  const GradientRows<T>& rows_;
  // Output channel of a convolution in a pass: alpha * gradient + beta * value + kappa; without a norm only the first.
  struct GradientPlane {
    const T* gradient;
    const T* value;
    int64_t pitch;  // of the value
    T alpha, beta, kappa;
  };
  std::vector<GradientPlane> planes_;
  std::vector<const T*> reached_;
};

template <typename T>
void Backward<T>::run(Workspace<T>& workspace, int64_t first, int64_t count, const std::function<void(int64_t, T*)>& seed,
                      const GradientRows<T>& rows) const {
  Pass(*this, workspace, first, count, rows).run(seed);
}

template class Backward<float>;
template class Backward<double>;

}  // namespace winnow
