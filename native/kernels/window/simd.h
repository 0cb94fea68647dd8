// window_sums: an average pool's gradient, and that of sums beside it, in one pass over what they share (kernels.h, WindowSums).
//
// A window's sum is one of three columns' sums, and neighbouring windows share two of them: per pixel three loads and multiply-adds
// a term and two additions, where nine taps of a gather take nine of each.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

template <typename T, int W, int TERMS, bool DIRECT>
inline void window_row(const WindowSums<T>& w, int64_t first, int64_t y, int64_t lane, bool add) {
  const T* at[TERMS][3];
  V<T, W> factor[TERMS][3], direct[TERMS];
  WINNOW_UNROLL
  for (int t = 0; t < TERMS; ++t) {
    const Rows<const T>& in = w.in[first + t];
    WINNOW_UNROLL
    for (int dy = 0; dy < 3; ++dy) {
      const T of_row = w.row_factors[y * 3 + dy];
      at[t][dy] = in.at + (of_row == 0 ? y : y + dy - 1) * in.pitch + lane;  // a row that is not there is not read
      factor[t][dy] = all<T, W>(w.factors[first + t] * of_row);
    }
    if constexpr (DIRECT) direct[t] = all<T, W>(w.direct[first + t]);
  }
  const T* column_factors = w.column_factors;
  const auto column = [&](int64_t x) {
    V<T, W> sum{};
    WINNOW_UNROLL
    for (int t = 0; t < TERMS; ++t) {
      WINNOW_UNROLL
      for (int dy = 0; dy < 3; ++dy) sum = multiply_add(factor[t][dy], load<T, W>(at[t][dy] + x * kLanes), sum);
    }
    return sum * all<T, W>(column_factors[x]);
  };
  T* out = w.out.at + y * w.out.pitch + lane;
  V<T, W> left{}, here = column(0);
  const auto write = [&](int64_t x, V<T, W> right) {
    V<T, W> sum = left + here + right;
    if constexpr (DIRECT) {
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) sum = multiply_add(direct[t], load<T, W>(at[t][1] + x * kLanes), sum);
    }
    store<T, W>(out + x * kLanes, add ? load<T, W>(out + x * kLanes) + sum : sum);
  };
  for (int64_t x = 0; x + 1 < w.pixels; ++x) {
    const V<T, W> right = column(x + 1);
    write(x, right);
    left = here, here = right;
  }
  write(w.pixels - 1, V<T, W>{});
}

template <typename T, int TERMS>
inline void window_terms(const WindowSums<T>& w, int64_t first, bool add) {
  constexpr int W = kWidth<T>;
  for (int64_t y = 0; y < w.rows; ++y) {
    for (int64_t lane = 0; lane < kLanes; lane += W) {
      if (w.direct == nullptr) {
        window_row<T, W, TERMS, false>(w, first, y, lane, add);
      } else {
        window_row<T, W, TERMS, true>(w, first, y, lane, add);
      }
    }
  }
}

template <typename T>
void window_sums(const WindowSums<T>& w) {
  int64_t t = 0;
  for (; t + 3 <= w.terms; t += 3) window_terms<T, 3>(w, t, w.add || t > 0);
  if (w.terms - t == 2) window_terms<T, 2>(w, t, w.add || t > 0);
  if (w.terms - t == 1) window_terms<T, 1>(w, t, w.add || t > 0);
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
