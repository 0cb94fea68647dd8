// What the readers of a value send back: its gradient, for one cotangent and one block of samples at a time.
#include "plan/backward_pass.h"

#include <algorithm>

namespace winnow {

template <typename T>
void BackwardPass<T>::pull(int64_t v) {
  T* scratch = workspace_.scratch.template at<T>(0);
  for (int64_t block = 0; block < layout_.blocks; ++block) {
    for (int64_t l = 0; l < count_; ++l) collect(v, l, block, gradient(v, l, block), scratch + layout_.ring_elements);
  }
}

template <typename T>
template <typename MakeRow>
void BackwardPass<T>::gather_rows(const Gather& gather, const T* packed, const Shape& out, const Shape& in, int64_t lanes,
                                  T* dest, bool add, MakeRow make_row) {
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

template <typename T>
std::pair<const T*, T> BackwardPass<T>::gradient_of(int64_t value, int64_t l, int64_t block, T* free) {
  if (graph_[value].gradient == GradientKind::kTransient) {
    collect(value, l, block, free, free + layout_.plane_elements);
    return {free, T{1}};
  }
  const GradientSource& source = program_.source(value);
  return {gradient(source.value, l, block), static_cast<T>(source.coefficient)};
}

template <typename T>
void BackwardPass<T>::collect(int64_t v, int64_t l, int64_t block, T* dest, T* free) {
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
  const T* packed = state_.packed_backward[v].data();
  for (const DataGroup& group : program_.data_groups(v)) {
    convolved(v, group, packed, l, block, dest, add);
    packed += group.gather.weights;
    add = true;
  }
  if (!add) std::fill(dest, dest + elements, T{0});
}

template <typename T>
void BackwardPass<T>::normed(int64_t v, int64_t norm, int64_t l, int64_t block, T* dest, bool add) {
  const Shape& shape = graph_[v].shape;
  const GradientSource& source = program_.source(norm);
  for (int64_t c = 0; c < shape.channels; ++c) {
    const auto i = static_cast<size_t>(l * shape.channels + c);
    for (int64_t y = 0; y < shape.height; ++y) {
      const int64_t at = c * plane_elements(v) + y * shape.width * kLanes;
      kernels_.norm_gradient(dest + at, gradient(source.value, l, block) + at, plane(v, block, c) + y * layout_.planes[v].pitch,
                             workspace_.alpha[norm][i], workspace_.beta[norm][i], workspace_.kappa[norm][i], shape.width,
                             layout_.lanes(block), add);
    }
  }
}

template <typename T>
void BackwardPass<T>::rectified(int64_t v, int64_t relu, int64_t l, int64_t block, T* dest, T* free, bool add) {
  const Shape& shape = graph_[v].shape;
  const auto [from, factor] = gradient_of(relu, l, block, free);
  const T cap = static_cast<T>(std::get<ReluAttributes>(graph_[relu].attributes).cap);
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      const int64_t at = c * plane_elements(v) + y * shape.width * kLanes;
      kernels_.relu_gradient(dest + at, from + at, plane(relu, block, c) + y * layout_.planes[relu].pitch, factor, cap,
                             shape.width, add);
    }
  }
}

template <typename T>
void BackwardPass<T>::maximised(int64_t v, int64_t pool, int64_t l, int64_t block, T* dest, T* free, bool add) {
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
          taps.push_back(plane(v, block, c) + iy * layout_.planes[v].pitch + ix * kLanes);
        });
        kernels_.maximum_gradient(to.data(), taps.data(), static_cast<int64_t>(taps.size()),
                                  plane(pool, block, c) + y * layout_.planes[pool].pitch + x * kLanes,
                                  from + c * plane_elements(pool) + (y * out_shape.width + x) * kLanes, factor);
      }
    }
  }
}

template <typename T>
void BackwardPass<T>::padded(int64_t v, int64_t pad, const T* from, T factor, T* dest) {
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

template <typename T>
void BackwardPass<T>::averaged(int64_t v, int64_t pool, int64_t l, int64_t block, T* dest, T* free, bool add) {
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

template <typename T>
void BackwardPass<T>::convolved(int64_t v, const DataGroup& group, const T* packed, int64_t l, int64_t block, T* dest,
                                bool add) {
  const Shape& shape = graph_[group.convolutions[0]].shape;
  planes_.clear();
  for (const int64_t convolution : group.convolutions) {
    const int64_t norm = program_.gradient_value(convolution), channels = graph_[convolution].shape.channels;
    const GradientSource& source = program_.source(norm);
    for (int64_t o = 0; o < channels; ++o) {
      const auto i = static_cast<size_t>(l * channels + o);
      const bool is_virtual = norm != convolution;
      planes_.push_back({gradient(source.value, l, block) + o * plane_elements(convolution),
                         is_virtual ? plane(convolution, block, o) : nullptr, layout_.planes[convolution].pitch,
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

template void BackwardPass<float>::pull(int64_t);
template void BackwardPass<double>::pull(int64_t);

}  // namespace winnow
