// maximum and maximum_gradient: max pools, forward by rows of windows, and back to the first largest cell of each (kernels.h).
#pragma once

#include "kernels/rows.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

template <typename T>
void maximum(T* out, const T* in, int64_t step, int64_t pixels) {
  for (int64_t x = 0; x < pixels; ++x, out += kLanes, in += step) {
    each_vector<T>(1, [&](int64_t i) {
      const Wide<T> a = get(out + i), b = get(in + i);
      put(out + i, a < b ? b : a, false);
    });
  }
}

// Windows of three cells, a pixel apart, whose cells all are there: what a cell takes stays in registers until its last window, and
// what no cell of a window has taken yet beside them from row to row. `first` is the first one's first cell.
template <typename T>
inline void maximum_gradient_dense(const MaximumGradient<T>& m, int64_t window, int64_t windows, int64_t first) {
  constexpr int64_t kAtOnce = 32;
  const Wide<T> f = all<T, kWidth<T>>(m.factor), zero{};
  for (int64_t from = 0; from < windows; from += kAtOnce) {
    const int64_t here = windows - from < kAtOnce ? windows - from : kAtOnce;
    for (int64_t lane = 0; lane < kLanes; lane += kWidth<T>) {
      const T *value = m.value + (window + from) * kLanes + lane, *gradient = m.gradient + (window + from) * kLanes + lane;
      Wide<T> left[kAtOnce];
      for (int64_t x = 0; x < here; ++x) left[x] = f * get(gradient + x * kLanes);
      for (int64_t y = 0; y < m.rows; ++y) {
        const T* in = m.in[y] + (first + from) * kLanes + lane;
        T* out = m.out[y] == nullptr ? nullptr : m.out[y] + (first + from) * kLanes + lane;
        Wide<T> cells[3] = {get(in), get(in + kLanes), zero}, taken[3] = {zero, zero, zero};
        for (int64_t x = 0; x < here; ++x) {
          const Wide<T> largest = get(value + x * kLanes);
          Wide<T> rest = left[x];
          cells[2] = get(in + (x + 2) * kLanes), taken[2] = zero;
          WINNOW_UNROLL
          for (int k = 0; k < 3; ++k) {
            const auto wins = cells[k] == largest;
            taken[k] += wins ? rest : zero;
            rest = wins ? zero : rest;
          }
          left[x] = rest;
          if (out != nullptr) put(out + x * kLanes, taken[0], true);
          cells[0] = cells[1], cells[1] = cells[2];
          taken[0] = taken[1], taken[1] = taken[2];
        }
        if (out == nullptr) continue;
        put(out + here * kLanes, taken[0], true);
        put(out + (here + 1) * kLanes, taken[1], true);
      }
    }
  }
}

template <typename T>
void maximum_gradient(const MaximumGradient<T>& m) {
  const Wide<T> f = all<T, kWidth<T>>(m.factor), zero{};
  // Cells [first, end) of the rows under window x.
  const auto window = [&](int64_t x, int64_t first, int64_t end) __attribute__((always_inline)) {
    for (int64_t i = 0; i < kLanes; i += kWidth<T>) {
      const Wide<T> largest = get(m.value + x * kLanes + i);
      Wide<T> left = f * get(m.gradient + x * kLanes + i);  // what no cell has taken yet
      for (int64_t y = 0; y < m.rows; ++y) {
        T* out = m.out[y];
        for (int64_t cell = first * kLanes + i; cell < end * kLanes; cell += kLanes) {
          const auto wins = get(m.in[y] + cell) == largest;
          if (out != nullptr) put(out + cell, wins ? left : zero, true);
          left = wins ? zero : left;
        }
      }
    }
  };
  for (int64_t x = 0; x < m.windows; ++x) {
    const int64_t first = m.first + x * m.step, end = first + m.taps;
    if (m.taps == 3 && m.step == 1 && first >= 0 && end <= m.width) {
      const int64_t whole = m.windows - x < m.width - end + 1 ? m.windows - x : m.width - end + 1;
      maximum_gradient_dense(m, x, whole, first);
      x += whole - 1;
      continue;
    }
    window(x, first < 0 ? 0 : first, end > m.width ? m.width : end);
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
