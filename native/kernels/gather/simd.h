// gather: rows of a linear local operator (kernels.h, GatherRows).
//
// A tile keeps outputs x pixels accumulators in registers while all terms pass: per term one broadcast weight per output and
// one load per pixel feed outputs * pixels multiply-adds, so the loop is bound by arithmetic. Rows are cut into strips of the
// tile's pixels; what is left over goes one pixel at a time. Terms are added in their order, whatever the strip.
//
// One output would load as often as it multiplies, and a core loads one to two vectors a cycle but multiplies two; and what it loads
// comes from the second-level cache, a kernel's rows being longer than the first. So where terms are the taps of kernels, two rows of
// the output are made at once, which share all rows of the input but two, and taps share what they read of a row in registers: twelve
// loads for 40 and 80 multiply-adds of a 5x5 kernel over eight pixels.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Outputs of a tile: each weight of a term, a pixel and the sums of at least four pixels are in registers (six outputs of two pixels
// in sixteen registers load 8 values for 12 multiply-adds instead of 7: 59 % of the probe, three of four 85).
constexpr int64_t kMostOutputs = kAccumulators < 24 ? 3 : kGatherOutputs;

// A weight in every lane, or the lanes' own.
template <typename T, int W, bool LANES>
inline V<T, W> weight_at(const T* weights, int64_t index, int64_t lane) {
  if constexpr (LANES) return load<T, W>(weights + index * kLanes + lane);
  return all<T, W>(weights[index]);
}

// Adds the terms of a row of taps to rows [FROM, END) of strips of one output, whose pixels are as far apart as taps. `in` is what
// the first tap reads for the first pixel, `weights` are those of row 0; each row has those of the taps' row before the last one's.
template <typename T, int W, int ROWS, int PIXELS, int TAPS, int SPACING, int FROM, int END>
inline __attribute__((always_inline)) void add_taps(V<T, W> (&sum)[ROWS][PIXELS], const T* in, const T* weights) {
  constexpr int kStep = SPACING * kLanes, kReach = PIXELS + TAPS - 1;
  constexpr bool kHolds = kAccumulators >= 24;  // what taps share, beside the sums
  in = one_address(in);
  weights = one_address(weights);  // or GCC sees the last row's weights again in this one, and carries them over the stack
  V<T, W> row[kHolds ? kReach : 1];
  WINNOW_UNROLL
  for (int x = 0; kHolds && x < kReach; ++x) row[x] = in_register(load<T, W>(in + x * kStep));
  WINNOW_UNROLL
  for (int t = 0; t < TAPS; ++t) {
    V<T, W> w[ROWS];
    WINNOW_UNROLL
    for (int o = FROM; o < END; ++o) w[o] = all<T, W>(weights[t - o * TAPS]);
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x) {
      const V<T, W> value = kHolds ? row[x + t] : in_register(load<T, W>(in + (x + t) * kStep));
      WINNOW_UNROLL
      for (int o = FROM; o < END; ++o) sum[o][x] = multiply_add(w[o], value, sum[o][x]);
    }
  }
}

// Adds the terms of a grid of taps. Two rows of the output are as far apart as the grid's, that is `below` elements of the inputs.
template <typename T, int W, int ROWS, int PIXELS, int TAPS, int SPACING>
inline __attribute__((always_inline)) void add_grid(V<T, W> (&sum)[ROWS][PIXELS], int64_t rows, const T* const* inputs,
                                                    const T* weights, int64_t at, int64_t below) {
  add_taps<T, W, ROWS, PIXELS, TAPS, SPACING, 0, 1>(sum, *inputs + at, weights);
  for (int64_t k = 1; k < rows; ++k) {
    inputs += TAPS, weights += TAPS;
    add_taps<T, W, ROWS, PIXELS, TAPS, SPACING, 0, ROWS>(sum, *inputs + at, weights);
  }
  if constexpr (ROWS == 2) add_taps<T, W, ROWS, PIXELS, TAPS, SPACING, 1, 2>(sum, *inputs + at + below, weights + TAPS);
}

// A strip of one output whose terms are the taps of grids; of two rows, or of one.
template <typename T, int W, int ROWS, int PIXELS, int SPACING>
inline __attribute__((always_inline)) void gather_grid_strip(const GatherRows<T>& r, V<T, W> start, T* out, int64_t at) {
  const int64_t below = r.grids.rows_apart * r.input_pitch, out_below = r.grids.rows_apart * r.out_pitch;
  const int64_t step = SPACING * r.out_step;
  V<T, W> sum[ROWS][PIXELS];
  WINNOW_UNROLL
  for (int o = 0; o < ROWS; ++o) {
    const T* from = out + o * out_below;
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x, from = one_address(from + step))
      sum[o][x] = r.accumulate ? load<T, W>(from) + start : start;
  }
  const T* const* inputs = r.inputs;
  const T* weights = r.weights;
  for (const TapGrid *grid = r.grids.grids, *end = grid + r.grids.count; grid != end; ++grid) {
    switch (grid->taps) {
      case 5:
        add_grid<T, W, ROWS, PIXELS, 5, SPACING>(sum, grid->rows, inputs, weights, at, below);
        break;
      case 3:
        add_grid<T, W, ROWS, PIXELS, 3, SPACING>(sum, grid->rows, inputs, weights, at, below);
        break;
      case 2:
        add_grid<T, W, ROWS, PIXELS, 2, SPACING>(sum, grid->rows, inputs, weights, at, below);
        break;
      default:
        add_grid<T, W, ROWS, PIXELS, 1, SPACING>(sum, grid->rows, inputs, weights, at, below);
    }
    inputs += grid->rows * grid->taps, weights += grid->rows * grid->taps;
  }
  WINNOW_UNROLL
  for (int o = 0; o < ROWS; ++o) {
    T* to = out + o * out_below;
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x, to = one_address(to + step)) store<T, W>(to, sum[o][x]);
  }
}

template <typename T, int W, int ROWS, int SPACING>
inline __attribute__((always_inline)) void gather_grid_rows(const GatherRows<T>& r, V<T, W> start, int64_t y) {
  constexpr int kPixels = kAccumulators / ROWS >= 8 ? 8 : 4;
  for (int64_t lane = 0; lane < r.lanes; lane += W) {
    T* const out = r.out + y * r.out_pitch + lane;
    const int64_t at = y * r.input_pitch + lane;
    for (int64_t x0 = 0; x0 < SPACING; ++x0) {
      int64_t x = x0;
      for (; x + (kPixels - 1) * SPACING < r.pixels; x += kPixels * SPACING) {
        gather_grid_strip<T, W, ROWS, kPixels, SPACING>(r, start, out + x * r.out_step, at + x * kLanes);
      }
      for (; kPixels > 4 && x + 3 * SPACING < r.pixels; x += 4 * SPACING) {
        gather_grid_strip<T, W, ROWS, 4, SPACING>(r, start, out + x * r.out_step, at + x * kLanes);
      }
      for (; x < r.pixels; x += SPACING) {
        gather_grid_strip<T, W, ROWS, 1, SPACING>(r, start, out + x * r.out_step, at + x * kLanes);
      }
    }
  }
}

// All rows in one function: what a call costs for each strip is a fifth of nine terms.
template <typename T, int W, int SPACING>
inline void gather_grids(const GatherRows<T> r) {
  const V<T, W> start = r.start == nullptr ? V<T, W>{} : all<T, W>(*r.start);
  const int64_t apart = r.grids.rows_apart;
  int64_t y = 0;
  for (; y + 2 * apart <= r.rows; y += 2 * apart) {
    for (int64_t k = 0; k < apart; ++k) gather_grid_rows<T, W, 2, SPACING>(r, start, y + k);
  }
  for (; y < r.rows; ++y) gather_grid_rows<T, W, 1, SPACING>(r, start, y);
}

template <typename T, int W, int OUTPUTS, int PIXELS, bool LANES>
inline void gather_strip(const GatherRows<T>& r, int64_t row, int64_t pixel, int64_t lane) {
  V<T, W> sum[OUTPUTS][PIXELS];
  T* out = r.out + row * r.out_pitch + pixel * r.out_step + lane;
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    const V<T, W> start = r.start == nullptr ? V<T, W>{} : weight_at<T, W, LANES>(r.start, o, lane);
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x) {
      sum[o][x] = r.accumulate ? load<T, W>(out + o * r.out_plane + x * r.out_step) + start : start;
    }
  }
  const int64_t first = row * r.input_pitch + pixel * r.input_step + lane, step = r.input_step;
  const int64_t pitch = (r.weight_pitch == 0 ? OUTPUTS : r.weight_pitch) * (LANES ? kLanes : 1);
  const T* weights = r.weights;
  for (int64_t t = 0; t < r.terms; ++t, weights += pitch) {
    const T* in = r.inputs[t] + first;
    V<T, W> w[OUTPUTS];
    WINNOW_UNROLL
    for (int o = 0; o < OUTPUTS; ++o) w[o] = weight_at<T, W, LANES>(weights, o, lane);
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x) {
      const V<T, W> value = in_register(load<T, W>(in + x * step));
      WINNOW_UNROLL
      for (int o = 0; o < OUTPUTS; ++o) sum[o][x] = multiply_add(w[o], value, sum[o][x]);
    }
  }
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x) store<T, W>(out + o * r.out_plane + x * r.out_step, sum[o][x]);
  }
}

template <typename T, int W, int OUTPUTS, bool LANES>
inline void gather_outputs(const GatherRows<T>& r) {
  constexpr int kPixels = kAccumulators / OUTPUTS > 8 ? 8 : kAccumulators / OUTPUTS;
  for (int64_t y = 0; y < r.rows; ++y) {
    for (int64_t lane = 0; lane < r.lanes; lane += W) {
      int64_t x = 0;
      for (; x + kPixels <= r.pixels; x += kPixels) gather_strip<T, W, OUTPUTS, kPixels, LANES>(r, y, x, lane);
      if constexpr (kPixels > 4) {
        for (; x + 4 <= r.pixels; x += 4) gather_strip<T, W, OUTPUTS, 4, LANES>(r, y, x, lane);
      }
      for (; x < r.pixels; ++x) gather_strip<T, W, OUTPUTS, 1, LANES>(r, y, x, lane);
    }
  }
}

template <typename T, bool LANES>
inline void gather_any(const GatherRows<T>& r) {
  constexpr int W = kWidth<T>;
  if constexpr (!LANES) {
    if (r.grids.count > 0) return r.grids.taps_apart == 1 ? gather_grids<T, W, 1>(r) : gather_grids<T, W, 2>(r);
  }
  switch (r.outputs) {
    case 1:
      return gather_outputs<T, W, 1, LANES>(r);
    case 2:
      return gather_outputs<T, W, 2, LANES>(r);
    case 3:
      return gather_outputs<T, W, 3, LANES>(r);
  }
  if constexpr (kMostOutputs > 3) {
    switch (r.outputs) {
      case 4:
        return gather_outputs<T, W, 4, LANES>(r);
      case 5:
        return gather_outputs<T, W, 5, LANES>(r);
      default:
        return gather_outputs<T, W, 6, LANES>(r);
    }
  }
}

template <typename T>
void gather(const GatherRows<T>& r) {
  if (r.outputs <= kMostOutputs) return r.lane_weights ? gather_any<T, true>(r) : gather_any<T, false>(r);
  GatherRows<T> part = r;
  part.weight_pitch = r.weight_pitch == 0 ? r.outputs : r.weight_pitch;
  const int64_t halves[] = {(r.outputs + 1) / 2, r.outputs / 2}, step = r.lane_weights ? kLanes : 1;
  for (const int64_t outputs : halves) {
    part.outputs = outputs;
    gather(part);
    part.out += outputs * r.out_plane, part.weights += outputs * step;
    if (r.start != nullptr) part.start += outputs * step;
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
