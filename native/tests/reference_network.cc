#include "reference_network.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "runtime/random.h"

namespace winnow::test {
namespace {

// Offset of a cell in [batch, c, h, w].
size_t at(const Shape& s, int64_t n, int64_t c, int64_t y, int64_t x) {
  return static_cast<size_t>(((n * s.channels + c) * s.height + y) * s.width + x);
}

bool inside(const Shape& s, int64_t y, int64_t x) { return y >= 0 && y < s.height && x >= 0 && x < s.width; }

// Calls visit(n, c, y, x) for every cell in row-major order.
template <typename Visit>
void each_cell(int64_t batch, const Shape& s, Visit visit) {
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < s.channels; ++c) {
      for (int64_t y = 0; y < s.height; ++y) {
        for (int64_t x = 0; x < s.width; ++x) visit(n, c, y, x);
      }
    }
  }
}

// Every product of a convolution: visit(output cell, input cell, weight index); cells in the padding are left out.
template <typename Visit>
void each_product(int64_t batch, const Shape& in, const Shape& out, const ConvolutionAttributes& a, Visit visit) {
  const int64_t group_inputs = in.channels / a.groups, group_outputs = a.outputs / a.groups;
  each_cell(batch, out, [&](int64_t n, int64_t o, int64_t y, int64_t x) {
    for (int64_t i = 0; i < group_inputs; ++i) {
      const int64_t channel = o / group_outputs * group_inputs + i;
      for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
        for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
          const int64_t iy = y * a.stride.height - a.padding.height + ky * a.dilation.height;
          const int64_t ix = x * a.stride.width - a.padding.width + kx * a.dilation.width;
          if (!inside(in, iy, ix)) continue;
          const int64_t weight = ((o * group_inputs + i) * a.kernel.height + ky) * a.kernel.width + kx;
          visit(at(out, n, o, y, x), at(in, n, channel, iy, ix), static_cast<size_t>(weight));
        }
      }
    }
  });
}

// The cells of the image under one window, row-major: visit(iy, ix).
template <typename Visit>
void each_in_window(const Shape& in, const PoolAttributes& a, int64_t y, int64_t x, Visit visit) {
  for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
    for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
      const int64_t iy = y * a.stride.height - a.padding.height + ky;
      const int64_t ix = x * a.stride.width - a.padding.width + kx;
      if (inside(in, iy, ix)) visit(iy, ix);
    }
  }
}

int64_t divisor(const Shape& in, const PoolAttributes& a, int64_t y, int64_t x) {
  if (a.count_include_pad) return a.kernel.height * a.kernel.width;
  int64_t cells = 0;
  each_in_window(in, a, y, x, [&](int64_t, int64_t) { ++cells; });
  return cells;
}

}  // namespace

template <typename T>
ReferenceNetwork<T>::ReferenceNetwork(const Network& network, const Parameters& parameters, ReferenceRow row,
                                      std::vector<int32_t> norm_modes, int64_t batch)
    : network_(network), parameters_(parameters), row_(std::move(row)), norm_modes_(std::move(norm_modes)), batch_(batch) {}

template <typename T>
bool ReferenceNetwork<T>::exists(int64_t node) const {
  const int64_t choice = network_.nodes()[static_cast<size_t>(node)].choice;
  return choice < 0 || row_.states[static_cast<size_t>(choice)] == WINNOW_RUN ||
         row_.states[static_cast<size_t>(choice)] == WINNOW_MUTE;
}

template <typename T>
bool ReferenceNetwork<T>::counts(int64_t node) const {
  const int64_t choice = network_.nodes()[static_cast<size_t>(node)].choice;
  return choice < 0 || row_.states[static_cast<size_t>(choice)] != WINNOW_SKIP;
}

template <typename T>
bool ReferenceNetwork<T>::term(const Node& node, size_t k, T& coefficient) const {
  const int64_t choice = std::get<WeightedSumAttributes>(node.attributes).choices[k];
  if (!exists(node.inputs[k])) return false;
  coefficient = 1;
  if (choice < 0) return true;
  const int32_t state = row_.states[static_cast<size_t>(choice)];
  if (state == WINNOW_SKIP || state == WINNOW_BLOCK) return false;
  coefficient = state == WINNOW_MUTE ? T{0} : static_cast<T>(row_.coefficients[static_cast<size_t>(choice)]);
  return true;
}

template <typename T>
std::vector<T> ReferenceNetwork<T>::tensor(const Node& node, winnow_role role) const {
  for (int64_t t = node.first_tensor; t < node.first_tensor + node.tensor_count; ++t) {
    if (network_.tensors()[static_cast<size_t>(t)].role != role) continue;
    const std::vector<double> values = parameters_.values(t).copy();
    std::vector<T> result(values.begin(), values.end());
    if constexpr (std::is_same_v<T, Dual>) {
      const bool moves = direction_ != nullptr && role != WINNOW_RUNNING_MEAN && role != WINNOW_RUNNING_VARIANCE;
      for (size_t k = 0; moves && k < result.size(); ++k) result[k].tangent = direction_->values(t)[k];
    }
    return result;
  }
  return {};
}

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta with the biased variance over samples, rows and columns.
template <typename T>
void ReferenceNetwork<T>::forward_norm(size_t index, const Node& node) {
  const auto& a = std::get<BatchNormAttributes>(node.attributes);
  const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[0])];
  std::vector<T>& y = values_[index];
  if (norm_modes_[index] == WINNOW_NORM_IDENTITY) {
    y = x;
    return;
  }
  const Shape& s = node.shape;
  const auto channels = static_cast<size_t>(s.channels);
  std::vector<T> mean(channels, T{0}), variance(channels, T{0});
  if (norm_modes_[index] == WINNOW_NORM_RUNNING) {
    mean = tensor(node, WINNOW_RUNNING_MEAN);
    variance = tensor(node, WINNOW_RUNNING_VARIANCE);
  } else {
    const T count = static_cast<T>(batch_ * s.height * s.width);
    each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      mean[static_cast<size_t>(c)] += x[at(s, n, c, i, j)] / count;
    });
    each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      const T d = x[at(s, n, c, i, j)] - mean[static_cast<size_t>(c)];
      variance[static_cast<size_t>(c)] += d * d / count;
    });
  }
  std::vector<T> gamma = tensor(node, WINNOW_NORM_SCALE), beta = tensor(node, WINNOW_NORM_SHIFT);
  if (!a.affine) gamma.assign(channels, T{1}), beta.assign(channels, T{0});
  means_[index] = mean;
  inverse_deviations_[index].resize(channels);
  using std::sqrt;
  for (size_t c = 0; c < channels; ++c) inverse_deviations_[index][c] = 1 / sqrt(variance[c] + static_cast<T>(a.epsilon));
  y.resize(x.size());
  each_cell(batch_, s, [&](int64_t n, int64_t channel, int64_t i, int64_t j) {
    const auto c = static_cast<size_t>(channel);
    const size_t k = at(s, n, channel, i, j);
    y[k] = gamma[c] * (x[k] - mean[c]) * inverse_deviations_[index][c] + beta[c];
  });
}

template <typename T>
void ReferenceNetwork<T>::forward(const std::vector<T>& images, const winnow_random_stream* stream, int64_t first_sample) {
  const auto& nodes = network_.nodes();
  values_.assign(nodes.size(), {});
  winners_.assign(nodes.size(), {});
  means_.assign(nodes.size(), {});
  inverse_deviations_.assign(nodes.size(), {});
  for (size_t index = 0; index < nodes.size(); ++index) {
    const Node& node = nodes[index];
    const Shape& s = node.shape;
    std::vector<T>& y = values_[index];
    if (!exists(static_cast<int64_t>(index))) continue;
    y.assign(static_cast<size_t>(batch_ * s.elements()), T{0});
    if (node.operation == WINNOW_INPUT) {
      for (size_t k = 0; k < y.size(); ++k) y[k] = images.at(k);
      continue;
    }
    if (node.operation == WINNOW_WEIGHTED_SUM) {
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        T coefficient;
        if (!term(node, k, coefficient)) continue;
        const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[k])];
        for (size_t i = 0; i < y.size(); ++i) y[i] += coefficient * x[i];
      }
      continue;
    }
    for (const int64_t input : node.inputs) {
      if (!exists(input)) throw std::logic_error(node.name + " reads an absent node");
    }
    const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[0])];
    const Shape& in = nodes[static_cast<size_t>(node.inputs[0])].shape;
    switch (node.operation) {
      case WINNOW_CONVOLUTION: {
        const auto& a = std::get<ConvolutionAttributes>(node.attributes);
        const std::vector<T> w = tensor(node, WINNOW_CONVOLUTION_WEIGHT), b = tensor(node, WINNOW_CONVOLUTION_BIAS);
        each_product(batch_, in, s, a, [&](size_t o, size_t i, size_t k) { y[o] += w[k] * x[i]; });
        if (a.bias) {
          each_cell(batch_, s,
                    [&](int64_t n, int64_t c, int64_t i, int64_t j) { y[at(s, n, c, i, j)] += b[static_cast<size_t>(c)]; });
        }
        break;
      }
      case WINNOW_BATCH_NORM:
        forward_norm(index, node);
        break;
      case WINNOW_RELU: {
        const T cap = static_cast<T>(std::get<ReluAttributes>(node.attributes).cap);
        for (size_t k = 0; k < y.size(); ++k) y[k] = x[k] <= 0 ? T{0} : cap > 0 && x[k] > cap ? cap : x[k];
        break;
      }
      case WINNOW_AVERAGE_POOL: {
        const auto& a = std::get<PoolAttributes>(node.attributes);
        each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
          T sum = 0;
          each_in_window(in, a, i, j, [&](int64_t iy, int64_t ix) { sum += x[at(in, n, c, iy, ix)]; });
          y[at(s, n, c, i, j)] = sum / static_cast<T>(divisor(in, a, i, j));
        });
        break;
      }
      case WINNOW_MAX_POOL: {
        const auto& a = std::get<PoolAttributes>(node.attributes);
        winners_[index].resize(y.size());
        each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
          int64_t winner = -1;
          each_in_window(in, a, i, j, [&](int64_t iy, int64_t ix) {
            const size_t k = at(in, n, c, iy, ix);
            if (winner < 0 || x[k] > x[static_cast<size_t>(winner)]) winner = static_cast<int64_t>(k);
          });
          winners_[index][at(s, n, c, i, j)] = winner;
          y[at(s, n, c, i, j)] = x[static_cast<size_t>(winner)];
        });
        break;
      }
      case WINNOW_CONCAT: {
        int64_t first = 0;
        for (const int64_t input : node.inputs) {
          const Shape& part = nodes[static_cast<size_t>(input)].shape;
          const std::vector<T>& values = values_[static_cast<size_t>(input)];
          each_cell(batch_, part, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
            y[at(s, n, first + c, i, j)] = values[at(part, n, c, i, j)];
          });
          first += part.channels;
        }
        break;
      }
      case WINNOW_GLOBAL_AVERAGE_POOL: {
        const T cells = static_cast<T>(in.height * in.width);
        each_cell(batch_, in,
                  [&](int64_t n, int64_t c, int64_t i, int64_t j) { y[at(s, n, c, 0, 0)] += x[at(in, n, c, i, j)] / cells; });
        break;
      }
      case WINNOW_LINEAR: {
        const std::vector<T> w = tensor(node, WINNOW_LINEAR_WEIGHT), b = tensor(node, WINNOW_LINEAR_BIAS);
        const int64_t features = in.elements();
        for (int64_t n = 0; n < batch_; ++n) {
          for (int64_t o = 0; o < s.channels; ++o) {
            T sum = b.empty() ? T{0} : b[static_cast<size_t>(o)];
            for (int64_t i = 0; i < features; ++i) {
              sum += w[static_cast<size_t>(o * features + i)] * x[static_cast<size_t>(n * features + i)];
            }
            y[static_cast<size_t>(n * s.channels + o)] = sum;
          }
        }
        break;
      }
      case WINNOW_ZERO:
        break;
      case WINNOW_PAD_CROP: {
        const auto& a = std::get<PadCropAttributes>(node.attributes);
        each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
          if (inside(in, i - a.top, j - a.left)) y[at(s, n, c, i, j)] = x[at(in, n, c, i - a.top, j - a.left)];
        });
        break;
      }
      case WINNOW_CHANNEL_SLICE: {
        const int64_t first = std::get<ChannelSliceAttributes>(node.attributes).first;
        each_cell(batch_, s,
                  [&](int64_t n, int64_t c, int64_t i, int64_t j) { y[at(s, n, c, i, j)] = x[at(in, n, first + c, i, j)]; });
        break;
      }
      case WINNOW_NOISE: {
        if (stream == nullptr) throw std::logic_error(node.name + " has no stream");
        const double deviation = std::get<NoiseAttributes>(node.attributes).deviation;
        const uint64_t own = random_substream(stream->stream, node.name);
        for (size_t k = 0; k < y.size(); ++k) {
          y[k] = x[k] + static_cast<T>(deviation *
                                       random_normal(stream->seed, own, first_sample * s.elements() + static_cast<int64_t>(k)));
        }
        break;
      }
      default:
        throw std::logic_error(node.name + ": the oracle does not know operation " + std::to_string(node.operation));
    }
  }
}

template <typename T>
ReferenceGradients<T> ReferenceNetwork<T>::backward(const std::vector<T>& cotangent) const {
  const auto& nodes = network_.nodes();
  ReferenceGradients<T> result;
  for (const Tensor& t : network_.tensors()) result.tensors.emplace_back(static_cast<size_t>(t.elements), T{0});
  std::vector<std::vector<T>> gradients(nodes.size());  // by node; empty where the row does not have it
  for (size_t index = 0; index < nodes.size(); ++index) gradients[index].assign(values_[index].size(), T{0});
  std::vector<T>& top = gradients[static_cast<size_t>(network_.output())];
  for (size_t k = 0; k < top.size(); ++k) top[k] = cotangent.at(k);

  for (size_t index = nodes.size(); index-- > 1;) {
    const Node& node = nodes[index];
    if (!exists(static_cast<int64_t>(index))) continue;
    const Shape& s = node.shape;
    const std::vector<T>& dy = gradients[index];
    const auto gradient_of = [&](winnow_role role) -> std::vector<T>& {
      for (int64_t t = node.first_tensor;; ++t) {
        if (network_.tensors().at(static_cast<size_t>(t)).role == role) return result.tensors[static_cast<size_t>(t)];
      }
    };
    if (node.operation == WINNOW_WEIGHTED_SUM) {
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        T coefficient;
        if (!term(node, k, coefficient)) continue;
        std::vector<T>& dx = gradients[static_cast<size_t>(node.inputs[k])];
        for (size_t i = 0; i < dy.size(); ++i) dx[i] += coefficient * dy[i];
      }
      continue;
    }
    const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[0])];
    std::vector<T>& dx = gradients[static_cast<size_t>(node.inputs[0])];
    const Shape& in = nodes[static_cast<size_t>(node.inputs[0])].shape;
    switch (node.operation) {
      case WINNOW_CONVOLUTION: {
        const auto& a = std::get<ConvolutionAttributes>(node.attributes);
        const std::vector<T> w = tensor(node, WINNOW_CONVOLUTION_WEIGHT);
        std::vector<T>& dw = gradient_of(WINNOW_CONVOLUTION_WEIGHT);
        each_product(batch_, in, s, a, [&](size_t o, size_t i, size_t k) {
          dw[k] += dy[o] * x[i];
          dx[i] += dy[o] * w[k];
        });
        if (a.bias) {
          std::vector<T>& db = gradient_of(WINNOW_CONVOLUTION_BIAS);
          each_cell(batch_, s,
                    [&](int64_t n, int64_t c, int64_t i, int64_t j) { db[static_cast<size_t>(c)] += dy[at(s, n, c, i, j)]; });
        }
        break;
      }
      case WINNOW_BATCH_NORM: {
        if (norm_modes_[index] == WINNOW_NORM_IDENTITY) {
          for (size_t k = 0; k < dy.size(); ++k) dx[k] += dy[k];
          break;
        }
        // With z = (x - mean) r, r = 1 / sqrt(variance + epsilon), M = n h w:
        //   dgamma = sum dy z,  dbeta = sum dy,  dx = gamma r (dy - sum dy / M - z sum(dy z) / M);
        // with running statistics mean and variance are constants, so the two sums stay out of dx.
        const auto& a = std::get<BatchNormAttributes>(node.attributes);
        const auto channels = static_cast<size_t>(s.channels);
        std::vector<T> gamma = tensor(node, WINNOW_NORM_SCALE);
        if (!a.affine) gamma.assign(channels, T{1});
        const std::vector<T>&mean = means_[index], &r = inverse_deviations_[index];
        std::vector<T> sum(channels, T{0}), product(channels, T{0});
        each_cell(batch_, s, [&](int64_t n, int64_t channel, int64_t i, int64_t j) {
          const auto c = static_cast<size_t>(channel);
          const size_t k = at(s, n, channel, i, j);
          sum[c] += dy[k];
          product[c] += dy[k] * (x[k] - mean[c]) * r[c];
        });
        if (a.affine) {
          gradient_of(WINNOW_NORM_SCALE) = product;
          gradient_of(WINNOW_NORM_SHIFT) = sum;
        }
        const T count = static_cast<T>(batch_ * s.height * s.width);
        const T through = norm_modes_[index] == WINNOW_NORM_BATCH ? T{1} : T{0};
        each_cell(batch_, s, [&](int64_t n, int64_t channel, int64_t i, int64_t j) {
          const auto c = static_cast<size_t>(channel);
          const size_t k = at(s, n, channel, i, j);
          const T z = (x[k] - mean[c]) * r[c];
          dx[k] += gamma[c] * r[c] * (dy[k] - through * (sum[c] / count + z * product[c] / count));
        });
        break;
      }
      case WINNOW_RELU: {
        const T cap = static_cast<T>(std::get<ReluAttributes>(node.attributes).cap);
        for (size_t k = 0; k < dy.size(); ++k) {
          if (x[k] > 0 && (cap <= 0 || x[k] < cap)) dx[k] += dy[k];
        }
        break;
      }
      case WINNOW_AVERAGE_POOL: {
        const auto& a = std::get<PoolAttributes>(node.attributes);
        each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
          const T share = dy[at(s, n, c, i, j)] / static_cast<T>(divisor(in, a, i, j));
          each_in_window(in, a, i, j, [&](int64_t iy, int64_t ix) { dx[at(in, n, c, iy, ix)] += share; });
        });
        break;
      }
      case WINNOW_MAX_POOL:
        for (size_t k = 0; k < dy.size(); ++k) dx[static_cast<size_t>(winners_[index][k])] += dy[k];
        break;
      case WINNOW_CONCAT: {
        int64_t first = 0;
        for (const int64_t input : node.inputs) {
          const Shape& part = nodes[static_cast<size_t>(input)].shape;
          std::vector<T>& d = gradients[static_cast<size_t>(input)];
          each_cell(batch_, part, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
            d[at(part, n, c, i, j)] += dy[at(s, n, first + c, i, j)];
          });
          first += part.channels;
        }
        break;
      }
      case WINNOW_GLOBAL_AVERAGE_POOL: {
        const T cells = static_cast<T>(in.height * in.width);
        each_cell(batch_, in,
                  [&](int64_t n, int64_t c, int64_t i, int64_t j) { dx[at(in, n, c, i, j)] += dy[at(s, n, c, 0, 0)] / cells; });
        break;
      }
      case WINNOW_LINEAR: {
        const std::vector<T> w = tensor(node, WINNOW_LINEAR_WEIGHT);
        std::vector<T>& dw = gradient_of(WINNOW_LINEAR_WEIGHT);
        const int64_t features = in.elements();
        for (int64_t n = 0; n < batch_; ++n) {
          for (int64_t o = 0; o < s.channels; ++o) {
            const T d = dy[static_cast<size_t>(n * s.channels + o)];
            for (int64_t i = 0; i < features; ++i) {
              const auto k = static_cast<size_t>(o * features + i), cell = static_cast<size_t>(n * features + i);
              dw[k] += d * x[cell];
              dx[cell] += d * w[k];
            }
            if (std::get<LinearAttributes>(node.attributes).bias) gradient_of(WINNOW_LINEAR_BIAS)[static_cast<size_t>(o)] += d;
          }
        }
        break;
      }
      case WINNOW_PAD_CROP: {
        const auto& a = std::get<PadCropAttributes>(node.attributes);
        each_cell(batch_, s, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
          if (inside(in, i - a.top, j - a.left)) dx[at(in, n, c, i - a.top, j - a.left)] += dy[at(s, n, c, i, j)];
        });
        break;
      }
      case WINNOW_CHANNEL_SLICE: {
        const int64_t first = std::get<ChannelSliceAttributes>(node.attributes).first;
        each_cell(batch_, s,
                  [&](int64_t n, int64_t c, int64_t i, int64_t j) { dx[at(in, n, first + c, i, j)] += dy[at(s, n, c, i, j)]; });
        break;
      }
      case WINNOW_NOISE:
        for (size_t k = 0; k < dy.size(); ++k) dx[k] += dy[k];
        break;
      default:  // ZERO sends nothing back
        break;
    }
  }
  result.input = gradients[0];
  result.values = std::move(gradients);
  return result;
}

template <typename T>
std::vector<int64_t> ReferenceNetwork<T>::branches() const {
  std::vector<int64_t> all;
  for (size_t index = 0; index < values_.size(); ++index) {
    const Node& node = network_.nodes()[index];
    if (node.operation == WINNOW_MAX_POOL) all.insert(all.end(), winners_[index].begin(), winners_[index].end());
    if (node.operation != WINNOW_RELU) continue;
    const T cap = static_cast<T>(std::get<ReluAttributes>(node.attributes).cap);
    for (const T y : values_[index]) all.push_back(y <= 0 ? 0 : cap > 0 && y >= cap ? 2 : 1);
  }
  return all;
}

template <typename T>
double ReferenceNetwork<T>::margin() const {
  double smallest = INFINITY;
  const auto consider = [&](double distance) {
    if (distance != 0) smallest = std::min(smallest, std::fabs(distance));
  };
  for (size_t index = 0; index < values_.size(); ++index) {
    const Node& node = network_.nodes()[index];
    if (!exists(static_cast<int64_t>(index)) || node.inputs.empty()) continue;
    const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[0])];
    if (node.operation == WINNOW_RELU) {
      const double cap = std::get<ReluAttributes>(node.attributes).cap;
      for (const T v : x) {
        consider(static_cast<double>(v));
        if (cap > 0) consider(static_cast<double>(v) - cap);
      }
    }
    if (node.operation == WINNOW_MAX_POOL) {
      const Shape& in = network_.nodes()[static_cast<size_t>(node.inputs[0])].shape;
      each_cell(batch_, node.shape, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
        const T best = values_[index][at(node.shape, n, c, i, j)];
        each_in_window(in, std::get<PoolAttributes>(node.attributes), i, j, [&](int64_t iy, int64_t ix) {
          consider(static_cast<double>(best) - static_cast<double>(x[at(in, n, c, iy, ix)]));
        });
      });
    }
  }
  return smallest;
}

template <typename T>
double ReferenceNetwork<T>::steepness() const {
  double largest = 0;
  for (size_t index = 0; index < values_.size(); ++index) {
    const Node& node = network_.nodes()[index];
    if (inverse_deviations_[index].empty() || norm_modes_[index] != WINNOW_NORM_BATCH) continue;
    const std::vector<T>& x = values_[static_cast<size_t>(node.inputs[0])];
    each_cell(batch_, node.shape, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      const double value = std::fabs(static_cast<double>(x[at(node.shape, n, c, i, j)]));
      largest =
          std::max(largest, std::max(1.0, value) * static_cast<double>(inverse_deviations_[index][static_cast<size_t>(c)]));
    });
  }
  return largest;
}

template class ReferenceNetwork<float>;
template class ReferenceNetwork<double>;
template class ReferenceNetwork<Dual>;

}  // namespace winnow::test
