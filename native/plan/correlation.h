// The correlations behind weight gradients: gradient planes of a group of convolutions with their shifted input planes.
#pragma once

#include <vector>

#include "kernels/kernels.h"
#include "plan/program.h"
#include "plan/state.h"

namespace winnow {

// Gradient planes of one block: channel c, row y begin at first + c * plane + y * pitch.
template <typename T>
struct GradientPlanes {
  const T* first;
  int64_t plane, pitch;
};

// Adds the correlations of one block to lane_sums, [sum][lane], in the order of correlation_index. `rows` is scratch.
template <typename T>
void add_correlation(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const State<T>& state,
                     const WeightGroup& group, const Shape& out, const GradientPlanes<T>& gradients, int64_t block,
                     std::vector<const T*>& rows, T* lane_sums);

// Adds the lanes up into sums, in their order and in double, and clears them.
template <typename T>
void reduce_lanes(T* lane_sums, int64_t count, double* sums);

// Where the sum of output channel `out` and term `term` (input channel within its group * taps + tap) lies: tiles do not straddle
// groups, and the sums of a tile lie together.
int64_t correlation_index(int64_t outputs, int64_t groups, int64_t terms, int64_t out, int64_t term);

}  // namespace winnow
