// The arithmetic of a plan, one table of functions per variant and number type (variants.inc).
//
// Every tensor is laid out [block][channel][row][pixel][lane]: a block holds kLanes samples, one per SIMD lane, so that few
// channels, strides and dilations cost no lanes, and one kernel serves every batch size. Lanes past the batch hold zeros.
#pragma once

#include <cstdint>

#include "runtime/device.h"

namespace winnow {

constexpr int64_t kLanes = 16;
// Widest tile that a gather takes: accumulators of a tile must fit the registers.
constexpr int64_t kGatherOutputs = 6;
// Rows of gradients, at most, that a correlation reads at a time.
constexpr int64_t kCorrelateRows = 3;
// Rows are short in small images: a conversion to double pays for itself over this many pixels.
constexpr int64_t kSumPixels = 32;

// Terms of a gather one after the other: `rows` times `taps` of them, as the taps of a kernel lie on one plane.
struct TapGrid {
  int64_t rows, taps;
};
// All terms of one output in their order, where pixels of the inputs are kLanes apart. Rows and taps of all grids lie equally far
// apart, taps at most kGridSpacing.
struct TapGrids {
  const TapGrid* grids = nullptr;
  int64_t count = 0;  // 0: not known
  int64_t rows_apart = 1, taps_apart = 1;
};
// Most taps of a row, and furthest apart, that a gather is told of.
constexpr int64_t kGridTaps = 5, kGridSpacing = 2;

// Rows of a linear local operator: out[o][y][x] = start[o] + sum over terms t of weights[t][o] * inputs[t][y][x]   (+ what
// was there).
// Convolution forward and backward-data are both lists of such terms (plan/gather.h).
template <typename T>
struct GatherRows {
  const T* const* inputs;           // [terms], each at row 0 and pixel 0, shifted by the term's tap
  const T* weights;                 // [terms][outputs]
  int64_t terms, outputs;           // outputs in [1, kGatherOutputs]
  int64_t input_pitch, input_step;  // elements from row to row, from pixel to pixel of the inputs
  T* out;                           // [outputs], out_plane elements apart
  int64_t out_plane, out_pitch, out_step;
  int64_t rows, pixels;
  int64_t lanes;  // used lanes of the block; the others may be left as they are
  bool accumulate;
  const T* start = nullptr;   // [outputs]; nullptr: zeros
  int64_t weight_pitch = 0;   // weights from term to term; 0: outputs
  bool lane_weights = false;  // every weight and start is kLanes elements, one for each lane
  TapGrids grids = {};
};

// Correlation of gradient planes with shifted activation planes, the weight gradient of a convolution:
// sums[r][t][lane] += sum over rows y and pixels x of gradients[r][y][x] * activations[t][y * stride][x * stride].
// Some rows at a time go by all terms.
template <typename T>
struct Correlation {
  const T* const* gradients;    // [rows]
  const T* const* activations;  // [terms]
  int64_t rows, terms;
  int64_t height, pixels;
  int64_t gradient_pitch, activation_pitch, activation_step;  // elements from row to row, from pixel to pixel
  T* sums;                                                    // [row][term][kLanes], rows sum_pitch elements apart
  int64_t sum_pitch;
  int64_t lanes;
};

// Rows of a plane. T may be const.
template <typename T>
struct Rows {
  T* at;
  int64_t pitch;  // elements from row to row
};

// Some lanes of a block.
struct LaneRange {
  int64_t first, count;
};

// One channel of a value over the whole batch. T may be const.
template <typename T>
struct ChannelPlanes {
  T* at;
  int64_t block_pitch, row_pitch;  // elements from block to block, row to row
};

// What of it is gone through.
struct Extent {
  int64_t blocks, rows, pixels;
  int64_t last_lanes;  // used lanes of the last block
};

// out = min(max(factor * in + shift, 0), cap), no cap where it is 0.
template <typename T>
struct Relu {
  ChannelPlanes<T> out;
  ChannelPlanes<const T> in;
  Extent extent;
  T factor, shift, cap;
  uint16_t* signs;     // [block][row][pixel]: bit l is set where lane l of `out` is > 0; nullptr: not wanted
  int64_t sign_pitch;  // masks from block to block
};

// out = shift + sum over terms t of factors[t] * in[t]; every lane is written.
template <typename T>
struct WeightedSum {
  ChannelPlanes<T> out;
  const ChannelPlanes<const T>* in;  // [terms]
  const T* factors;                  // [terms]
  int64_t terms;
  Extent extent;
  T shift;
};

// Gradient of a ReLU: out = factor * in where 0 < activation (and activation < cap, where that is not 0), else 0.
template <typename T>
struct ReluGradient {
  Rows<T> out;
  Rows<const T> in, activation;
  int64_t rows, pixels;
  T factor, cap;
  bool add;  // to what was in `out`
  // Sums over the pixels, lane by lane, that are added to [kLanes] while `out` is made; nullptr: not wanted.
  T* sum = nullptr;          // of out; not with `add`
  T* correlation = nullptr;  // of out * with; only beside `sum`
  Rows<const T> with = {nullptr, 0};
};

// Gradient of a batch norm: out = alpha * gradient + beta * value + kappa, each lane with coefficients of its own (zeros in
// lanes that are not used).
template <typename T>
struct NormGradient {
  Rows<T> out;
  Rows<const T> gradient, value;
  int64_t rows, pixels;
  const T *alpha, *beta, *kappa;  // [kLanes]
  bool add;
};

// Sums over 3x3 windows, the gradient of an average pool of stride 1, and sums beside them (+ what was there):
// out[y][x] = sum over t of direct[t] * in[t][y][x] + sum over dx of column_factors[x + dx] * w[y][x + dx],
// w[y][x] = sum over t and dy of factors[t] * row_factors[y][1 + dy] * in[t][y + dy][x],
// dx and dy in -1, 0, 1; there is nothing beside the first and the last pixel of a row.
template <typename T>
struct WindowSums {
  Rows<T> out;
  const Rows<const T>* in;  // [terms], at the first row of `out`
  const T* factors;         // [terms]
  const T* direct;          // [terms]; nullptr: zeros
  int64_t terms;
  int64_t rows, pixels;     // at least one pixel
  const T* row_factors;     // [rows][3]; 0: that row of `in` is not there
  const T* column_factors;  // [pixels]
  bool add;
};

// Minimal filtering of 3x3 taps of stride 1 in tiles of four by four pixels (Toom and Cook; Winograd 1980; Lavin and Gray 2015,
// arXiv:1509.09308): 36 products for 144 multiply-adds, along both axes what follows along one. Polynomials are multiplied by
// their values at the points 0, infinity, A, -A, B and -B. With d0 ... d5 the inputs under a tile, the products' sides v are
//     v0 = A^2 B^2 d0 - (A^2 + B^2) d2 + d4,   v2, v3 = (d4 - B^2 d2) +- A (d3 - B^2 d1),
//     v1 = A^2 B^2 d1 - (A^2 + B^2) d3 + d5,   v4, v5 = (d4 - A^2 d2) +- B (d3 - A^2 d1).
// Four outputs of taps g, and the correlation of a gradient e0 ... e3 with three taps, are, n being kTileShares and x the points,
//     y_i = sum over k of x_k^i p_k,       p_k = v_k n_k (g0 + x_k g1 + x_k^2 g2),
//     r_t = sum over k of x_k^t n_k q_k,   q_k = v_k (e0 + x_k e1 + x_k^2 e2 + x_k^3 e3),
// where infinity takes the last coefficient only and counts in the last sum only. Sums over channels are taken of the p, sums
// over tiles of the q. A and B are within 2 % of the smallest error of all eighths (float32, 6 to 36 channels: 2.3 times that of
// the terms added one by one, with 1 and 2 it is 4.7 times). Products are numbered by row and then by column, kTileSide along
// each axis; rows come in pairs of points, which share half of their arithmetic.
constexpr int64_t kTilePixels = 4, kTileTaps = 3, kTileSide = 6, kTilePairs = 3, kTileProducts = kTileSide * kTileSide;
constexpr double kTileA = 0.625, kTileB = 1.5, kTileA2 = kTileA * kTileA, kTileB2 = kTileB * kTileB;
constexpr double kTileShareA = 1 / (2 * kTileA2 * (kTileA2 - kTileB2)), kTileShareB = 1 / (2 * kTileB2 * (kTileB2 - kTileA2));
constexpr double kTileShares[kTileSide] = {1 / (kTileA2 * kTileB2), 1, kTileShareA, kTileShareA, kTileShareB, kTileShareB};

// Sides of a pair of rows of products, of rows of tiles: out[row of the pair][tile][kTileSide][kLanes], tiles row by row.
template <typename T>
struct TileRows {
  Rows<const T> in;
  int64_t pair;
  int64_t rows, tiles;  // of tiles; in each
  T* out;
  int64_t out_row;  // elements from row to row of products
  int64_t lanes;
};

// Sums over planes of one row of products, added up along the row: out[output][tile][kTilePixels][kLanes].
template <typename T>
struct TileOutputs {
  const T* inputs;   // [plane][tile][kTileSide][kLanes]
  const T* weights;  // [plane][output][kTileSide]
  int64_t planes, outputs, tiles;
  T* out;
  int64_t lanes;
  bool add;  // to what was in `out`
};

// Outputs of a row of tiles, of what its rows of products made.
template <typename T>
struct TileColumns {
  const T* in;     // of product row 0: [pixel][kLanes]
  int64_t in_row;  // elements to that of the next
  Rows<T> out;
  int64_t rows, pixels;  // at most kTilePixels rows
  int64_t lanes;
  bool add;
};

// Sums over tiles of one row of products of gradients' and inputs' sides, added up along the row, and their lanes:
// sums[output][term][kTileTaps] += . The tiles of a call are summed in T, calls in double. Zeros may be added to as many as
// kTileSpare elements behind the last sum.
template <typename T>
struct TileCorrelation {
  const T *gradients, *inputs;  // [output or term][tile][kTileSide][kLanes]
  int64_t outputs, terms, tiles;
  double *sums, *upper;  // with `upper` the second half of the lanes goes there
  int64_t lanes;
};
constexpr int64_t kTileSpare = 8 - kTileTaps;

// Gradient of a row of a max pool's windows: factor * gradient is added to the first cell, row by row, whose value is the
// window's, lane by lane.
template <typename T>
struct MaximumGradient {
  const T* const* in;         // [rows]: the image's rows under the windows
  T* const* out;              // [rows]: their gradients; nullptr: not wanted
  int64_t rows, width;        // of the image
  int64_t taps, step, first;  // pixels of a window's row; window x begins at pixel first + x * step, which may lie outside
  const T *value, *gradient;  // [windows]
  int64_t windows;
  T factor;
};

// Sums over pixels, lane by lane, of value * gradient, of the value's square and of the value: sums[3][kLanes], added to. They
// make those of value * (alpha * gradient + beta * value + kappa). In double, each operation rounded, pixels in order, so that
// every variant gives the same bits.
template <typename T>
struct ValueProducts {
  double* sums;
  Rows<const T> value, gradient;
  int64_t rows, pixels, lanes;  // kLanes, or kLanes / 2 of every pixel
};

// Inner products of rows, in double: sums[i * n + j] += sum over x of rows[i][x] * rows[j][x] for j <= i < n; the others are left.
template <typename T>
struct GramRows {
  const T* rows;  // [n], pitch elements apart
  int64_t pitch, n, count;
  double* sums;  // [n][n]
};

template <typename T>
struct Kernels {
  void (*gather)(const GatherRows<T>&);
  void (*correlate)(const Correlation<T>&);
  void (*relu)(const Relu<T>&);
  void (*weighted_sum)(const WeightedSum<T>&);
  void (*relu_gradient)(const ReluGradient<T>&);
  void (*norm_gradient)(const NormGradient<T>&);
  void (*window_sums)(const WindowSums<T>&);
  void (*tile_inputs)(const TileRows<T>&);     // sides v; `in` is at d0 of the first tile along both axes
  void (*tile_gradients)(const TileRows<T>&);  // sides of correlations; `in` is at the first tile's first pixel
  void (*tile_outputs)(const TileOutputs<T>&);
  void (*tile_columns)(const TileColumns<T>&);
  void (*correlate_tiles)(const TileCorrelation<T>&);
  void (*maximum_gradient)(const MaximumGradient<T>&);

  // Pointwise over `pixels` consecutive pixels; `add` keeps what was in `out`.
  void (*scale)(T* out, const T* in, T factor, int64_t pixels, bool add);     // factor * in
  void (*affine)(T* out, const T* in, T factor, T shift, int64_t pixels);     // factor * in + shift
  void (*maximum)(T* out, const T* in, int64_t step, int64_t pixels);         // max(out, in), `step` elements apart
  void (*to_float)(float* out, const T* in, int64_t pixels);                  // rounded
  void (*scale_each)(T* out, const T* in, const T* factors, int64_t pixels);  // factors[x] * in[x], x the pixel

  // sums[i] += the lanes of lane_sums[i], added in double; clears them. With `upper` the second half of the lanes goes there.
  void (*reduce)(T* lane_sums, int64_t count, double* sums, double* upper);
  // Sums over the used lanes of a batch: at least kSumPixels pixels, or what a plane has, in T per lane, and those in double.
  double (*channel_sum)(const ChannelPlanes<const T>&, const Extent&);
  double (*channel_squares)(const ChannelPlanes<const T>&, const Extent&, T mean);  // of in - mean

  // Double sums over some lanes; a row of pixels is summed in T per lane, rows are added in double.
  double (*sum)(const T* in, int64_t pixels, LaneRange lanes);
  double (*product)(const T* a, const T* b, int64_t pixels, LaneRange lanes);

  void (*value_products)(const ValueProducts<T>&);
  void (*gram)(const GramRows<T>&);

  int64_t width;  // lanes of a vector: so many cost what one does
};

template <typename T>
const Kernels<T>& kernels_of(Variant variant);

}  // namespace winnow
