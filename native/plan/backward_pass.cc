#include "plan/backward_pass.h"

#include <algorithm>

namespace winnow {

template <typename T>
void BackwardPass<T>::run(const std::function<void(int64_t, T*)>& seed) {
  for (const BackwardStep& step : program_.backward()) {
    if (step.kind == BackwardStep::kPull) {
      pull(step.value, seed);
    } else {
      const Timed timed(state_.timing, step.value, Phase::kNorm);
      norm(step.value);
    }
  }
  if (rows_.input < 0 || !program_.flows(0)) return;
  for (int64_t l = 0; l < count_; ++l) write_input(l, first_ + l);
}

template <typename T>
void BackwardPass<T>::write_input(int64_t l, int64_t row) const {
  const int64_t elements = graph_[0].shape.elements();
  for (int64_t n = 0; n < layout_.batch; ++n) {
    T* out = rows_.row(row) + rows_.input + n * elements;
    const int64_t block = n / kLanes;
    const T* from = gradient(0, block).row(column_of(l, block), 0, 0) + lanes_of(l, block).first + n % kLanes;
    for (int64_t k = 0; k < elements; ++k) out[k] = from[k * kLanes];
  }
}

template <typename T>
void BackwardPass<T>::enter(int64_t block) {
  columns_ = columns(block);
  lanes_ = paired(block) ? kLanes : layout_.lanes(block);
}

template <typename T>
GradientPlanes<T> BackwardPass<T>::gradient(int64_t value, int64_t block) const {
  const Layout::Gradients& own = layout_.gradients[static_cast<size_t>(value)];
  const int64_t first = own.offset * workspace_.cotangents + block * own.block + own.first;
  return {workspace_.gradients.template at<T>(first), own.size, own.plane, own.pitch};
}

template <typename T>
T* BackwardPass<T>::out(int64_t tensor, int64_t l) const {
  if (tensor < 0 || (*rows_.offsets)[static_cast<size_t>(tensor)] < 0) return nullptr;
  return rows_.row(first_ + l) + (*rows_.offsets)[static_cast<size_t>(tensor)];
}

template <typename T>
double BackwardPass<T>::sum_of(const GradientSource& source, int64_t l, int64_t c) const {
  return source.coefficient * workspace_.sums[source.value][static_cast<size_t>(l * graph_[source.value].shape.channels + c)];
}

template <typename T>
void BackwardPass<T>::set_norm(int64_t v, int64_t l, int64_t c, double coefficient, double s1, double s2) {
  const NormState& norm = state_.norms[v];
  const auto i = static_cast<size_t>(l * graph_[v].shape.channels + c), channel = static_cast<size_t>(c);
  const double a = norm.scale[channel];
  NormCoefficients<T>& coefficients = workspace_.norms[v][i];
  coefficients = {static_cast<T>(a * coefficient), T{0}, T{0}};
  if (norm.count > 0) {
    const double beta = -a * s2 / norm.count * norm.inverse_deviation[channel];
    coefficients.beta = static_cast<T>(beta);
    coefficients.kappa = static_cast<T>(-a * s1 / norm.count - beta * norm.mean[channel]);
  }
  if (norm.identity) return;
  const auto tensor = [&](winnow_role role) { return tensor_index(graph_.network(), graph_[v].node(), role); };
  if (T* scale = out(tensor(WINNOW_NORM_SCALE), l)) scale[c] = static_cast<T>(s2);
  if (T* shift = out(tensor(WINNOW_NORM_SHIFT), l)) shift[c] = static_cast<T>(s1);
}

template <typename T>
void BackwardPass<T>::norm(int64_t v) {
  const int64_t input = graph_[v].inputs[0];
  const Shape& shape = graph_[v].shape;
  const GradientSource& source = program_.source(v);
  const NormState& norm = state_.norms[v];
  for (int64_t l = 0; l < count_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      double product = 0;
      for (int64_t b = 0; b < layout_.blocks; ++b) {
        if (shares(input) && b != (first_ + l) / kLanes) continue;  // zeros
        const GradientPlanes<T> from = gradient(source.value, b);
        for (int64_t y = 0; y < shape.height; ++y) {
          product += kernels_.product(from.row(column_of(l, b), c, y), plane(input, b, c) + y * layout_.planes[input].pitch,
                                      shape.width, lanes_of(l, b));
        }
      }
      const double s1 = sum_of(source, l, c);
      const auto channel = static_cast<size_t>(c);
      const double s2 = (source.coefficient * product - norm.mean[channel] * s1) * norm.inverse_deviation[channel];
      set_norm(v, l, c, source.coefficient, s1, s2);
    }
  }
}

template <typename T>
void BackwardPass<T>::begin(const std::function<void(int64_t, T*)>& seed) {
  const int64_t output = graph_.output(), last = layout_.blocks - 1, pixels = graph_[output].shape.elements();
  const GradientPlanes<T> planes = gradient(output, last);
  for (int64_t l = 0; l < count_; ++l) {
    seed(first_ + l, gradient(output, 0).row(l, 0, 0));
    if (!paired_ || l == 0) continue;
    const T* from = planes.row(l, 0, 0);
    T* to = planes.row(column_of(l, last), 0, 0) + lanes_of(l, last).first;
    for (int64_t i = 0; i < pixels * kLanes; i += kLanes) {
      if (l % 2 == 0) std::fill(to + i, to + i + kLanes, T{0});
      std::copy(from + i, from + i + layout_.lanes(last), to + i);
    }
  }
}

template <typename T>
void BackwardPass<T>::flush(int64_t block, int64_t sums, int64_t by_lane) {
  for (int64_t column = 0; column < columns(block); ++column) {
    const int64_t l = paired(block) ? 2 * column : column;
    double* correlations = workspace_.correlations.data() + l * sums;
    double* next = paired(block) ? l + 1 < count_ ? correlations + sums : workspace_.unwanted.data() : nullptr;
    kernels_.reduce(workspace_.lane_sums.data() + column * by_lane * kLanes, by_lane, correlations, next);
  }
}

template <typename T>
void BackwardPass<T>::correlate(int64_t v, const GradientPlanes<T>& gradients, int64_t columns, int64_t block, RowRange rows,
                                int64_t sums) {
  T* lane_sums = workspace_.lane_sums.data();
  for (const JointGroups& groups : program_.joint_groups(v)) {
    if (groups.in_tiles && !shares(v)) continue;
    const Timed timed(state_.timing, groups.first->input, Phase::kWeights);
    add_correlation(graph_, layout_, kernels_, state_, groups, graph_[v].shape, gradients, block, rows, workspace_.rows,
                    columns, lanes_, lane_sums, sums * kLanes);
    lane_sums += graph_[v].shape.channels * groups.terms * kLanes;
  }
}

template <typename T>
void BackwardPass<T>::correlate_own(int64_t v, int64_t block, RowRange rows, int64_t sums) {
  const CotangentRange here = own(block);
  if (here.first == here.end) return;
  const Shape& shape = graph_[v].shape;
  const GradientPlanes<T> from = gradient(program_.source(program_.readers(v)[0]).value, block);
  const int64_t first = column_of(here.first, block), last = column_of(here.end - 1, block);
  if (first == last) return correlate(v, from.from_column(first), 1, block, rows, sums);
  // All lanes but a cotangent's own are zeros and no two have the same, so one column holds them all: where v's gradient will be.
  const GradientPlanes<T> all = gradient(v, block);
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t column = first; column <= last; ++column) {
      for (int64_t y = rows.first; y < rows.end; ++y) {
        kernels_.scale(all.row(0, c, y), from.row(column, c, y), T{1}, shape.width, column > first);
      }
    }
  }
  correlate(v, all, 1, block, rows, sums);
}

template <typename T>
void BackwardPass<T>::flush_own(int64_t block, int64_t sums) {
  const CotangentRange here = own(block);
  if (here.first == here.end) return;
  for (int64_t i = 0; i < sums; ++i) {
    T* lanes = workspace_.lane_sums.data() + i * kLanes;
    for (int64_t l = here.first; l < here.end; ++l) {
      workspace_.correlations[static_cast<size_t>(l * sums + i)] += double{lanes[own_lane(l, block)]};
    }
    std::fill_n(lanes, kLanes, T{0});
  }
}

// In double: the parts that are shared nearly cancel, as a value less its mean does.
template <typename T>
void BackwardPass<T>::add_shared(int64_t v, int64_t sums) {
  const int64_t channels = graph_[v].shape.channels, norm = program_.readers(v)[0];
  for (int64_t l = 0; l < count_; ++l) {
    double* correlation = workspace_.correlations.data() + l * sums;
    const double *values = state_.shared[v].values.data(), *inputs = state_.shared[v].inputs.data();
    for (const JointGroups& groups : program_.joint_groups(v)) {
      const int64_t group_out = channels / groups.first->groups;
      for (int64_t o = 0; o < channels; ++o, correlation += groups.terms, values += groups.terms) {
        const NormCoefficients<T>& of = workspace_.norms[norm][static_cast<size_t>(l * channels + o)];
        const double alpha = of.alpha, beta = of.beta, kappa = of.kappa;
        const double* input = inputs + o / group_out * groups.terms;
        for (int64_t t = 0; t < groups.terms; ++t) {
          correlation[t] = alpha * correlation[t] + (beta * values[t] + kappa * input[t]);
        }
      }
      inputs += groups.first->groups * groups.terms;
    }
  }
}

template <typename T>
void BackwardPass<T>::add_sums(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& planes) {
  const Shape& shape = graph_[v].shape;
  for (int64_t l = 0; l < count_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      double& total = workspace_.sums[v][static_cast<size_t>(l * shape.channels + c)];
      each_run(planes, shape, rows, [&](int64_t row, int64_t here) {
        total += kernels_.sum(planes.row(column_of(l, block), c, row), here, lanes_of(l, block));
      });
    }
  }
}

template <typename T>
void BackwardPass<T>::pull(int64_t v, const std::function<void(int64_t, T*)>& seed) {
  const bool is_output = v == graph_.output();
  if (is_output) begin(seed);
  const Shape& shape = graph_[v].shape;
  const std::vector<JointGroups>& joint = program_.joint_groups(v);
  const bool shared = shares(v), rectifies = !shared && program_.summed(v) && program_.is_rectified(v);
  const WeightGroup* const correlated = rectifies ? program_.plain_correlation(v) : nullptr;
  const int64_t in_tiles = shared ? 0 : tile_sums(v);
  int64_t sums = 0, by_lane = 0;  // of a cotangent; those that are lane sums first, which come first
  for (const JointGroups& groups : joint) {
    sums += shape.channels * groups.terms;
    if (in_tiles == 0 || !groups.in_tiles) by_lane = sums;
  }
  // Zeros at the end of every pull, as `reduce` leaves them.
  workspace_.lane_sums.resize(static_cast<size_t>(count_ * by_lane * kLanes));
  workspace_.correlations.assign(static_cast<size_t>(count_ * sums), 0.0);
  workspace_.tile_sums.assign(static_cast<size_t>(count_ * in_tiles + kTileSpare), 0.0);
  workspace_.unwanted.resize(static_cast<size_t>(std::max(sums, in_tiles + kTileSpare)));
  std::fill(workspace_.sums[v].begin(), workspace_.sums[v].end(), 0.0);
  const int64_t strip = strip_rows(shape);
  int64_t pixels = 0;
  for (int64_t block = 0; block < layout_.blocks; ++block) {
    enter(block);
    for (int64_t y = 0; y < shape.height; y += strip) {
      const RowRange rows{y, std::min(y + strip, shape.height)};
      pixels += rows.count() * shape.width;
      // Columns of a block that pairs share are of other cotangents than those before it.
      const bool last = shared || block + 1 == layout_.blocks || paired(block + 1);
      const bool full = pixels >= kFlushPixels || (last && rows.end == shape.height);
      if (full) pixels = 0;
      const GradientPlanes<T> planes = gradient(v, block);
      if (shared) correlate_own(v, block, rows, sums);  // before the gradient is made, in whose place it works
      {
        const Timed timed(state_.timing, v, Phase::kData);
        T* const free = workspace_.scratch.template at<T>(layout_.strip_elements);
        if (rectifies) {
          rectify_and_sum(v, correlated, block, rows, planes, free);
        } else {
          if (!is_output) collect(v, block, rows, planes, free);
          if (program_.summed(v)) add_sums(v, block, rows, planes);
        }
      }
      if (!shared && correlated == nullptr) correlate(v, planes, columns_, block, rows, by_lane);
      if (in_tiles > 0) correlate_in_tiles(v, planes, block, rows);
      if (program_.sends(v) != Sending::kNot) send(v, block, rows, program_.sends(v) == Sending::kAdds);
      if (full && shared) flush_own(block, sums);
      if (full && !shared) flush(block, sums, by_lane);
    }
  }
  if (shared) add_shared(v, sums);
  if (in_tiles > 0) add_tile_sums(v, sums);
  const double* correlation = workspace_.correlations.data();
  for (const JointGroups& groups : joint) {
    int64_t first_term = 0;
    for (const WeightGroup& group : groups) {
      for (size_t k = 0; k < group.convolutions.size(); ++k) {
        convolution_weights(group, k, groups.terms, correlation + first_term, sums);
      }
      first_term += terms_of(graph_, group);
    }
    correlation += shape.channels * groups.terms;
  }
}

// What belongs to a convolution is looked up once for all cotangents: it lies far from the planes that are in the cache.
template <typename T>
void BackwardPass<T>::convolution_weights(const WeightGroup& group, size_t member, int64_t group_terms,
                                          const double* correlations, int64_t pitch) {
  const int64_t v = group.convolutions[member];
  const int64_t outputs = graph_[v].shape.channels, inputs = graph_[group.input].shape.channels / group.groups;
  const std::vector<int64_t>& taps = group.tap_of[member];
  const auto own_taps = static_cast<int64_t>(taps.size()), group_taps = static_cast<int64_t>(group.taps.size());
  const bool virtual_gradient = graph_[v].gradient == GradientKind::kVirtual;
  const int64_t norm_value = program_.gradient_value(v);
  const GradientSource& source = program_.source(norm_value);
  const NormState* const norm = virtual_gradient ? &state_.norms[norm_value] : nullptr;
  const bool centred = virtual_gradient && norm->count > 0;
  const WeightState& prepared = state_.weights[v];
  const TensorValues &w = prepared.weights, &bias = prepared.bias;
  T* const first_gradient = out(prepared.weight_tensor, 0);
  T* const first_bias = out(prepared.bias_tensor, 0);
  for (int64_t l = 0; l < count_; ++l, correlations += pitch) {
    const auto r = [&](int64_t o, int64_t c, int64_t tap) {
      return source.coefficient * correlations[o * group_terms + c * group_taps + taps[static_cast<size_t>(tap)]];
    };
    for (int64_t o = 0; o < outputs; ++o) {
      const auto channel = static_cast<size_t>(o);
      const double s1 = sum_of(source, l, o);
      double factor = 1, mean1 = 0, mean2 = 0;
      if (virtual_gradient) {
        double product = bias.empty() ? 0.0 : bias[channel] * s1;
        for (int64_t c = 0; c < inputs; ++c) {
          for (int64_t tap = 0; tap < own_taps; ++tap) {
            product += w[static_cast<size_t>((o * inputs + c) * own_taps + tap)] * r(o, c, tap);
          }
        }
        const double s2 = (product - norm->mean[channel] * s1) * norm->inverse_deviation[channel];
        set_norm(norm_value, l, o, source.coefficient, s1, s2);
        factor = norm->scale[channel];
        if (centred) {
          mean1 = s1 / norm->count;
          mean2 = s2 / norm->count;
        }
      }
      if (first_bias != nullptr) first_bias[l * rows_.pitch + o] = centred ? T{0} : static_cast<T>(factor * s1);
      if (first_gradient == nullptr) continue;
      T* const gradient_out = first_gradient + l * rows_.pitch;
      const int64_t first_in = o / (outputs / group.groups) * inputs;
      for (int64_t c = 0; c < inputs; ++c) {
        for (int64_t tap = 0; tap < own_taps; ++tap) {
          const int64_t i = (o * inputs + c) * own_taps + tap;
          double value = r(o, c, tap);
          if (mean1 != 0 || mean2 != 0) {
            value -= mean1 * prepared.input_sums[static_cast<size_t>((first_in + c) * own_taps + tap)] +
                     mean2 * prepared.output_sums[static_cast<size_t>(i)];
          }
          gradient_out[i] = static_cast<T>(factor * value);
        }
      }
    }
    if (rows_.saliencies != nullptr) saliencies(v, l);
  }
}

template <typename T>
void repeat_last_block(const Graph& graph, const Layout& layout, const Program& program, bool saliencies,
                       const State<T>& state) {
  for (int64_t v = 0; v < graph.size(); ++v) {
    if (graph[v].lazy || !program.reads(v, saliencies)) continue;
    const Shape& shape = graph[v].shape;
    const Planes& planes = layout.planes[static_cast<size_t>(v)];
    T* first = state.plane(layout, v, layout.blocks - 1, 0);
    const int64_t elements = (shape.channels - 1) * planes.plane + (shape.height - 1) * planes.pitch + shape.width * kLanes;
    for (int64_t i = 0; i < elements; i += kLanes) std::copy(first + i, first + i + kLanes / 2, first + i + kLanes / 2);
  }
}

template void repeat_last_block(const Graph&, const Layout&, const Program&, bool, const State<float>&);
template void repeat_last_block(const Graph&, const Layout&, const Program&, bool, const State<double>&);
template class BackwardPass<float>;
template class BackwardPass<double>;

}  // namespace winnow
