#include "plan/tangent.h"

#include <algorithm>

#include "plan/gather.h"

namespace winnow {

std::vector<Parameters> parameter_changes(const std::shared_ptr<const Network>& network, const winnow_directions& directions) {
  std::vector<Parameters> changes;
  for (int64_t p = 0; p < directions.parameters_count; ++p) {
    const Parameters& given = directions.parameters[p]->parameters;
    Parameters& change = changes.emplace_back(network);
    for (size_t t = 0; t < network->tensors().size(); ++t) {
      const Tensor& tensor = network->tensors()[t];
      const auto index = static_cast<int64_t>(t);
      const bool part = (directions.roles >> tensor.role & 1u) != 0;
      const std::vector<double> values =
          part ? given.values(index).copy() : std::vector<double>(static_cast<size_t>(tensor.elements));
      change.set(index, values.data(), tensor.elements);
    }
  }
  return changes;
}

template <typename T>
void Tangent<T>::run(int64_t first) {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!program_.runs(v)) continue;
    switch (graph_[v].operation) {
      case WINNOW_INPUT:
        load(first);
        break;
      case WINNOW_CONVOLUTION:
        convolve(v);
        break;
      case WINNOW_BATCH_NORM:
        normalise(v);
        break;
      case WINNOW_RELU:
        rectify(v);
        break;
      case WINNOW_MAX_POOL:
        maximise(v);
        break;
      case WINNOW_NOISE:
        pass_on(v);
        break;
      default:
        linear_.linear(v);
    }
  }
}

template <typename T>
void Tangent<T>::load(int64_t first) {
  if (direction_.input != nullptr) {
    linear_.load(*direction_.input, first);
    return;
  }
  const Shape& shape = graph_[0].shape;
  each_row(layout_, shape, [&](int64_t b, int64_t c, int64_t y) {
    T* out = row(tangents_, 0, b, c, y);
    std::fill(out, out + shape.width * kLanes, T{0});
  });
}

template <typename T>
void Tangent<T>::convolve(int64_t v) {
  const Network& network = graph_.network();
  const int64_t node = graph_[v].node();
  std::vector<T>& packed = tangents_.packed_forward[v];
  convolve_rows(graph_, layout_, kernels_, v, weight_values(network, parameters_, node), tangents_, tangents_, packed, false);
  if (direction_.parameters == nullptr) return;
  convolve_rows(graph_, layout_, kernels_, v, weight_values(network, *direction_.parameters, node), values_, tangents_, packed,
                true);
  const TensorValues bias = bias_values(network, *direction_.parameters, node);
  if (bias.empty()) return;
  const Shape& shape = graph_[v].shape;
  each_plane(v, [&](int64_t b, int64_t c) {
    // Itself once more, zero times, and the bias.
    const Rows<const T> own = read(tangents_, v, b, c);
    const InLanes<T> zero(0, layout_.lanes(b)), change(bias[static_cast<size_t>(c)], layout_.lanes(b));
    kernels_.norm_gradient(
        {rows(tangents_, v, b, c), own, own, shape.height, shape.width, zero.each, zero.each, change.each, true});
  });
}

template <typename T>
void Tangent<T>::normalise(int64_t v) {
  const Shape& shape = graph_[v].shape;
  const int64_t input = graph_[v].inputs[0];
  const bool affine = std::get<BatchNormAttributes>(graph_[v].attributes).affine;
  const NormState& norm = values_.norms[v];
  NormState& change = tangents_.norms[v];
  const auto tensor = [&](const Parameters& from, winnow_role role, size_t c) {
    return tensor_values(graph_.network(), from, graph_[v].node(), role)[c];
  };
  const auto channels = static_cast<size_t>(shape.channels);
  change.mean.assign(channels, 0.0);
  change.inverse_deviation.assign(channels, 0.0);
  change.scale.assign(channels, 0.0);
  change.shift.assign(channels, 0.0);
  for (size_t c = 0; c < channels && !norm.identity; ++c) {
    const double mean = norm.mean[c], r = norm.inverse_deviation[c];
    if (norm.count > 0) {
      double sum = 0, product = 0;
      each_row(layout_, {1, shape.height, shape.width}, [&](int64_t b, int64_t, int64_t y) {
        const T* x = row(values_, input, b, static_cast<int64_t>(c), y);
        const T* dx = row(tangents_, input, b, static_cast<int64_t>(c), y);
        sum += kernels_.sum(dx, shape.width, {0, layout_.lanes(b)});
        product += kernels_.product(x, dx, shape.width, {0, layout_.lanes(b)});
      });
      change.mean[c] = sum / norm.count;
      change.inverse_deviation[c] = -r * r * r * (product - mean * sum) / norm.count;
    }
    const bool moves = affine && direction_.parameters != nullptr;
    const double gain = affine ? tensor(parameters_, WINNOW_NORM_SCALE, c) : 1.0;
    const double gain_change = moves ? tensor(*direction_.parameters, WINNOW_NORM_SCALE, c) : 0.0;
    const double offset_change = moves ? tensor(*direction_.parameters, WINNOW_NORM_SHIFT, c) : 0.0;
    change.scale[c] = gain_change * r + gain * change.inverse_deviation[c];
    change.shift[c] = offset_change - change.mean[c] * norm.scale[c] - mean * change.scale[c];
  }
  each_plane(v, [&](int64_t b, int64_t channel) {
    const auto c = static_cast<size_t>(channel);
    const int64_t lanes = layout_.lanes(b);
    const InLanes<T> alpha(norm.scale[c], lanes), beta(change.scale[c], lanes), kappa(change.shift[c], lanes);
    kernels_.norm_gradient({rows(tangents_, v, b, channel), read(tangents_, input, b, channel),
                            read(values_, input, b, channel), shape.height, shape.width, alpha.each, beta.each, kappa.each,
                            false});
  });
}

template <typename T>
void Tangent<T>::rectify(int64_t v) {
  const T cap = static_cast<T>(std::get<ReluAttributes>(graph_[v].attributes).cap);
  const Shape& shape = graph_[v].shape;
  each_plane(v, [&](int64_t b, int64_t c) {
    kernels_.relu_gradient({rows(tangents_, v, b, c), read(tangents_, graph_[v].inputs[0], b, c), read(values_, v, b, c),
                            shape.height, shape.width, T{1}, cap, false});
  });
}

template <typename T>
void Tangent<T>::maximise(int64_t v) {
  const auto& a = std::get<PoolAttributes>(graph_[v].attributes);
  const int64_t input = graph_[v].inputs[0];
  each_row(layout_, graph_[v].shape, [&](int64_t b, int64_t c, int64_t y) {
    for (int64_t x = 0; x < graph_[v].shape.width; ++x) {
      const T* largest = row(values_, v, b, c, y) + x * kLanes;
      T* out = row(tangents_, v, b, c, y) + x * kLanes;
      bool found[kLanes] = {};
      each_cell(a, graph_[input].shape, y, x, [&](int64_t iy, int64_t ix) {
        const T* cell = row(values_, input, b, c, iy) + ix * kLanes;
        const T* change = row(tangents_, input, b, c, iy) + ix * kLanes;
        for (int64_t l = 0; l < kLanes; ++l) {
          if (found[l] || cell[l] != largest[l]) continue;
          out[l] = change[l];
          found[l] = true;
        }
      });
    }
  });
}

template <typename T>
void Tangent<T>::pass_on(int64_t v) {
  const int64_t width = graph_[v].shape.width;
  each_row(layout_, graph_[v].shape, [&](int64_t b, int64_t c, int64_t y) {
    std::copy_n(row(tangents_, graph_[v].inputs[0], b, c, y), width * kLanes, row(tangents_, v, b, c, y));
  });
}

template class Tangent<float>;
template class Tangent<double>;

}  // namespace winnow
