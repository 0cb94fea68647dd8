// gather: rows of a linear local operator (kernels.h, GatherRows).
//
// A tile keeps outputs x pixels accumulators in registers while all terms pass: per term one broadcast weight per output and
// one load per pixel feed outputs * pixels multiply-adds, so the loop is bound by arithmetic. Rows are cut into strips of the
// tile's pixels; what is left over goes one pixel at a time. Terms are added in their order, whatever the strip.
//
// One output would load as often as it multiplies, and a core loads one to two vectors a cycle but multiplies two. Terms that are
// runs of taps share what they read of a row in registers: ten loads for 24 multiply-adds of a 3x3 kernel's row over eight pixels.
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

// Adds the terms of `runs` runs. inputs[0] is at the strip's first pixel once `first` is added.
template <typename T, int W, int PIXELS, int TAPS, int SPACING>
inline __attribute__((always_inline)) void add_runs(V<T, W> (&sum)[PIXELS], const T* const* inputs, int64_t first,
                                                    const T* weights, int64_t runs) {
  constexpr int kReach = PIXELS + (TAPS - 1) * SPACING;
  for (const T* const* const end = inputs + runs * TAPS; inputs != end; inputs += TAPS, weights += TAPS) {
    const T* in = *inputs + first;
    V<T, W> row[kReach];
    WINNOW_UNROLL
    for (int x = 0; x < kReach; ++x) row[x] = in_register(load<T, W>(in + x * kLanes));
    WINNOW_UNROLL
    for (int t = 0; t < TAPS; ++t) {
      const V<T, W> w = all<T, W>(weights[t]);
      WINNOW_UNROLL
      for (int x = 0; x < PIXELS; ++x) sum[x] = multiply_add(w, row[x + t * SPACING], sum[x]);
    }
  }
}

template <typename T, int W, int PIXELS, int SPACING>
inline __attribute__((always_inline)) void add_spaced_runs(V<T, W> (&sum)[PIXELS], const TapRuns& kind, const T* const* inputs,
                                                           int64_t first, const T* weights) {
  switch (kind.taps) {
    case 5:
      return add_runs<T, W, PIXELS, 5, SPACING>(sum, inputs, first, weights, kind.runs);
    case 3:
      return add_runs<T, W, PIXELS, 3, SPACING>(sum, inputs, first, weights, kind.runs);
    case 2:
      return add_runs<T, W, PIXELS, 2, SPACING>(sum, inputs, first, weights, kind.runs);
    default:
      return add_runs<T, W, PIXELS, 1, SPACING>(sum, inputs, first, weights, kind.runs);
  }
}

// The terms of one output, all of them runs.
template <typename T, int W, int PIXELS>
inline __attribute__((always_inline)) void add_all_runs(V<T, W> (&sum)[PIXELS], const GatherRows<T>& r, int64_t first) {
  const T* const* inputs = r.inputs;
  const T* weights = r.weights;
  for (const TapRuns *kind = r.runs, *end = kind + r.run_kinds; kind != end; ++kind) {
    kind->spacing == 1 ? add_spaced_runs<T, W, PIXELS, 1>(sum, *kind, inputs, first, weights)
                       : add_spaced_runs<T, W, PIXELS, 2>(sum, *kind, inputs, first, weights);
    inputs += kind->runs * kind->taps, weights += kind->runs * kind->taps;
  }
}

// A strip of one output whose terms are runs.
template <typename T, int W, int PIXELS>
inline __attribute__((always_inline)) void gather_run_strip(const GatherRows<T>& r, V<T, W> start, T* out, int64_t first) {
  V<T, W> sum[PIXELS];
  WINNOW_UNROLL
  for (int x = 0; x < PIXELS; ++x) sum[x] = r.accumulate ? load<T, W>(out + x * r.out_step) + start : start;
  add_all_runs<T, W, PIXELS>(sum, r, first);
  WINNOW_UNROLL
  for (int x = 0; x < PIXELS; ++x) store<T, W>(out + x * r.out_step, sum[x]);
}

// All rows in one function: what a call costs for each strip is a fifth of nine terms.
template <typename T, int W>
inline void gather_runs(const GatherRows<T> r) {
  const V<T, W> start = r.start == nullptr ? V<T, W>{} : all<T, W>(*r.start);
  for (int64_t y = 0; y < r.rows; ++y) {
    for (int64_t lane = 0; lane < r.lanes; lane += W) {
      T* const out = r.out + y * r.out_pitch + lane;
      const int64_t first = y * r.input_pitch + lane;
      int64_t x = 0;
      for (; x + 8 <= r.pixels; x += 8) gather_run_strip<T, W, 8>(r, start, out + x * r.out_step, first + x * kLanes);
      for (; x + 4 <= r.pixels; x += 4) gather_run_strip<T, W, 4>(r, start, out + x * r.out_step, first + x * kLanes);
      for (; x < r.pixels; ++x) gather_run_strip<T, W, 1>(r, start, out + x * r.out_step, first + x * kLanes);
    }
  }
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
  if constexpr (!LANES && kAccumulators >= 24) {
    if (r.run_kinds > 0) return gather_runs<T, W>(r);
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
