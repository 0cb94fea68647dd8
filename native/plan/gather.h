// Convolutions as lists of terms for the gather kernel (kernels/kernels.h).
//
// Forward, output o of row y is a sum of weight * input plane over (input channel, tap). Backward to the data it is a sum over
// (output channel, tap) of all convolutions that read the same value, so they share one pass; with stride s the input's rows and
// columns fall into s x s phases, each with its own taps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "network/parameters.h"
#include "plan/graph.h"
#include "plan/state.h"

namespace winnow {

struct GatherTerm {
  int64_t plane;           // input plane of the gather; backward: counted over the parts of the list
  int64_t dy, dx;          // row and pixel relative to (base row) * step
  int64_t part, out, tap;  // which weight: part of the list, output channel (forward: both unused), ky * kw + kx
  int64_t in;              // forward: input channel within the group
};

struct GatherTile {
  int64_t first, outputs;      // output planes
  int64_t first_term, terms;   // of the phase
  int64_t weights;             // where its packed weights begin; in tiles by row of products, kernels.h TileOutputs
  std::vector<TapGrid> grids;  // that its terms are; none for several outputs, or where pixels or rows are strides apart
  Pair spacing{1, 1};          // of the grids' rows and taps
  // The same for the kernel.
  TapGrids tap_grids() const { return {grids.data(), static_cast<int64_t>(grids.size()), spacing.height, spacing.width}; }
};

struct GatherPhase {
  int64_t y, x;  // remainder of output row and pixel by the stride; 0 forward
  std::vector<GatherTerm> terms;
  std::vector<GatherTile> tiles;
};

struct Gather {
  bool in_tiles = false;  // minimal filtering: a term for each plane, its products instead of taps (kernels.h, TileRows)
  std::vector<GatherPhase> phases;
  Pair output_stride{1, 1}, input_stride{1, 1};
  int64_t planes = 0;                                            // input planes
  int64_t weights = 0;                                           // packed weights, elements
  int64_t first_dy = 0, last_dy = 0, first_dx = 0, last_dx = 0;  // range of the terms
};

// Tiles along an axis, and the pixels past its end that the last one has.
inline int64_t tiles_of(int64_t pixels) { return (pixels + kTilePixels - 1) / kTilePixels; }
inline int64_t to_whole_tiles(int64_t pixels) { return tiles_of(pixels) * kTilePixels - pixels; }

// Whether 3x3 taps of stride 1 are less work in tiles: per pixel 2.25 products instead of 9 for each pair of planes, and `rest`
// multiply-adds for what planes and sums cost beside; the last tiles of strips and rows reach past them.
bool tiles_pay(const Shape& image, int64_t pairs, int64_t rest);

// Rows and columns that the terms reach around planes of shape `in` for all of `out`.
struct Around {
  int64_t top, bottom, left, right;
};
Around around(const Gather& gather, const Shape& in, const Shape& out);

// Some output channels of a convolution.
struct ConvolutionPart {
  const Value* convolution;
  int64_t first, count;
};

// Elements, at most, of one plane of gradients in a pass that sends back to one strip of rows what these convolutions, or this pool,
// of equal output shape made of it. All planes of a pass are as large as the reader of the longest reach needs.
int64_t strip_plane_elements(const std::vector<const Value*>& readers, const Shape& in);

// Calls body(y, x) for the cells of the image under a pool's window, row by row.
template <typename Body>
void each_cell(const PoolAttributes& pool, const Shape& image, int64_t window_y, int64_t window_x, Body body) {
  const int64_t top = window_y * pool.stride.height - pool.padding.height;
  const int64_t left = window_x * pool.stride.width - pool.padding.width;
  for (int64_t y = std::max<int64_t>(0, top); y < std::min(image.height, top + pool.kernel.height); ++y) {
    for (int64_t x = std::max<int64_t>(0, left); x < std::min(image.width, left + pool.kernel.width); ++x) body(y, x);
  }
}

// Cells of the image (with its padding, if the pool counts it) under a window.
int64_t window_cells(const PoolAttributes& pool, const Shape& image, int64_t window_y, int64_t window_x);

Gather forward_gather(const Value& convolution, const Shape& in);
// All with the same stride and output shape. `may_tile`: 3x3 taps of stride 1 may be taken in tiles, where that is less work.
Gather backward_gather(const std::vector<ConvolutionPart>& parts, const Shape& in, bool may_tile = false);

// Lays the weights out as the tiles read them. weights[k] are those of part k's convolution, [out][in / groups][taps].
template <typename T>
void pack_forward(const Gather& gather, const TensorValues& weights, int64_t inputs, int64_t taps, T* packed);
template <typename T>
void pack_backward(const Gather& gather, const std::vector<ConvolutionPart>& parts, const Shape& in,
                   const std::vector<TensorValues>& weights, T* packed);

}  // namespace winnow
