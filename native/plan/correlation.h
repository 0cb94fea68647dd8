// The correlations behind weight gradients: gradient planes of a group of convolutions with their shifted input planes.
#pragma once

#include <vector>

#include "kernels/kernels.h"
#include "plan/program.h"
#include "plan/state.h"

namespace winnow {

// Gradient planes of one block: row y of channel c of a column (backward_pass.h). Planes may hold some rows only.
template <typename T>
struct GradientPlanes {
  T* first;
  int64_t step, plane, pitch;  // elements from column to column, channel to channel, row to row
  T* row(int64_t column, int64_t channel, int64_t y) const { return first + column * step + channel * plane + y * pitch; }
  GradientPlanes from_column(int64_t column) const { return {first + column * step, step, plane, pitch}; }
  GradientPlanes from_channel(int64_t channel) const { return {first + channel * plane, step, plane, pitch}; }
};

// Rows [first, end) of a plane.
struct RowRange {
  int64_t first, end;
  int64_t count() const { return end - first; }
};

// Calls body(row, pixels) for what lies together: all of the rows where nothing is between them.
template <typename T, typename Body>
void each_run(const GradientPlanes<T>& planes, const Shape& shape, RowRange rows, Body body) {
  if (planes.pitch == shape.width * kLanes) return body(rows.first, rows.count() * shape.width);
  for (int64_t y = rows.first; y < rows.end; ++y) body(y, shape.width);
}

// One group by itself.
inline JointGroups alone(const Graph& graph, const WeightGroup& group) { return {&group, &group + 1, terms_of(graph, group)}; }

// How many rows of an image a correlation with so many planes of gradients takes at a time.
int64_t correlated_rows(int64_t vector_width, int64_t gradients, int64_t image_width);

// Adds the correlations of some rows of one block, for some columns, to lane_sums, [column][out][term][lane], columns `step`
// elements apart, term = group by group input channel within the convolution's group * taps + tap. `out` is the shape of the
// gradients, `lanes` are in use; `pointers` is scratch.
template <typename T>
void add_correlation(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const State<T>& state,
                     const JointGroups& groups, const Shape& out, const GradientPlanes<T>& gradients, int64_t block,
                     RowRange rows, std::vector<const T*>& pointers, int64_t columns, int64_t lanes, T* lane_sums,
                     int64_t step);

}  // namespace winnow
