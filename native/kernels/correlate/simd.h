// correlate: the weight gradient's sums (kernels.h, Correlation).
//
// Tiles of rows x terms accumulators stay in registers over the whole plane; per pixel rows + terms loads feed rows * terms
// multiply-adds. Small tiles keep several sets, for neighbouring pixels, so that an addition need not wait for the last one. The
// lanes are reduced by the caller, in double and in a fixed order.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

template <typename T, int W, int ROWS, int TERMS>
inline void correlate_tile(const Correlation<T>& c, int64_t row, int64_t term) {
  constexpr int kSets = ROWS * TERMS < 8 ? 8 / (ROWS * TERMS) : 1;
  for (int64_t lane = 0; lane < c.lanes; lane += W) {
    V<T, W> sum[kSets][ROWS][TERMS] = {};
    const T* gradient[ROWS];
    const T* activation[TERMS];
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) gradient[r] = c.gradients[row + r] + lane;
    WINNOW_UNROLL
    for (int t = 0; t < TERMS; ++t) activation[t] = c.activations[term + t] + lane;
    T* sums = c.sums + row * c.sum_pitch + term * kLanes + lane;
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) {
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) sum[0][r][t] = load<T, W>(sums + r * c.sum_pitch + t * kLanes);
    }
    const auto add = [&](V<T, W>(&to)[ROWS][TERMS], int64_t x) {
      V<T, W> g[ROWS];
      WINNOW_UNROLL
      for (int r = 0; r < ROWS; ++r) g[r] = load<T, W>(gradient[r] + x * kLanes);
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) {
        const V<T, W> a = in_register(load<T, W>(activation[t] + x * c.activation_step));
        WINNOW_UNROLL
        for (int r = 0; r < ROWS; ++r) to[r][t] = multiply_add(g[r], a, to[r][t]);
      }
    };
    for (int64_t y = 0; y < c.height; ++y) {
      int64_t x = 0;
      for (; x + kSets <= c.pixels; x += kSets) {
        WINNOW_UNROLL
        for (int k = 0; k < kSets; ++k) add(sum[k], x + k);
      }
      for (; x < c.pixels; ++x) add(sum[0], x);
      WINNOW_UNROLL
      for (int r = 0; r < ROWS; ++r) gradient[r] += c.gradient_pitch;
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) activation[t] += c.activation_pitch;
    }
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) {
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) {
        WINNOW_UNROLL
        for (int k = 1; k < kSets; ++k) sum[0][r][t] += sum[k][r][t];
        store<T, W>(sums + r * c.sum_pitch + t * kLanes, sum[0][r][t]);
      }
    }
  }
}

// The same for RUNS x TAPS terms, such as the taps of a kernel row by row: within a run each lies `tap` elements after the last.
// Then few enough addresses are needed to stay in registers too, which in planes of 8x8 pixels is a third of the time.
template <typename T, int W, int ROWS, int RUNS, int TAPS, bool DENSE>
inline void correlate_runs(const Correlation<T>& c, int64_t row, int64_t term, int64_t tap) {
  const int64_t gradient_pitch = c.gradient_pitch, activation_pitch = c.activation_pitch, pixels = c.pixels;
  const int64_t step = DENSE ? kLanes : c.activation_step;
  if (c.height <= 0 || c.pixels <= 0) return;
  for (int64_t lane = 0; lane < c.lanes; lane += W) {
    const T* gradient[ROWS];
    const T* run[RUNS];
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) gradient[r] = c.gradients[row + r] + lane;
    WINNOW_UNROLL
    for (int k = 0; k < RUNS; ++k) run[k] = c.activations[term + k * TAPS] + lane;
    V<T, W> sum[ROWS][RUNS][TAPS];
    T* sums = c.sums + row * c.sum_pitch + term * kLanes + lane;
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) {
      WINNOW_UNROLL
      for (int k = 0; k < RUNS; ++k) {
        WINNOW_UNROLL
        for (int t = 0; t < TAPS; ++t) sum[r][k][t] = load<T, W>(sums + r * c.sum_pitch + (k * TAPS + t) * kLanes);
      }
    }
    int64_t y = c.height;
    do {
      int64_t x = 0;
      do {
        V<T, W> g[ROWS];
        WINNOW_UNROLL
        for (int r = 0; r < ROWS; ++r) g[r] = load<T, W>(gradient[r] + x * kLanes);
        WINNOW_UNROLL
        for (int k = 0; k < RUNS; ++k) {
          WINNOW_UNROLL
          for (int t = 0; t < TAPS; ++t) {
            const V<T, W> a = in_register(load<T, W>(run[k] + x * step + t * tap));
            WINNOW_UNROLL
            for (int r = 0; r < ROWS; ++r) sum[r][k][t] = multiply_add(g[r], a, sum[r][k][t]);
          }
        }
      } while (++x < pixels);
      WINNOW_UNROLL
      for (int r = 0; r < ROWS; ++r) gradient[r] += gradient_pitch;
      WINNOW_UNROLL
      for (int k = 0; k < RUNS; ++k) run[k] += activation_pitch;
    } while (--y > 0);
    WINNOW_UNROLL
    for (int r = 0; r < ROWS; ++r) {
      WINNOW_UNROLL
      for (int k = 0; k < RUNS; ++k) {
        WINNOW_UNROLL
        for (int t = 0; t < TAPS; ++t) store<T, W>(sums + r * c.sum_pitch + (k * TAPS + t) * kLanes, sum[r][k][t]);
      }
    }
  }
}

// Whether terms from `at` on are runs; how far apart their taps are.
template <typename T>
inline bool are_runs(const T* const* at, int64_t runs, int64_t taps, int64_t& tap) {
  tap = at[1] - at[0];
  for (int64_t k = 0; k < runs; ++k) {
    for (int64_t t = 1; t < taps; ++t) {
      if (at[k * taps + t] - at[k * taps + t - 1] != tap) return false;
    }
  }
  return true;
}

// One row of gradients would load as often as it multiplies, and a core loads one to two vectors a cycle but multiplies two. What
// neighbouring pixels share of a run stays in registers: per pixel a load and one for each run feed RUNS * TAPS multiply-adds.
// Taps lie SPACING, pixels STEP units of UNIT elements apart; pixels that share taps follow one another.
template <typename T, int W, int RUNS, int TAPS, int SPACING, int STEP, int UNIT, int SETS, int PIXELS>
inline __attribute__((always_inline)) void add_pixels(V<T, W> (&sum)[SETS][RUNS][TAPS], const T* gradient,
                                                      const T* const (&run)[RUNS], int64_t first) {
  constexpr int kReach = (TAPS - 1) * SPACING;
  WINNOW_UNROLL
  for (int phase = 0; phase < SPACING; ++phase) {
    V<T, W> row[RUNS][PIXELS * STEP + kReach];
    WINNOW_UNROLL
    for (int x = phase; x < PIXELS; x += SPACING) {
      const V<T, W> g = in_register(load<T, W>(gradient + (first + x) * kLanes));
      WINNOW_UNROLL
      for (int k = 0; k < RUNS; ++k) {
        const int known = x == phase ? x * STEP : (x - SPACING) * STEP + kReach + SPACING;
        WINNOW_UNROLL
        for (int i = known; i <= x * STEP + kReach; i += SPACING) {
          row[k][i] = in_register(load<T, W>(run[k] + (first * STEP + i) * UNIT));
        }
        WINNOW_UNROLL
        for (int t = 0; t < TAPS; ++t) {
          V<T, W>& to = sum[x / SPACING % SETS][k][t];
          to = multiply_add(g, row[k][x * STEP + t * SPACING], to);
        }
      }
    }
  }
}

template <typename T, int W, int RUNS, int TAPS, int SPACING, int STEP, int UNIT>
inline void correlate_row(const Correlation<T>& c, int64_t row, int64_t term) {
  constexpr int kSets = RUNS * TAPS < 8 ? 2 : 1;
  const int64_t pixels = c.pixels, gradient_pitch = c.gradient_pitch, activation_pitch = c.activation_pitch;
  for (int64_t lane = 0; lane < c.lanes; lane += W) {
    V<T, W> sum[kSets][RUNS][TAPS] = {};
    T* sums = c.sums + row * c.sum_pitch + term * kLanes + lane;
    const T *gradient = c.gradients[row] + lane, *run[RUNS];
    WINNOW_UNROLL
    for (int k = 0; k < RUNS; ++k) {
      run[k] = c.activations[term + k * TAPS] + lane;
      WINNOW_UNROLL
      for (int t = 0; t < TAPS; ++t) sum[0][k][t] = load<T, W>(sums + (k * TAPS + t) * kLanes);
    }
    for (int64_t y = 0; y < c.height; ++y) {
      int64_t x = 0;
      for (; x + 8 <= pixels; x += 8) add_pixels<T, W, RUNS, TAPS, SPACING, STEP, UNIT, kSets, 8>(sum, gradient, run, x);
      for (; x < pixels; ++x) add_pixels<T, W, RUNS, TAPS, SPACING, STEP, UNIT, kSets, 1>(sum, gradient, run, x);
      gradient += gradient_pitch;
      WINNOW_UNROLL
      for (int k = 0; k < RUNS; ++k) run[k] += activation_pitch;
    }
    WINNOW_UNROLL
    for (int k = 0; k < RUNS; ++k) {
      WINNOW_UNROLL
      for (int t = 0; t < TAPS; ++t) {
        if constexpr (kSets == 2) sum[0][k][t] += sum[1][k][t];
        store<T, W>(sums + (k * TAPS + t) * kLanes, sum[0][k][t]);
      }
    }
  }
}

// Kernels of TAPS x TAPS taps; as many of their rows at once as fit the registers.
template <typename T, int W, int TAPS, int SPACING, int STEP, int UNIT>
inline void correlate_kernels(const Correlation<T>& c, int64_t row) {
  constexpr int kRuns = TAPS == 3 ? 3 : 2;
  for (int64_t kernel = 0; kernel < c.terms; kernel += TAPS * TAPS) {
    int64_t run = 0;
    for (; run + kRuns <= TAPS; run += kRuns) {
      correlate_row<T, W, kRuns, TAPS, SPACING, STEP, UNIT>(c, row, kernel + run * TAPS);
    }
    if constexpr (TAPS % kRuns != 0) correlate_row<T, W, 1, TAPS, SPACING, STEP, UNIT>(c, row, kernel + run * TAPS);
  }
}

// Does so where the terms are such kernels, dilated or strided by two at most.
template <typename T, int W, int TAPS>
inline bool are_kernels(const Correlation<T>& c, int64_t row) {
  constexpr int kPixel = static_cast<int>(kLanes);
  int64_t tap;
  if (c.terms % (TAPS * TAPS) != 0 || !are_runs(c.activations, c.terms / TAPS, TAPS, tap)) return false;
  const bool near = tap == kPixel, dense = c.activation_step == kPixel;
  if ((!near && tap != 2 * kPixel) || (!dense && c.activation_step != 2 * kPixel)) return false;
  if (near && dense) correlate_kernels<T, W, TAPS, 1, 1, kPixel>(c, row);
  if (near && !dense) correlate_kernels<T, W, TAPS, 1, 2, kPixel>(c, row);
  if (!near && dense) correlate_kernels<T, W, TAPS, 2, 1, kPixel>(c, row);
  if (!near && !dense) correlate_kernels<T, W, TAPS, 1, 1, 2 * kPixel>(c, row);
  return true;
}

// Terms of a tile. Nine taps of a 3x3 kernel, where 27 accumulators fit the registers; a 5x5 is 9 + 9 + 7. In sixteen registers two
// rows take five, 25 being 5 times 5 and 9 being 5 + 4 (with three a kernel of DARTS takes 5 % longer).
constexpr int tile_terms(int rows) { return kAccumulators >= 24 ? 9 : rows == 2 ? 5 : 3; }

template <typename T, int W, int ROWS>
inline void correlate_rows(const Correlation<T>& c, int64_t row) {
  constexpr int kTerms = tile_terms(ROWS), kRest = kTerms == 9 ? 7 : 4;
  if constexpr (kAccumulators >= 24 && ROWS == 1) {
    if (are_kernels<T, W, 3>(c, row) || are_kernels<T, W, 5>(c, row)) return;
  }
  int64_t t = 0;
  for (; t + kTerms <= c.terms; t += kTerms) {
    if constexpr (kTerms == 9 && ROWS > 1) {
      int64_t tap;
      if (are_runs(c.activations + t, 3, 3, tap)) {
        if (c.activation_step == kLanes) {
          correlate_runs<T, W, ROWS, 3, 3, true>(c, row, t, tap);
        } else {
          correlate_runs<T, W, ROWS, 3, 3, false>(c, row, t, tap);
        }
        continue;
      }
    }
    correlate_tile<T, W, ROWS, kTerms>(c, row, t);
  }
  if constexpr (kTerms > kRest) {
    if (t + kRest == c.terms) return correlate_tile<T, W, ROWS, kRest>(c, row, t);
  }
  for (; t + 3 <= c.terms; t += 3) correlate_tile<T, W, ROWS, 3>(c, row, t);
  for (; t < c.terms; ++t) correlate_tile<T, W, ROWS, 1>(c, row, t);
}

// Rows of the next tile: none is left alone beside others.
inline int64_t next_rows(int64_t left) {
  const bool three = kAccumulators >= 24 ? left == 3 || left > 4 : left > 1 && left % 2 == 1;
  return three ? 3 : left < 2 ? left : 2;
}

template <typename T>
void correlate(const Correlation<T>& c) {
  constexpr int W = kWidth<T>;
  for (int64_t row = 0, rows; row < c.rows; row += rows) {
    rows = next_rows(c.rows - row);
    if (rows == 3) correlate_rows<T, W, 3>(c, row);
    if (rows == 2) correlate_rows<T, W, 2>(c, row);
    if (rows == 1) correlate_rows<T, W, 1>(c, row);
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
