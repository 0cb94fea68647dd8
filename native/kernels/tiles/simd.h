// 3x3 taps of stride 1 by minimal filtering (kernels.h, TileRow).
//
// Products are made row by row of a tile: what is multiplied of a row fits the first-level cache where all four do not, for the price
// of reading each row of pixels twice. Neighbouring tiles share two columns, which stay in registers. Products of outputs are a gather
// with one term for each plane; those of correlations stay in registers over the tiles, and their lanes are added up there: sums by
// lane, as correlate leaves them, would be more memory than what is multiplied.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// a - b, a + b or b - a, as a row of products takes its two rows of inputs.
template <int ROW, typename X>
inline __attribute__((always_inline)) X tile_side(const X& a, const X& b) {
  return ROW == 1 ? a + b : ROW == 2 ? b - a : a - b;
}

template <typename T, int W, int ROW>
inline void tile_input_row(const TileRow<T>& t, int64_t lane) {
  constexpr int kFirst[] = {0, 1, 1, 1}, kSecond[] = {2, 2, 2, 3};
  const int64_t tiles = t.tiles, step = t.step, pitch = t.in.pitch;
  T* out = t.out + lane;
  for (int64_t row = 0; row < t.rows; ++row) {
    const T* first = t.in.at + (2 * row + kFirst[ROW]) * pitch + lane;
    const T* second = t.in.at + (2 * row + kSecond[ROW]) * pitch + lane;
    const auto column = [&](int64_t x) {
      return tile_side<ROW>(load<T, W>(first + x * kLanes), load<T, W>(second + x * kLanes));
    };
    V<T, W> c0 = column(0), c1 = column(1);
    for (int64_t tile = 0; tile < tiles; ++tile, out += kLanes) {
      const V<T, W> c2 = column(2 * tile + 2), c3 = column(2 * tile + 3);
      store<T, W>(out, c0 - c2);
      store<T, W>(out + step, c1 + c2);
      store<T, W>(out + 2 * step, c2 - c1);
      store<T, W>(out + 3 * step, c1 - c3);
      c0 = c2, c1 = c3;
    }
  }
}

template <typename T, int W, int ROW>
inline void tile_gradient_row(const TileRow<T>& t, int64_t lane) {
  const int64_t tiles = t.tiles, step = t.step, pitch = t.in.pitch;
  T* out = t.out + lane;
  for (int64_t row = 0; row < t.rows; ++row) {
    const T *top = t.in.at + 2 * row * pitch + lane, *bottom = top + pitch;
    const auto column = [&](int64_t x) {
      if constexpr (ROW == 0) return load<T, W>(top + x * kLanes);
      if constexpr (ROW == 1) return load<T, W>(top + x * kLanes) + load<T, W>(bottom + x * kLanes);
      if constexpr (ROW == 2) return load<T, W>(top + x * kLanes) - load<T, W>(bottom + x * kLanes);
      if constexpr (ROW == 3) return load<T, W>(bottom + x * kLanes);
    };
    for (int64_t tile = 0; tile < tiles; ++tile, out += kLanes) {
      const V<T, W> e0 = column(2 * tile), e1 = column(2 * tile + 1);
      store<T, W>(out, e0);
      store<T, W>(out + step, e0 + e1);
      store<T, W>(out + 2 * step, e0 - e1);
      store<T, W>(out + 3 * step, e1);
    }
  }
}

template <typename T>
void tile_inputs(const TileRow<T>& t) {
  constexpr int W = kWidth<T>;
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    switch (t.product_row) {
      case 0:
        tile_input_row<T, W, 0>(t, lane);
        break;
      case 1:
        tile_input_row<T, W, 1>(t, lane);
        break;
      case 2:
        tile_input_row<T, W, 2>(t, lane);
        break;
      default:
        tile_input_row<T, W, 3>(t, lane);
    }
  }
}

template <typename T>
void tile_gradients(const TileRow<T>& t) {
  constexpr int W = kWidth<T>;
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    switch (t.product_row) {
      case 0:
        tile_gradient_row<T, W, 0>(t, lane);
        break;
      case 1:
        tile_gradient_row<T, W, 1>(t, lane);
        break;
      case 2:
        tile_gradient_row<T, W, 2>(t, lane);
        break;
      default:
        tile_gradient_row<T, W, 3>(t, lane);
    }
  }
}

template <typename T>
void tile_outputs(const TileOutputs<T>& outputs) {
  constexpr int W = kWidth<T>;
  const TileOutputs<T> t = outputs;
  const auto put = [&t](T* to, V<T, W> sum) { store<T, W>(to, t.add ? load<T, W>(to) + sum : sum); };
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    const T* from = t.products + lane;
    for (int64_t x = 0; x < t.pixels; x += 2, from += kLanes) {
      V<T, W> top[4], bottom[4];
      WINNOW_UNROLL
      for (int k = 0; k < 4; ++k) {
        const V<T, W> p1 = load<T, W>(from + (4 + k) * t.step), p2 = load<T, W>(from + (8 + k) * t.step);
        top[k] = load<T, W>(from + k * t.step) + (p1 + p2);
        bottom[k] = (p1 - p2) - load<T, W>(from + (12 + k) * t.step);
      }
      T* to = t.out.at + x * kLanes + lane;
      const bool both = x + 1 < t.pixels;
      put(to, top[0] + (top[1] + top[2]));
      if (both) put(to + kLanes, (top[1] - top[2]) - top[3]);
      if (t.rows == 1) continue;
      to += t.out.pitch;
      put(to, bottom[0] + (bottom[1] + bottom[2]));
      if (both) put(to + kLanes, (bottom[1] - bottom[2]) - bottom[3]);
    }
  }
}

// Lane masks of combined(): lane j of the first is lane j of vector bit(j), of the second lane j ^ DISTANCE of the same.
template <typename T, int W>
struct LaneIndex;
template <int W>
struct LaneIndex<float, W> {
  typedef int32_t type __attribute__((vector_size(W * 4)));
};
template <int W>
struct LaneIndex<double, W> {
  typedef int64_t type __attribute__((vector_size(W * 8)));
};

// Lane j: the sum of lanes j and j ^ DISTANCE of a, or of b where j has that bit.
template <typename T, int W, int DISTANCE>
inline __attribute__((always_inline)) V<T, W> combined(V<T, W> a, V<T, W> b) {
  typename LaneIndex<T, W>::type same, other;
  WINNOW_UNROLL
  for (int j = 0; j < W; ++j) {
    const int from = (j & DISTANCE) != 0 ? W : 0;
    same[j] = from + j, other[j] = from + (j ^ DISTANCE);
  }
  return __builtin_shuffle(a, b, same) + __builtin_shuffle(a, b, other);
}

// Vectors whose lanes are added up at once: lane j of the result is the sum of the lanes of vector j % kSumGroup that lie in the same
// group of lanes as j.
template <typename T, int W>
constexpr int kSumGroup = W < 8 ? W : 8;

template <typename T, int W>
inline __attribute__((always_inline)) V<T, W> group_sums(V<T, W> (&v)[8]) {
  constexpr int G = kSumGroup<T, W>;
  WINNOW_UNROLL
  for (int i = 0; i < G / 2; ++i) v[i] = combined<T, W, 1>(v[2 * i], v[2 * i + 1]);
  if constexpr (G >= 4) {
    WINNOW_UNROLL
    for (int i = 0; i < G / 4; ++i) v[i] = combined<T, W, 2>(v[2 * i], v[2 * i + 1]);
  }
  if constexpr (G >= 8) v[0] = combined<T, W, 4>(v[0], v[1]);
  return v[0];
}

template <typename T, int W, int OUTPUTS, int TERMS>
inline void correlate_tile_products(const TileCorrelation<T>& c, const T* gradients, const T* inputs, int64_t lane,
                                    double* sums, double* upper) {
  constexpr int G = kSumGroup<T, W>;
  const int64_t plane = c.tiles * kLanes;
  const T *gradient[OUTPUTS], *input[TERMS];
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) gradient[o] = gradients + o * plane + lane;
  WINNOW_UNROLL
  for (int t = 0; t < TERMS; ++t) input[t] = inputs + t * plane + lane;
  V<T, W> sum[OUTPUTS][TERMS] = {};
  for (int64_t i = 0; i < plane; i += kLanes) {
    V<T, W> e[OUTPUTS];
    WINNOW_UNROLL
    for (int o = 0; o < OUTPUTS; ++o) e[o] = load<T, W>(gradient[o] + i);
    WINNOW_UNROLL
    for (int t = 0; t < TERMS; ++t) {
      const V<T, W> d = in_register(load<T, W>(input[t] + i));
      WINNOW_UNROLL
      for (int o = 0; o < OUTPUTS; ++o) sum[o][t] = multiply_add(e[o], d, sum[o][t]);
    }
  }
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    WINNOW_UNROLL
    for (int first = 0; first < TERMS; first += G) {
      V<T, W> group[8] = {};
      WINNOW_UNROLL
      for (int t = 0; t < G; ++t) {
        if (first + t < TERMS) group[t] = sum[o][first + t];
      }
      T totals[W];
      store<T, W>(totals, group_sums<T, W>(group));
      const int count = TERMS - first < G ? TERMS - first : G;
      for (int part = 0; part < W; part += G) {
        double* const to = (c.upper != nullptr && lane + part >= kLanes / 2 ? upper : sums) + o * c.terms + first;
        for (int t = 0; t < count; ++t) to[t] += double{totals[part + t]};
      }
    }
  }
}

template <typename T, int W, int OUTPUTS>
inline void correlate_tile_terms(const TileCorrelation<T>& c, const T* gradients, const T* inputs, double* sums,
                                 double* upper) {
  constexpr int64_t kMost = kAccumulators >= 24 ? 8 : 4;
  const int64_t parts = (c.terms + kMost - 1) / kMost;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = c.terms * part / parts, terms = c.terms * (part + 1) / parts - first;
    const T* from = inputs + first * c.tiles * kLanes;
    for (int64_t lane = 0; lane < c.lanes; lane += W) {
      switch (terms) {
#define WINNOW_TERMS(n)                                                                               \
  case n:                                                                                             \
    correlate_tile_products<T, W, OUTPUTS, n>(c, gradients, from, lane, sums + first, upper + first); \
    break;
        WINNOW_TERMS(1)
        WINNOW_TERMS(2)
        WINNOW_TERMS(3)
        WINNOW_TERMS(4)
        WINNOW_TERMS(5)
        WINNOW_TERMS(6)
        WINNOW_TERMS(7)
        WINNOW_TERMS(8)
#undef WINNOW_TERMS
      }
    }
  }
}

template <typename T>
void correlate_tiles(const TileCorrelation<T>& correlation) {
  constexpr int W = kWidth<T>;
  const TileCorrelation<T> c = correlation;
  const int64_t parts = (c.outputs + 2) / 3;
  for (int64_t p = 0; p < c.products; ++p) {
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t first = c.outputs * part / parts, outputs = c.outputs * (part + 1) / parts - first;
      const T* gradients = c.gradients + p * c.gradient_step + first * c.tiles * kLanes;
      const T* inputs = c.inputs + p * c.input_step;
      const int64_t at = (p * c.outputs + first) * c.terms;
      double *const sums = c.sums + at, *const upper = c.upper == nullptr ? c.sums : c.upper + at;
      if (outputs == 3) correlate_tile_terms<T, W, 3>(c, gradients, inputs, sums, upper);
      if (outputs == 2) correlate_tile_terms<T, W, 2>(c, gradients, inputs, sums, upper);
      if (outputs == 1) correlate_tile_terms<T, W, 1>(c, gradients, inputs, sums, upper);
    }
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
