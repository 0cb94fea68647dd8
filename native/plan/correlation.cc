#include "plan/correlation.h"

#include <algorithm>

namespace winnow {

// Pixels of a tile's gradient planes and of a term's plane. Where three terms at a time read the gradients, they fit the
// first-level cache together, with room for the rows that taps reach around the next terms' (512 pixels: a kernel of DARTS takes
// 3 % longer with AVX2). Nine at a time leave the second-level cache time enough, and the sums of a tile are read and written
// less often in longer ones (256 pixels: 6 % longer with AVX-512).
int64_t correlated_rows(int64_t vector_width, int64_t gradients, int64_t image_width) {
  const int64_t pixels = vector_width < kLanes ? 256 : 1024;
  return std::max<int64_t>(1, pixels / (std::min(kCorrelateRows, gradients) + 1) / image_width);
}

template <typename T>
void add_correlation(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const State<T>& state,
                     const JointGroups& groups, const Shape& out, const GradientPlanes<T>& gradients, int64_t block,
                     RowRange rows, std::vector<const T*>& pointers, int64_t columns, int64_t lanes, T* lane_sums,
                     int64_t step) {
  const WeightGroup& alike = *groups.first;  // in all but their inputs and taps
  const int64_t in_pitch = layout.planes[static_cast<size_t>(alike.input)].pitch, pitch = in_pitch * alike.stride.height;
  const int64_t group_out = out.channels / alike.groups, terms = groups.terms;
  // What a kernel takes as rows: outputs of a column or, where a group has one, columns of an output.
  const bool across = group_out == 1;
  const int64_t gradient_rows = across ? columns : group_out;
  const int64_t tile_rows = correlated_rows(kernels.width, gradient_rows, out.width);
  for (int64_t y = rows.first; y < rows.end; y += tile_rows) {
    const int64_t height = std::min(tile_rows, rows.end - y);
    for (int64_t g = 0; g < alike.groups; ++g) {
      pointers.clear();
      for (const WeightGroup& group : groups) {
        const int64_t group_in = graph[group.input].shape.channels / group.groups;
        for (int64_t c = 0; c < group_in; ++c) {
          const T* base = state.plane(layout, group.input, block, g * group_in + c) + y * pitch;
          for (const Pair& tap : group.taps) pointers.push_back(base + tap.height * in_pitch + tap.width * kLanes);
        }
      }
      // Gradients that are read together stay in the first-level cache while the planes of all terms go by, which are fewer to read
      // than theirs.
      const int64_t first = g * group_out, calls = across ? 1 : columns;
      for (int64_t l = 0; l < calls; ++l) {
        pointers.resize(static_cast<size_t>(terms));
        for (int64_t r = 0; r < gradient_rows; ++r) {
          pointers.push_back(across ? gradients.row(r, first, y) : gradients.row(l, first + r, y));
        }
        kernels.correlate({pointers.data() + terms, pointers.data(), gradient_rows, terms, height, out.width, gradients.pitch,
                           pitch, alike.stride.width * kLanes, lane_sums + l * step + first * terms * kLanes,
                           across ? step : terms * kLanes, lanes});
      }
    }
  }
}

template void add_correlation(const Graph&, const Layout&, const Kernels<float>&, const State<float>&, const JointGroups&,
                              const Shape&, const GradientPlanes<float>&, int64_t, RowRange, std::vector<const float*>&,
                              int64_t, int64_t, float*, int64_t);
template void add_correlation(const Graph&, const Layout&, const Kernels<double>&, const State<double>&, const JointGroups&,
                              const Shape&, const GradientPlanes<double>&, int64_t, RowRange, std::vector<const double*>&,
                              int64_t, int64_t, double*, int64_t);

}  // namespace winnow
