#include "plan/correlation.h"

#include <algorithm>

namespace winnow {
namespace {

// Pixels of a tile's gradient planes and of a term's plane: they fit the first-level cache together, with room for the next term's.
constexpr int64_t kTilePixels = 512;

}  // namespace

template <typename T>
void add_correlation(const Layout& layout, const Kernels<T>& kernels, const State<T>& state, const WeightGroup& group,
                     const Shape& in_shape, const Shape& out, const GradientPlanes<T>& gradients, int64_t block, RowRange rows,
                     std::vector<const T*>& taps, int64_t columns, int64_t lanes, T* lane_sums, int64_t step) {
  const Planes& in = layout.planes[static_cast<size_t>(group.input)];
  const int64_t group_in = in_shape.channels / group.groups, group_out = out.channels / group.groups;
  const int64_t terms = group_in * static_cast<int64_t>(group.taps.size()), pitch = in.pitch * group.stride.height;
  const int64_t tile_rows = std::max<int64_t>(1, kTilePixels / (std::min(kCorrelateRows, group_out) + 1) / out.width);
  for (int64_t y = rows.first; y < rows.end; y += tile_rows) {
    const int64_t height = std::min(tile_rows, rows.end - y);
    for (int64_t g = 0; g < group.groups; ++g) {
      taps.clear();
      for (int64_t c = 0; c < group_in; ++c) {
        const T* base = state.plane(layout, group.input, block, g * group_in + c) + y * pitch;
        for (const Pair& tap : group.taps) taps.push_back(base + tap.height * in.pitch + tap.width * kLanes);
      }
      // A tile's gradients stay in the first-level cache while the planes of all terms go by, which are fewer to read than theirs.
      for (int64_t l = 0; l < columns; ++l) {
        for (int64_t o = g * group_out; o < (g + 1) * group_out; o += kCorrelateRows) {
          for (int64_t t = 0; t < terms; t += kCorrelateTerms) {
            const int64_t outputs = std::min(kCorrelateRows, (g + 1) * group_out - o);
            const T* planes[kCorrelateRows];
            for (int64_t r = 0; r < outputs; ++r) planes[r] = gradients.row(l, o + r, y);
            kernels.correlate({planes, taps.data() + t, outputs, std::min(kCorrelateTerms, terms - t), height, out.width,
                               gradients.pitch, pitch, group.stride.width * kLanes,
                               lane_sums + l * step + (o * terms + t) * kLanes, terms * kLanes, lanes});
          }
        }
      }
    }
  }
}

template void add_correlation(const Layout&, const Kernels<float>&, const State<float>&, const WeightGroup&, const Shape&,
                              const Shape&, const GradientPlanes<float>&, int64_t, RowRange, std::vector<const float*>&,
                              int64_t, int64_t, float*, int64_t);
template void add_correlation(const Layout&, const Kernels<double>&, const State<double>&, const WeightGroup&, const Shape&,
                              const Shape&, const GradientPlanes<double>&, int64_t, RowRange, std::vector<const double*>&,
                              int64_t, int64_t, double*, int64_t);

}  // namespace winnow
