#include "plan/blocks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "runtime/failure.h"
#include "runtime/random.h"

namespace winnow {

Blocks::Blocks(const Graph& graph, const int64_t* nodes, int64_t count) {
  const auto& known = graph.network().nodes();
  if (count < 2 || count > static_cast<int64_t>(known.size())) {
    throw Failure(WINNOW_INVALID,
                  "features must be in [2, " + std::to_string(known.size()) + "] but were " + std::to_string(count));
  }
  const auto name = [&](size_t f) {
    return "feature " + std::to_string(f) + " (" + known[static_cast<size_t>(nodes[f])].name + ")";
  };
  for (size_t f = 0; f < static_cast<size_t>(count); ++f) {
    const int64_t last = static_cast<int64_t>(known.size()) - 1;
    if (nodes[f] < 0 || nodes[f] > last) {
      throw Failure(WINNOW_INVALID, "feature " + std::to_string(f) + " must be a node in [0, " + std::to_string(last) +
                                        "] but was " + std::to_string(nodes[f]));
    }
    features.push_back(graph.value_of(nodes[f]));
    asked.push_back(nodes[f]);
    if (f == 0) continue;
    if (features[f] <= features[f - 1]) {
      throw Failure(WINNOW_INVALID, name(f) + " must come after " + name(f - 1) + ", and not be the same value");
    }
    const Shape &in = graph[features[f - 1]].shape, &out = graph[features[f]].shape;
    if (in.height % out.height != 0 || in.width % out.width != 0) {
      throw Failure(WINNOW_INVALID, name(f) + ": its sides must divide those of " + name(f - 1));
    }
    offsets.push_back(each);
    each += 1 + in.elements() / (out.height * out.width) * out.channels;
  }
  size_t behind = 0;  // the last feature before the value
  for (int64_t v = features[0] + 1; v < graph.size(); ++v) {
    if (behind + 1 < features.size() && v > features[behind + 1]) ++behind;
    for (const int64_t input : graph[v].inputs) {
      if (input < features[behind]) {
        throw Failure(WINNOW_INVALID, "node " + known[static_cast<size_t>(graph[v].node())].name + " reads past " +
                                          name(behind) + ": the blocks must follow one another");
      }
    }
  }
}

template <typename T>
void BlockPass<T>::run(double* out) {
  std::fill_n(out, blocks_.each, std::numeric_limits<double>::quiet_NaN());
  for (const BackwardStep& step : program_.backward()) {
    if (step.value > blocks_.features.back() || step.value < blocks_.features[0]) continue;
    if (step.kind == BackwardStep::kPull) {
      pull(step.value, out);
    } else {
      pass_.norm(step.value);
    }
  }
}

template <typename T>
void BlockPass<T>::pull(int64_t v, double* out) {
  const Shape& shape = graph_[v].shape;
  const int64_t strip = strip_rows(shape);
  for (int64_t block = 0; block < layout_.blocks && v != blocks_.features.back(); ++block) {
    pass_.enter(block);
    for (int64_t y = 0; y < shape.height; y += strip) {
      pass_.collect(v, block, {y, std::min(y + strip, shape.height)}, pass_.gradient(v, block),
                    workspace_.scratch.template at<T>(layout_.strip_elements));
    }
  }
  const auto found = std::lower_bound(blocks_.features.begin(), blocks_.features.end(), v);
  if (*found == v) {
    const auto feature = static_cast<size_t>(found - blocks_.features.begin());
    if (seeded_ == feature + 1) reduce(feature, out);
    if (feature > 0) seed(feature);
  }
  if (graph_[v].operation != WINNOW_BATCH_NORM) return;
  std::vector<double>& sums = workspace_.sums[static_cast<size_t>(v)];
  std::fill(sums.begin(), sums.end(), 0.0);
  each_row(layout_, {shape.channels, shape.height, shape.width}, [&](int64_t block, int64_t c, int64_t y) {
    sums[static_cast<size_t>(c)] += kernels_.sum(pass_.gradient(v, block).row(0, c, y), shape.width, {0, layout_.lanes(block)});
  });
}

template <typename T>
void BlockPass<T>::seed(size_t feature) {
  constexpr int64_t kBits = 64;
  const Value& value = graph_[blocks_.features[feature]];
  const int64_t elements = value.shape.elements(), count = layout_.batch * elements;
  const uint64_t stream = random_substream(random_substream(stream_.stream, "rademacher"),
                                           graph_.network().nodes()[static_cast<size_t>(blocks_.asked[feature])].name);
  std::vector<uint64_t> bits(static_cast<size_t>((count + kBits - 1) / kBits));
  random_bits(stream_.seed, stream, 0, static_cast<int64_t>(bits.size()), bits.data());
  cotangent_.assign(static_cast<size_t>(layout_.blocks * elements * kLanes), T{0});
  for (int64_t n = 0; n < layout_.batch; ++n) {
    T* out = cotangent_.data() + n / kLanes * elements * kLanes + n % kLanes;
    for (int64_t e = 0; e < elements; ++e) {
      const int64_t at = n * elements + e;
      out[e * kLanes] = (bits[static_cast<size_t>(at / kBits)] >> (at % kBits) & 1u) != 0 ? T{1} : T{-1};
    }
  }
  for (int64_t block = 0; block < layout_.blocks; ++block) {
    const GradientPlanes<T> planes = pass_.gradient(blocks_.features[feature], block);
    for (int64_t c = 0; c < value.shape.channels; ++c) {
      for (int64_t y = 0; y < value.shape.height; ++y) {
        std::copy_n(cotangent(block, value.shape, c, y), value.shape.width * kLanes, planes.row(0, c, y));
      }
    }
  }
  seeded_ = feature;
}

template <typename T>
void BlockPass<T>::reduce(size_t feature, double* out) {
  const int64_t v = blocks_.features[feature];
  const Shape &in = graph_[v].shape, &to = graph_[blocks_.features[feature + 1]].shape;
  const int64_t sy = in.height / to.height, sx = in.width / to.width, strip = strip_rows(to);
  double& difference = out[blocks_.offsets[feature]];
  double* product = out + blocks_.offsets[feature] + 1;
  const bool same = in.channels == to.channels && sy == 1 && sx == 1;
  difference = same ? 0 : std::numeric_limits<double>::infinity();
  std::fill_n(product, in.channels * sy * sx * to.channels, 0.0);
  std::vector<T> rows(static_cast<size_t>(strip * to.width * kLanes));
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const GradientPlanes<T> planes = pass_.gradient(v, b);
    const LaneRange lanes{0, layout_.lanes(b)};
    for (int64_t term = 0; term < in.channels * sy * sx; ++term) {
      const int64_t c = term / (sy * sx), dy = term / sx % sy, dx = term % sx;
      for (int64_t y = 0; y < to.height; y += strip) {
        const int64_t count = std::min(strip, to.height - y);
        for (int64_t k = 0; k < count; ++k) {
          const T* from = planes.row(0, c, (y + k) * sy + dy) + dx * kLanes;
          for (int64_t x = 0; x < to.width; ++x) {
            std::copy_n(from + x * sx * kLanes, kLanes, rows.data() + (k * to.width + x) * kLanes);
          }
        }
        for (int64_t o = 0; o < to.channels; ++o) {
          product[term * to.channels + o] += kernels_.product(rows.data(), cotangent(b, to, o, y), count * to.width, lanes);
        }
        const T* own = cotangent(b, to, c, y);
        for (int64_t i = 0; same && i < count * to.width * kLanes; ++i) {
          if (i % kLanes < lanes.count)
            difference = std::max(difference, std::abs(double{rows[static_cast<size_t>(i)]} - own[i]));
        }
      }
    }
  }
}

template class BlockPass<float>;
template class BlockPass<double>;

}  // namespace winnow
