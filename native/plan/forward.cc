#include "plan/forward.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "runtime/failure.h"
#include "runtime/random.h"

namespace winnow {
namespace {

template <typename S>
double value_at(const void* values, int64_t index) {
  return static_cast<double>(static_cast<const S*>(values)[index]);
}

}  // namespace

template <typename T>
template <typename Body>
void Forward<T>::each_row(int64_t v, Body body) const {
  winnow::each_row(layout_, graph_[v].shape, body);
}

template <typename T>
typename Forward<T>::View Forward<T>::view(int64_t value) const {
  if (!graph_[value].lazy) return {value, nullptr};
  return {graph_[value].inputs[0], &state_.norms[value]};
}

template <typename T>
TensorValues Forward<T>::tensor(int64_t v, winnow_role role) const {
  return tensor_values(graph_.network(), parameters_, graph_[v].node(), role);
}

// Sums over a batch take every lane; lanes past the batch must not count.
template <typename T>
void Forward<T>::clear_unused_lanes(int64_t v) {
  const int64_t last = layout_.blocks - 1, lanes = layout_.lanes(last);
  if (lanes == kLanes) return;
  const Shape& shape = graph_[v].shape;
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      T* row = plane(v, last, c) + y * layout_.planes[v].pitch;
      for (int64_t x = 0; x < shape.width; ++x) std::fill(row + x * kLanes + lanes, row + (x + 1) * kLanes, T{0});
    }
  }
}

template <typename T>
void Forward<T>::run(const winnow_images& images, int64_t first, Signs* signs, const std::function<void(int64_t)>& made) {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!program_.runs(v)) continue;
    const Timed timed(state_.timing, v, Phase::kForward);
    switch (graph_[v].operation) {
      case WINNOW_INPUT:
        load(images, first);
        break;
      case WINNOW_CONVOLUTION:
        convolve(v);
        break;
      case WINNOW_BATCH_NORM:
        normalise(v);
        break;
      case WINNOW_RELU:
        rectify(v, signs);
        break;
      case WINNOW_MAX_POOL:
        maximise(v);
        break;
      case WINNOW_NOISE:
        add_noise(v, first);
        break;
      default:
        linear(v);
    }
    if (made) made(v);
  }
}

template <typename T>
void Forward<T>::linear(int64_t v) {
  switch (graph_[v].operation) {
    case WINNOW_WEIGHTED_SUM:
      add(v);
      break;
    case WINNOW_AVERAGE_POOL:
      average(v);
      break;
    case WINNOW_GLOBAL_AVERAGE_POOL:
      average_all(v);
      break;
    case WINNOW_PAD_CROP:
      pad_crop(v);
      break;
    case WINNOW_CHANNEL_SLICE:
      slice(v);
      break;
    case WINNOW_CONCAT:
      concatenate(v);
      break;
    default:
      break;  // ZERO: its planes are never written
  }
}

template <typename T>
void Forward<T>::load(const winnow_images& images, int64_t first) {
  const Shape& shape = graph_[0].shape;
  each_row(0, [&](int64_t b, int64_t c, int64_t y) {
    T* row = plane(0, b, c) + y * layout_.planes[0].pitch;
    for (int64_t l = 0; l < layout_.lanes(b); ++l) {
      const int64_t sample = first + b * kLanes + l;
      const int64_t at = ((sample * shape.channels + c) * shape.height + y) * shape.width;
      for (int64_t x = 0; x < shape.width; ++x) {
        const double value =
            images.dtype == WINNOW_F32 ? value_at<float>(images.values, at + x) : value_at<double>(images.values, at + x);
        if (!std::isfinite(value)) {
          throw Failure(WINNOW_INVALID, "input sample " + std::to_string(sample) + " channel " + std::to_string(c) + " (" +
                                            std::to_string(y) + ", " + std::to_string(x) + ") must be finite");
        }
        row[x * kLanes + l] = static_cast<T>(value);
      }
    }
  });
}

template <typename T>
void Forward<T>::normalise(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<BatchNormAttributes>(value.attributes);
  const int64_t input = value.inputs[0], channels = value.shape.channels;
  const winnow_norm_mode mode = modes_[value.node()];
  NormState& norm = state_.norms[v];
  norm.identity = mode == WINNOW_NORM_IDENTITY;
  norm.mean.assign(static_cast<size_t>(channels), 0.0);
  norm.variance.assign(static_cast<size_t>(channels), 1.0);
  norm.inverse_deviation.assign(static_cast<size_t>(channels), 1.0);
  norm.scale.assign(static_cast<size_t>(channels), 1.0);
  norm.shift.assign(static_cast<size_t>(channels), 0.0);
  norm.count = 0;
  if (!norm.identity) {
    TensorValues running_mean, running_variance;
    if (mode == WINNOW_NORM_RUNNING) {
      running_mean = tensor(v, WINNOW_RUNNING_MEAN);
      running_variance = tensor(v, WINNOW_RUNNING_VARIANCE);
    } else {
      norm.count = static_cast<double>(layout_.batch * value.shape.height * value.shape.width);
    }
    for (int64_t c = 0; c < channels; ++c) {
      double mean, variance;
      if (!running_mean.empty()) {
        mean = running_mean[static_cast<size_t>(c)];
        variance = running_variance[static_cast<size_t>(c)];
      } else {
        const ChannelPlanes<const T> planes = channel(input, c);
        const Extent all = extent(value.shape);
        mean = kernels_.channel_sum(planes, all) / norm.count;
        // Deviations from the mean rounded to T, corrected for the rounding.
        const T centre = static_cast<T>(mean);
        const double off = mean - static_cast<double>(centre);
        variance = kernels_.channel_squares(planes, all, centre) / norm.count - off * off;
        variance = std::max(variance, 0.0);
      }
      norm.mean[static_cast<size_t>(c)] = mean;
      norm.variance[static_cast<size_t>(c)] = variance;
      norm.inverse_deviation[static_cast<size_t>(c)] = 1 / std::sqrt(variance + a.epsilon);
    }
    for (size_t c = 0; c < norm.mean.size(); ++c) {
      const double gain = a.affine ? tensor(v, WINNOW_NORM_SCALE)[c] : 1.0;
      const double offset = a.affine ? tensor(v, WINNOW_NORM_SHIFT)[c] : 0.0;
      norm.scale[c] = gain * norm.inverse_deviation[c];
      norm.shift[c] = offset - norm.mean[c] * norm.scale[c];
    }
  }
  if (value.lazy) return;
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    kernels_.affine(plane(v, b, c) + y * layout_.planes[v].pitch, plane(input, b, c) + y * layout_.planes[input].pitch,
                    static_cast<T>(norm.scale[static_cast<size_t>(c)]), static_cast<T>(norm.shift[static_cast<size_t>(c)]),
                    value.shape.width);
  });
  clear_unused_lanes(v);
}

template <typename T>
void Forward<T>::rectify(int64_t v, Signs* signs) {
  const View in = view(graph_[v].inputs[0]);
  const Shape& shape = graph_[v].shape;
  const T cap = static_cast<T>(std::get<ReluAttributes>(graph_[v].attributes).cap);
  for (int64_t c = 0; c < shape.channels; ++c) {
    uint16_t* masks = signs == nullptr ? nullptr : signs->channel(v, c);
    kernels_.relu({channel_out(v, c), channel(in.stored, c), extent(shape), static_cast<T>(in.scale(c)),
                   static_cast<T>(in.shift(c)), cap, masks, masks == nullptr ? 0 : signs->block_pitch()});
  }
  clear_unused_lanes(v);
}

template <typename T>
void Forward<T>::add(int64_t v) {
  const std::vector<SumTerm>& terms = program_.terms(v);
  const Shape& shape = graph_[v].shape;
  std::vector<ChannelPlanes<const T>> in(terms.size());
  std::vector<T> factors(terms.size());
  for (int64_t c = 0; c < shape.channels; ++c) {
    double shift = 0;
    for (size_t t = 0; t < terms.size(); ++t) {
      const View seen = view(terms[t].value);
      in[t] = channel(seen.stored, c);
      factors[t] = static_cast<T>(terms[t].coefficient * seen.scale(c));
      shift += terms[t].coefficient * seen.shift(c);
    }
    kernels_.weighted_sum(
        {channel_out(v, c), in.data(), factors.data(), static_cast<int64_t>(in.size()), extent(shape), static_cast<T>(shift)});
  }
  clear_unused_lanes(v);
}

template <typename T>
void Forward<T>::average(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<PoolAttributes>(value.attributes);
  const int64_t input = value.inputs[0];
  const Shape& from = graph_[input].shape;
  const Planes &in = layout_.planes[input], &out = layout_.planes[v];
  const std::vector<T> ones(static_cast<size_t>(a.kernel.height * a.kernel.width), T{1});
  std::vector<const T*> rows(ones.size());
  std::vector<T> shares;  // one over the cells of each window
  for (int64_t y = 0; y < value.shape.height; ++y) {
    for (int64_t x = 0; x < value.shape.width; ++x) {
      shares.push_back(static_cast<T>(1.0 / static_cast<double>(window_cells(a, from, y, x))));
    }
  }
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    const T* base = plane(input, b, c) + (y * a.stride.height - a.padding.height) * in.pitch - a.padding.width * kLanes;
    for (size_t k = 0; k < rows.size(); ++k) {
      const auto at = static_cast<int64_t>(k);
      rows[k] = base + at / a.kernel.width * in.pitch + at % a.kernel.width * kLanes;
    }
    T* row = plane(v, b, c) + y * out.pitch;
    kernels_.gather({rows.data(), ones.data(), static_cast<int64_t>(rows.size()), 1, 0, a.stride.width * kLanes, row, out.plane,
                     0, kLanes, 1, value.shape.width, kLanes, false});
    kernels_.scale_each(row, row, shares.data() + y * value.shape.width, value.shape.width);
  });
}

template <typename T>
void Forward<T>::maximise(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<PoolAttributes>(value.attributes);
  const int64_t input = value.inputs[0], pitch = layout_.planes[input].pitch;
  const Shape& from = graph_[input].shape;
  const int64_t stride = a.stride.width, left = a.padding.width, width = value.shape.width;
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    // Padding never wins: only cells of the image take part, beginning with a window's first.
    const int64_t top = y * a.stride.height - a.padding.height;
    const int64_t first = std::max<int64_t>(0, top), end = std::min(from.height, top + a.kernel.height);
    T* row = plane(v, b, c) + y * layout_.planes[v].pitch;
    const T* cells = plane(input, b, c) + first * pitch;
    for (int64_t x = 0; x < width; ++x) {
      std::copy_n(cells + std::max<int64_t>(0, x * stride - left) * kLanes, kLanes, row + x * kLanes);
    }
    for (int64_t iy = first; iy < end; ++iy, cells += pitch) {
      for (int64_t tap = -left; tap < a.kernel.width - left; ++tap) {
        // The windows whose cell this is lie in the image.
        const int64_t x = tap < 0 ? (stride - 1 - tap) / stride : 0, last = (from.width - 1 - tap) / stride;
        const int64_t windows = std::min(width, tap < from.width ? last + 1 : 0) - x;
        if (windows > 0) {
          kernels_.maximum(row + x * kLanes, cells + (x * stride + tap) * kLanes, stride * kLanes, windows);
        }
      }
    }
  });
}

template <typename T>
void Forward<T>::pad_crop(int64_t v) {
  const auto& a = std::get<PadCropAttributes>(graph_[v].attributes);
  const int64_t input = graph_[v].inputs[0], width = graph_[v].shape.width;
  const Shape& from = graph_[input].shape;
  const int64_t first = std::max<int64_t>(0, a.left), end = std::min(width, from.width + a.left);
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    const int64_t row = y - a.top;  // outside the input: stays zero
    if (row < 0 || row >= from.height || first >= end) return;
    const T* source = plane(input, b, c) + row * layout_.planes[input].pitch + (first - a.left) * kLanes;
    std::copy_n(source, (end - first) * kLanes, plane(v, b, c) + y * layout_.planes[v].pitch + first * kLanes);
  });
}

template <typename T>
void Forward<T>::slice(int64_t v) {
  const int64_t input = graph_[v].inputs[0], first = std::get<ChannelSliceAttributes>(graph_[v].attributes).first;
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    std::copy_n(plane(input, b, first + c) + y * layout_.planes[input].pitch, graph_[v].shape.width * kLanes,
                plane(v, b, c) + y * layout_.planes[v].pitch);
  });
}

template <typename T>
void Forward<T>::average_all(int64_t v) {
  const int64_t input = graph_[v].inputs[0];
  const Shape& from = graph_[input].shape;
  const auto share = static_cast<T>(1.0 / static_cast<double>(from.height * from.width));
  each_row(v, [&](int64_t b, int64_t c, int64_t) {
    T* out = plane(v, b, c);
    std::fill(out, out + kLanes, T{0});
    for (int64_t y = 0; y < from.height; ++y) {
      const T* row = plane(input, b, c) + y * layout_.planes[input].pitch;
      for (int64_t x = 0; x < from.width; ++x) kernels_.scale(out, row + x * kLanes, T{1}, 1, true);
    }
    kernels_.scale(out, out, share, 1, false);
  });
}

template <typename T>
void Forward<T>::concatenate(int64_t v) {
  const Value& value = graph_[v];
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    int64_t first = 0;
    for (const int64_t input : value.inputs) {
      for (int64_t c = 0; c < graph_[input].shape.channels; ++c) {
        for (int64_t y = 0; y < value.shape.height; ++y) {
          kernels_.scale(plane(v, b, first + c) + y * layout_.planes[v].pitch,
                         plane(input, b, c) + y * layout_.planes[input].pitch, T{1}, value.shape.width, false);
        }
      }
      first += graph_[input].shape.channels;
    }
  }
}

template <typename T>
void Forward<T>::add_noise(int64_t v, int64_t first) {
  const Shape& shape = graph_[v].shape;
  const int64_t input = graph_[v].inputs[0];
  const double deviation = std::get<NoiseAttributes>(graph_[v].attributes).deviation;
  const uint64_t own = random_substream(stream_->stream, graph_.network().nodes()[static_cast<size_t>(graph_[v].node())].name);
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    T* row = plane(v, b, c) + y * layout_.planes[v].pitch;
    std::copy_n(plane(input, b, c) + y * layout_.planes[input].pitch, shape.width * kLanes, row);
    for (int64_t l = 0; l < layout_.lanes(b); ++l) {
      const int64_t at = (((first + b * kLanes + l) * shape.channels + c) * shape.height + y) * shape.width;
      for (int64_t x = 0; x < shape.width; ++x) {
        T& cell = row[x * kLanes + l];
        cell = static_cast<T>(static_cast<double>(cell) + deviation * random_normal(stream_->seed, own, at + x));
      }
    }
  });
}

template <typename T>
void Forward<T>::logits(double* out) const {
  const int64_t v = graph_.output();
  const Shape& shape = graph_[v].shape;
  each_row(v, [&](int64_t b, int64_t c, int64_t y) {
    const T* row = plane(v, b, c) + y * layout_.planes[v].pitch;
    for (int64_t l = 0; l < layout_.lanes(b); ++l) {
      double* sample = out + (b * kLanes + l) * shape.elements() + (c * shape.height + y) * shape.width;
      for (int64_t x = 0; x < shape.width; ++x) sample[x] = static_cast<double>(row[x * kLanes + l]);
    }
  });
}

template class Forward<float>;
template class Forward<double>;

}  // namespace winnow
