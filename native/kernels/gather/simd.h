// gather: rows of a linear local operator (kernels.h, GatherRows).
//
// A tile keeps outputs x pixels accumulators in registers while all terms pass: per term one broadcast weight per output and
// one load per pixel feed outputs * pixels multiply-adds, so the loop is bound by arithmetic. Rows are cut into strips of the
// tile's pixels; what is left over goes one pixel at a time. Terms are added in their order, whatever the strip.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

template <typename T, int W, int OUTPUTS, int PIXELS>
inline void gather_strip(const GatherRows<T>& r, int64_t row, int64_t pixel, int64_t lane) {
  V<T, W> sum[OUTPUTS][PIXELS];
  T* out = r.out + row * r.out_pitch + pixel * r.out_step + lane;
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    WINNOW_UNROLL
    for (int x = 0; x < PIXELS; ++x) {
      sum[o][x] = r.accumulate ? load<T, W>(out + o * r.out_plane + x * r.out_step) : V<T, W>{};
    }
  }
  const int64_t start = row * r.input_pitch + pixel * r.input_step + lane, step = r.input_step;
  const T* weights = r.weights;
  for (int64_t t = 0; t < r.terms; ++t, weights += OUTPUTS) {
    const T* in = r.inputs[t] + start;
    V<T, W> w[OUTPUTS];
    WINNOW_UNROLL
    for (int o = 0; o < OUTPUTS; ++o) w[o] = all<T, W>(weights[o]);
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

template <typename T, int W, int OUTPUTS>
inline void gather_outputs(const GatherRows<T>& r) {
  constexpr int kPixels = kAccumulators / OUTPUTS > 8 ? 8 : kAccumulators / OUTPUTS;
  for (int64_t y = 0; y < r.rows; ++y) {
    for (int64_t lane = 0; lane < r.lanes; lane += W) {
      int64_t x = 0;
      for (; x + kPixels <= r.pixels; x += kPixels) gather_strip<T, W, OUTPUTS, kPixels>(r, y, x, lane);
      if constexpr (kPixels > 4) {
        for (; x + 4 <= r.pixels; x += 4) gather_strip<T, W, OUTPUTS, 4>(r, y, x, lane);
      }
      for (; x < r.pixels; ++x) gather_strip<T, W, OUTPUTS, 1>(r, y, x, lane);
    }
  }
}

template <typename T>
void gather(const GatherRows<T>& r) {
  switch (r.outputs) {
    case 1:
      return gather_outputs<T, kWidth<T>, 1>(r);
    case 2:
      return gather_outputs<T, kWidth<T>, 2>(r);
    case 3:
      return gather_outputs<T, kWidth<T>, 3>(r);
    case 4:
      return gather_outputs<T, kWidth<T>, 4>(r);
    case 5:
      return gather_outputs<T, kWidth<T>, 5>(r);
    default:
      return gather_outputs<T, kWidth<T>, 6>(r);
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
