// 3x3 taps of stride 1 by minimal filtering (kernels.h, TileRow).
//
// Products are made row by row of a tile: what is multiplied of a row fits the first-level cache where all four do not, for the price
// of reading each row of pixels twice. Neighbouring tiles share two columns, which stay in registers. Products stay there too, of outputs
// over the planes and of correlations over the tiles; the lanes of the latter are added up there: sums by lane, as correlate leaves
// them, would be more memory than what is multiplied.
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

// Calls body(Row<row>) for a row of products.
template <int ROW>
struct Row {
  static constexpr int kRow = ROW;
};
template <typename Body>
inline void at_row(int64_t row, Body body) {
  switch (row) {
    case 0:
      return body(Row<0>{});
    case 1:
      return body(Row<1>{});
    case 2:
      return body(Row<2>{});
    default:
      return body(Row<3>{});
  }
}

template <typename T>
void tile_inputs(const TileRow<T>& t) {
  constexpr int W = kWidth<T>;
  at_row(t.product_row, [&](auto row) {
    for (int64_t lane = 0; lane < t.lanes; lane += W) tile_input_row<T, W, decltype(row)::kRow>(t, lane);
  });
}

template <typename T>
void tile_gradients(const TileRow<T>& t) {
  constexpr int W = kWidth<T>;
  at_row(t.product_row, [&](auto row) {
    for (int64_t lane = 0; lane < t.lanes; lane += W) tile_gradient_row<T, W, decltype(row)::kRow>(t, lane);
  });
}

// Some tiles of some outputs: their products in registers over all planes, added up along the row of products. A function of its own,
// so that its addresses are in registers too.
template <typename T, int W, int OUTPUTS, int TILES, int ROW>
__attribute__((noinline)) void tile_products(const TileOutputs<T>& t, int64_t output, int64_t tile, int64_t lane) {
  const int64_t outputs = t.outputs, plane = t.input_plane, columns = t.planes * outputs;
  const T* in[kTileSide];
  WINNOW_UNROLL
  for (int k = 0; k < kTileSide; ++k) in[k] = t.inputs + k * t.input_step + tile * kLanes + lane;
  const T* weights = t.weights + output;
  V<T, W> sum[OUTPUTS][TILES][kTileSide] = {};
  for (int64_t p = 0; p < t.planes; ++p, weights += outputs) {
    WINNOW_UNROLL
    for (int k = 0; k < kTileSide; ++k) {
      V<T, W> side[TILES];
      WINNOW_UNROLL
      for (int i = 0; i < TILES; ++i) side[i] = in_register(load<T, W>(in[k] + i * kLanes));
      in[k] += plane;
      WINNOW_UNROLL
      for (int o = 0; o < OUTPUTS; ++o) {
        const V<T, W> w = all<T, W>(weights[k * columns + o]);
        WINNOW_UNROLL
        for (int i = 0; i < TILES; ++i) sum[o][i][k] = multiply_add(w, side[i], sum[o][i][k]);
      }
    }
  }
  const bool add = t.add;
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    WINNOW_UNROLL
    for (int i = 0; i < TILES; ++i) {
      const V<T, W>(&p)[kTileSide] = sum[o][i];
      const V<T, W> left = p[0] + (p[1] + p[2]), right = (p[1] - p[2]) - p[3];
      const int64_t x = 2 * (tile + i);
      T* const top = t.out.at + (output + o) * t.out_plane + x * kLanes + lane;
      const auto put = [](T* to, V<T, W> value, bool there) { store<T, W>(to, there ? load<T, W>(to) + value : value); };
      if constexpr (ROW < 3) {
        put(top, left, add || ROW > 0);
        if (x + 1 < t.pixels) put(top + kLanes, right, add || ROW > 0);
      }
      if (ROW == 0 || t.rows == 1) continue;
      T* const bottom = top + t.out.pitch;
      put(bottom, ROW == 1 ? left : -left, add || ROW > 1);
      if (x + 1 < t.pixels) put(bottom + kLanes, ROW == 1 ? right : -right, add || ROW > 1);
    }
  }
}

template <typename T, int W, int TILES, int ROW>
inline void tile_outputs_of(const TileOutputs<T>& t, int64_t tile) {
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    int64_t o = 0;
    for (; o + 3 <= t.outputs; o += 3) tile_products<T, W, 3, TILES, ROW>(t, o, tile, lane);
    if (t.outputs - o == 2) {
      tile_products<T, W, 2, TILES, ROW>(t, o, tile, lane);
    } else if (t.outputs - o == 1) {
      tile_products<T, W, 1, TILES, ROW>(t, o, tile, lane);
    }
  }
}

template <typename T, int ROW>
inline void tile_outputs_row(const TileOutputs<T> t) {
  constexpr int W = kWidth<T>, kTiles = kAccumulators >= 24 ? 2 : 1;
  const int64_t tiles = (t.pixels + 1) / 2;
  int64_t tile = 0;
  for (; tile + kTiles <= tiles; tile += kTiles) tile_outputs_of<T, W, kTiles, ROW>(t, tile);
  for (; tile < tiles; ++tile) tile_outputs_of<T, W, 1, ROW>(t, tile);
}

template <typename T>
void tile_outputs(const TileOutputs<T>& t) {
  at_row(t.product_row, [&](auto row) { tile_outputs_row<T, decltype(row)::kRow>(t); });
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
template <int W>
constexpr int kSumGroup = W < 8 ? W : 8;

template <typename T, int W>
inline __attribute__((always_inline)) V<T, W> group_sums(V<T, W> (&v)[8]) {
  constexpr int G = kSumGroup<W>;
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
  constexpr int G = kSumGroup<W>;
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
