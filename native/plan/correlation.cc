#include "plan/correlation.h"

#include <algorithm>

namespace winnow {

template <typename T>
void add_correlation(const Layout& layout, const Kernels<T>& kernels, const State<T>& state, const WeightGroup& group,
                     const Shape& in_shape, const Shape& out, const GradientPlanes<T>& gradients, int64_t block, RowRange rows,
                     std::vector<const T*>& taps, T* lane_sums) {
  const Planes& in = layout.planes[static_cast<size_t>(group.input)];
  const int64_t group_in = in_shape.channels / group.groups, group_out = out.channels / group.groups;
  const int64_t terms = group_in * static_cast<int64_t>(group.taps.size()), pitch = in.pitch * group.stride.height;
  for (int64_t g = 0; g < group.groups; ++g) {
    taps.clear();
    for (int64_t c = 0; c < group_in; ++c) {
      const T* base = state.plane(layout, group.input, block, g * group_in + c) + rows.first * pitch;
      for (const Pair& tap : group.taps) taps.push_back(base + tap.height * in.pitch + tap.width * kLanes);
    }
    // Terms outside: the planes of a tap's channel stay in the first-level cache while all gradient planes pass.
    for (int64_t t = 0; t < terms; t += kCorrelateTerms) {
      const int64_t width = std::min(kCorrelateTerms, terms - t);
      for (int64_t o = g * group_out; o < (g + 1) * group_out; o += kCorrelateRows) {
        const int64_t count = std::min(kCorrelateRows, (g + 1) * group_out - o);
        const T* planes[kCorrelateRows];
        for (int64_t r = 0; r < count; ++r) planes[r] = gradients.row(0, o + r, rows.first);
        kernels.correlate({planes, taps.data() + t, count, width, rows.count(), out.width, gradients.pitch, pitch,
                           group.stride.width * kLanes, lane_sums + (o * terms + t) * kLanes, terms * kLanes,
                           layout.lanes(block)});
      }
    }
  }
}

template void add_correlation(const Layout&, const Kernels<float>&, const State<float>&, const WeightGroup&, const Shape&,
                              const Shape&, const GradientPlanes<float>&, int64_t, RowRange, std::vector<const float*>&,
                              float*);
template void add_correlation(const Layout&, const Kernels<double>&, const State<double>&, const WeightGroup&, const Shape&,
                              const Shape&, const GradientPlanes<double>&, int64_t, RowRange, std::vector<const double*>&,
                              double*);

}  // namespace winnow
