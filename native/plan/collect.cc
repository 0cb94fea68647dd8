// What the readers of a value send back: rows of its gradient of one block of samples, operation by operation and all cotangents
// inside, so that what they share stays in the cache.
#include "plan/backward_pass.h"

#include <algorithm>

namespace winnow {

template <typename T>
std::pair<GradientPlanes<T>, T> BackwardPass<T>::gradient_of(int64_t value, int64_t block, RowRange rows, T* free) {
  if (graph_[value].gradient != GradientKind::kTransient) {
    const GradientSource& source = program_.source(value);
    return {gradient(source.value, block), static_cast<T>(source.coefficient)};
  }
  const int64_t pitch = graph_[value].shape.width * kLanes, plane = rows.count() * pitch;
  const int64_t column = graph_[value].shape.channels * plane;
  const GradientPlanes<T> planes{free - rows.first * pitch, column, plane, pitch};
  collect(value, block, rows, planes, free + columns_ * column);
  return {planes, T{1}};
}

template <typename T>
void BackwardPass<T>::scaled(const GradientPlanes<T>& dest, const GradientPlanes<T>& from, T factor, const Shape& shape,
                             RowRange rows, bool add) {
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      each_run(dest, shape, rows,
               [&](int64_t y, int64_t pixels) { kernels_.scale(dest.row(l, c, y), from.row(l, c, y), factor, pixels, add); });
    }
  }
}

template <typename T>
void BackwardPass<T>::clear(const GradientPlanes<T>& dest, const Shape& shape, RowRange rows) {
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      each_run(dest, shape, rows, [&](int64_t y, int64_t pixels) { std::fill_n(dest.row(l, c, y), pixels * kLanes, T{0}); });
    }
  }
}

template <typename T>
void BackwardPass<T>::collect(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free) {
  const Shape& shape = graph_[v].shape;
  bool add = program_.sent_to(v);
  if (summed(v, block, rows, dest, add)) add = true;
  for (const int64_t reader : program_.other_readers(v)) {
    const Value& value = graph_[reader];
    const GradientSource& source = program_.source(reader);
    const auto factor = static_cast<T>(source.coefficient);
    switch (value.operation) {
      case WINNOW_RELU:
        rectified(v, reader, block, rows, dest, free, add);
        break;
      case WINNOW_AVERAGE_POOL:
        averaged(v, reader, block, rows, dest, free, add);
        break;
      case WINNOW_MAX_POOL:
        maximised(v, reader, block, rows, dest, free, add);
        break;
      case WINNOW_PAD_CROP:
        if (!add) clear(dest, shape, rows);
        padded(v, reader, block, rows, dest);
        break;
      case WINNOW_CHANNEL_SLICE: {
        if (!add) clear(dest, shape, rows);
        const int64_t first = std::get<ChannelSliceAttributes>(value.attributes).first;
        scaled(dest.from_channel(first), gradient(source.value, block), factor, value.shape, rows, true);
        break;
      }
      case WINNOW_GLOBAL_AVERAGE_POOL: {
        const auto share = static_cast<T>(source.coefficient / static_cast<double>(shape.height * shape.width));
        const GradientPlanes<T> from = gradient(source.value, block);
        for (int64_t l = 0; l < columns_; ++l) {
          for (int64_t c = 0; c < shape.channels; ++c) {
            const T* pixel = from.row(l, c, 0);  // the same for all
            each_run(dest, shape, rows, [&](int64_t y, int64_t pixels) {
              kernels_.gather({&pixel, &share, 1, 1, 0, 0, dest.row(l, c, y), 0, 0, kLanes, 1, pixels, lanes_, add});
            });
          }
        }
        break;
      }
      case WINNOW_NOISE:
        scaled(dest, gradient(source.value, block), factor, shape, rows, add);
        break;
      case WINNOW_BATCH_NORM:
        normed(v, reader, block, rows, dest, add);
        break;
      case WINNOW_CONCAT: {
        const GradientPlanes<T> all = gradient(source.value, block);
        int64_t first = 0;
        bool more = add;
        for (const int64_t input : value.inputs) {
          if (input == v) {
            scaled(dest, all.from_channel(first), factor, shape, rows, more);
            more = true;
          }
          first += graph_[input].shape.channels;
        }
        break;
      }
      default:
        continue;  // there are no others
    }
    add = true;
  }
  if (!program_.pointwise(v).empty()) {
    pointwise(v, block, rows, dest, add);
    add = true;
  }
  const T* packed = state_.packed_backward[v].data();
  for (const DataGroup& group : program_.data_groups(v)) {
    if (!graph_[group.convolutions[0]].sends) {
      convolved(v, group, packed, block, rows, dest, add);
      add = true;
    }
    packed += group.gather.weights;
  }
  if (!add) clear(dest, shape, rows);
}

// All weighted sums that read the value, and the average pool of which only such read the output, in one pass over their gradients.
template <typename T>
bool BackwardPass<T>::summed(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add) {
  const SumGradients& sums = program_.sums(v);
  if (sums.each.empty()) return false;
  const Shape& shape = graph_[v].shape;
  sums_.clear(), direct_.clear(), pooled_.clear();
  for (const SumGradient& sum : sums.each) {
    sums_.push_back(gradient(sum.source, block));
    direct_.push_back(static_cast<T>(sum.direct)), pooled_.push_back(static_cast<T>(sum.pooled));
  }
  if (sums.pool >= 0) find_shares(sums.pool, rows);
  const auto terms = static_cast<int64_t>(sums_.size());
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      T* out = dest.row(l, c, rows.first);
      if (sums.pool >= 0) {
        planes_in_.clear();
        for (const GradientPlanes<T>& from : sums_) planes_in_.push_back({from.row(l, c, rows.first), from.pitch});
        kernels_.window_sums({{out, dest.pitch},
                              planes_in_.data(),
                              pooled_.data(),
                              direct_.data(),
                              terms,
                              rows.count(),
                              shape.width,
                              row_shares_.data(),
                              column_shares_.data(),
                              add});
        continue;
      }
      std::vector<const T*>& from = workspace_.rows;
      each_run(dest, shape, rows, [&](int64_t y, int64_t pixels) {
        from.clear();
        for (const GradientPlanes<T>& sum : sums_) from.push_back(sum.row(l, c, y));
        kernels_.gather(
            {from.data(), direct_.data(), terms, 1, 0, kLanes, dest.row(l, c, y), 0, 0, kLanes, 1, pixels, lanes_, add});
      });
    }
  }
  return true;
}

// What window_sums takes for rows of an average pool's gradient.
template <typename T>
void BackwardPass<T>::find_shares(int64_t pool, RowRange rows) {
  const PoolGradient& plan = program_.pool(pool);
  const auto height = static_cast<int64_t>(plan.row_share.size());
  row_shares_.clear();
  for (int64_t y = rows.first; y < rows.end; ++y) {
    for (int64_t from = y - 1; from <= y + 1; ++from) {
      row_shares_.push_back(from < 0 || from >= height ? T{0} : static_cast<T>(plan.row_share[static_cast<size_t>(from)]));
    }
  }
  column_shares_.clear();
  for (const double share : plan.column_share) column_shares_.push_back(static_cast<T>(share));
}

template <typename T>
void BackwardPass<T>::normed(int64_t v, int64_t norm, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add) {
  const Shape& shape = graph_[v].shape;
  const GradientPlanes<T> from = gradient(program_.source(norm).value, block);
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      const int64_t pitch = layout_.planes[v].pitch;
      norm_rows(norm, l, c, block, {dest.row(l, c, rows.first), dest.pitch}, {from.row(l, c, rows.first), from.pitch},
                {plane(v, block, c) + rows.first * pitch, pitch}, rows.count(), add);
    }
  }
}

template <typename T>
void BackwardPass<T>::rectified(int64_t v, int64_t relu, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free,
                                bool add) {
  const auto [from, factor] = gradient_of(relu, block, rows, free);
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < graph_[v].shape.channels; ++c) {
      kernels_.relu_gradient(relu_gradient(relu, l, c, block, rows, dest, from, factor, add));
    }
  }
}

template <typename T>
ReluGradient<T> BackwardPass<T>::relu_gradient(int64_t relu, int64_t column, int64_t channel, int64_t block, RowRange rows,
                                               const GradientPlanes<T>& dest, const GradientPlanes<T>& from, T factor,
                                               bool add) const {
  const int64_t pitch = layout_.planes[relu].pitch;
  return {{dest.row(column, channel, rows.first), dest.pitch},
          {from.row(column, channel, rows.first), from.pitch},
          {plane(relu, block, channel) + rows.first * pitch, pitch},
          rows.count(),
          graph_[relu].shape.width,
          factor,
          static_cast<T>(std::get<ReluAttributes>(graph_[relu].attributes).cap),
          add};
}

template <typename T>
void BackwardPass<T>::rectify_and_sum(int64_t v, const WeightGroup* correlated, int64_t block, RowRange rows,
                                      const GradientPlanes<T>& dest, T* free) {
  const int64_t relu = program_.readers(v)[0], channels = graph_[v].shape.channels;
  const auto [from, factor] = gradient_of(relu, block, rows, free);
  const int64_t each = paired(block) ? 2 : 1;
  for (int64_t column = 0; column < columns_; ++column) {
    for (int64_t c = 0; c < channels; ++c) {
      alignas(64) T lanes[kLanes] = {};
      ReluGradient<T> call = relu_gradient(relu, column, c, block, rows, dest, from, factor, false);
      call.sum = lanes;
      if (correlated != nullptr) {
        const int64_t input = correlated->input, pitch = layout_.planes[input].pitch;
        const Pair& tap = correlated->taps[0];
        const T* with = plane(input, block, c / (channels / correlated->groups)) + rows.first * pitch;
        call.correlation = workspace_.lane_sums.data() + (column * channels + c) * kLanes;
        call.with = {with + tap.height * pitch + tap.width * kLanes, pitch};
      }
      kernels_.relu_gradient(call);
      for (int64_t l = column * each; l < std::min(count_, (column + 1) * each); ++l) {
        workspace_.sums[v][static_cast<size_t>(l * channels + c)] += kernels_.sum(lanes, 1, lanes_of(l, block));
      }
    }
  }
}

template <typename T>
void BackwardPass<T>::maximised(int64_t v, int64_t pool, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free,
                                bool add) {
  const auto& a = std::get<PoolAttributes>(graph_[pool].attributes);
  const Shape &in = graph_[v].shape, &out_shape = graph_[pool].shape;
  // Windows that touch the rows.
  const int64_t stride = a.stride.height;
  const RowRange windows{std::max<int64_t>(0, (rows.first + a.padding.height - a.kernel.height + stride) / stride),
                         std::min(out_shape.height, (rows.end - 1 + a.padding.height) / stride + 1)};
  if (!add) clear(dest, in, rows);
  if (windows.count() <= 0) return;
  const auto [from, factor] = gradient_of(pool, block, windows, free);
  std::vector<const T*>& cells = workspace_.rows;
  std::vector<T*> to;
  for (int64_t c = 0; c < in.channels; ++c) {
    for (int64_t y = windows.first; y < windows.end; ++y) {
      const int64_t top = y * stride - a.padding.height;
      const RowRange under{std::max<int64_t>(0, top), std::min(in.height, top + a.kernel.height)};
      cells.clear();
      for (int64_t iy = under.first; iy < under.end; ++iy) cells.push_back(plane(v, block, c) + iy * layout_.planes[v].pitch);
      for (int64_t l = 0; l < columns_; ++l) {
        to.clear();
        for (int64_t iy = under.first; iy < under.end; ++iy) {
          to.push_back(iy < rows.first || iy >= rows.end ? nullptr : dest.row(l, c, iy));
        }
        kernels_.maximum_gradient({cells.data(), to.data(), under.count(), in.width, a.kernel.width, a.stride.width,
                                   -a.padding.width, plane(pool, block, c) + y * layout_.planes[pool].pitch, from.row(l, c, y),
                                   out_shape.width, factor});
      }
    }
  }
}

template <typename T>
void BackwardPass<T>::padded(int64_t v, int64_t pad, int64_t block, RowRange rows, const GradientPlanes<T>& dest) {
  const auto& a = std::get<PadCropAttributes>(graph_[pad].attributes);
  const Shape &in = graph_[v].shape, &out_shape = graph_[pad].shape;
  const GradientSource& source = program_.source(pad);
  const GradientPlanes<T> from = gradient(source.value, block);
  const int64_t first = std::max<int64_t>(0, a.left), end = std::min(out_shape.width, in.width + a.left);
  if (first >= end) return;
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t c = 0; c < in.channels; ++c) {
      for (int64_t y = std::max(rows.first, -a.top); y < std::min(rows.end, out_shape.height - a.top); ++y) {
        kernels_.scale(dest.row(l, c, y) + (first - a.left) * kLanes, from.row(l, c, y + a.top) + first * kLanes,
                       static_cast<T>(source.coefficient), end - first, true);
      }
    }
  }
}

template <typename T>
void BackwardPass<T>::averaged(int64_t v, int64_t pool, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free,
                               bool add) {
  const Shape &in = graph_[v].shape, &out_shape = graph_[pool].shape;
  // The transpose of a convolution of one channel, of the gradient over the number of cells of each window.
  const PoolGradient& plan = program_.pool(pool);
  const int64_t stride = plan.gather.output_stride.height,
                first = std::clamp<int64_t>(rows.first / stride + plan.gather.first_dy, 0, out_shape.height);
  const RowRange reached{first, std::max(first, std::min(out_shape.height, (rows.end - 1) / stride + plan.gather.last_dy + 1))};
  const auto [from, factor] = gradient_of(pool, block, reached, free);
  if (plan.windows) {
    find_shares(pool, rows);
    for (int64_t l = 0; l < columns_; ++l) {
      for (int64_t c = 0; c < in.channels; ++c) {
        const Rows<const T> gradient{from.row(l, c, rows.first), from.pitch};
        kernels_.window_sums({{dest.row(l, c, rows.first), dest.pitch},
                              &gradient,
                              &factor,
                              nullptr,
                              1,
                              rows.count(),
                              in.width,
                              row_shares_.data(),
                              column_shares_.data(),
                              add});
      }
    }
    return;
  }
  pool_weights_.assign(static_cast<size_t>(plan.gather.weights), factor);
  const int64_t width = out_shape.width;
  column_shares_.clear();
  for (int64_t y = reached.first; y < reached.end; ++y) {
    for (const double share : plan.column_share) {
      column_shares_.push_back(static_cast<T>(plan.row_share[static_cast<size_t>(y)] * share));
    }
  }
  for (int64_t c = 0; c < in.channels; ++c) {
    gather_rows(plan.gather, pool_weights_.data(), out_shape, dest.from_channel(c), in, rows, add,
                [&](int64_t l, int64_t, RowRange made, const Rows<T>& out) {
                  for (int64_t y = made.first; y < made.end; ++y) {
                    kernels_.scale_each(out.at + (y - made.first) * out.pitch, from.row(l, c, y),
                                        column_shares_.data() + (y - reached.first) * width, width);
                  }
                });
  }
}

template <typename T>
void BackwardPass<T>::norm_rows(int64_t norm, int64_t column, int64_t channel, int64_t block, const Rows<T>& out,
                                const Rows<const T>& gradient, const Rows<const T>& value, int64_t rows, bool add) {
  const Shape& shape = graph_[norm].shape;
  alignas(64) T alpha[kLanes] = {}, beta[kLanes] = {}, kappa[kLanes] = {};
  const int64_t each = paired(block) ? 2 : 1;
  for (int64_t l = column * each; l < std::min(column * each + each, count_); ++l) {
    const NormCoefficients<T>& of = workspace_.norms[norm][static_cast<size_t>(l * shape.channels + channel)];
    const LaneRange lanes = lanes_of(l, block);
    std::fill_n(alpha + lanes.first, lanes.count, of.alpha);
    std::fill_n(beta + lanes.first, lanes.count, of.beta);
    std::fill_n(kappa + lanes.first, lanes.count, of.kappa);
  }
  kernels_.norm_gradient({out, gradient, value, rows, shape.width, alpha, beta, kappa, add});
}

template void BackwardPass<float>::collect(int64_t, int64_t, RowRange, const GradientPlanes<float>&, float*);
template void BackwardPass<float>::rectify_and_sum(int64_t, const WeightGroup*, int64_t, RowRange, const GradientPlanes<float>&,
                                                   float*);
template void BackwardPass<double>::collect(int64_t, int64_t, RowRange, const GradientPlanes<double>&, double*);
template void BackwardPass<double>::rectify_and_sum(int64_t, const WeightGroup*, int64_t, RowRange,
                                                    const GradientPlanes<double>&, double*);

}  // namespace winnow
