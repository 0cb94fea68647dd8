#include "plan/correlation.h"

#include <algorithm>

namespace winnow {

template <typename T>
void add_correlation(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const State<T>& state,
                     const WeightGroup& group, const Shape& out, const GradientPlanes<T>& gradients, int64_t block,
                     std::vector<const T*>& rows, T* lane_sums) {
  const Planes& in = layout.planes[static_cast<size_t>(group.input)];
  const auto taps = static_cast<int64_t>(group.taps.size());
  const int64_t group_in = graph[group.input].shape.channels / group.groups, group_out = out.channels / group.groups;
  const int64_t terms = group_in * taps;
  for (int64_t g = 0; g < group.groups; ++g) {
    rows.clear();
    for (int64_t c = 0; c < group_in; ++c) {
      const T* base = state.plane(layout, group.input, block, g * group_in + c);
      for (const Pair& tap : group.taps) rows.push_back(base + tap.height * in.pitch + tap.width * kLanes);
    }
    for (int64_t o = g * group_out; o < (g + 1) * group_out; o += kCorrelateRows) {
      const int64_t count = std::min(kCorrelateRows, (g + 1) * group_out - o);
      const T* planes[kCorrelateRows];
      for (int64_t r = 0; r < count; ++r) planes[r] = gradients.first + (o + r) * gradients.plane;
      for (int64_t t = 0; t < terms; t += kCorrelateTerms) {
        const int64_t width = std::min(kCorrelateTerms, terms - t);
        kernels.correlate({planes, rows.data() + t, count, width, out.height, out.width, gradients.pitch,
                           in.pitch * group.stride.height, group.stride.width * kLanes,
                           lane_sums + (o * terms + t * count) * kLanes, layout.lanes(block)});
      }
    }
  }
}

template <typename T>
void reduce_lanes(T* lane_sums, int64_t count, double* sums) {
  for (int64_t i = 0; i < count; ++i) {
    double total = 0;
    for (int64_t l = 0; l < kLanes; ++l) total += static_cast<double>(lane_sums[i * kLanes + l]);
    sums[i] += total;
  }
  std::fill(lane_sums, lane_sums + count * kLanes, T{0});
}

int64_t correlation_index(int64_t outputs, int64_t groups, int64_t terms, int64_t out, int64_t term) {
  const int64_t group_out = outputs / groups, first = out / group_out * group_out, row = out - first;
  const int64_t tile_row = row / kCorrelateRows * kCorrelateRows, count = std::min(kCorrelateRows, group_out - tile_row);
  const int64_t tile_term = term / kCorrelateTerms * kCorrelateTerms, width = std::min(kCorrelateTerms, terms - tile_term);
  return (first + tile_row) * terms + tile_term * count + (row - tile_row) * width + (term - tile_term);
}

#define INSTANTIATE(T)                                                                                               \
  template void add_correlation(const Graph&, const Layout&, const Kernels<T>&, const State<T>&, const WeightGroup&, \
                                const Shape&, const GradientPlanes<T>&, int64_t, std::vector<const T*>&, T*);        \
  template void reduce_lanes(T*, int64_t, double*);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace winnow
