// 3x3 taps of stride 1 by minimal filtering (kernels.h, TileRows).
//
// Products are made a pair of rows at a time: what is multiplied of two rows fits the first-level cache where all six do not, for
// the price of reading the pixels three times. A tile's six of a row lie together, so that few addresses name all that is read.
// Neighbouring tiles share two columns, which stay in registers. Products stay there too, of outputs over the planes and of
// correlations over the tiles, and are added up along their row there, which leaves four and three of six; of the latter the
// lanes too: sums by lane, as correlate leaves them, would be more memory than what is multiplied.
#pragma once

#include "kernels/kernels.h"
#include "kernels/sums/simd.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

constexpr int64_t kTileLanes = kTileSide * kLanes;  // from tile to tile

// high + factor * low
template <typename T, int W>
inline __attribute__((always_inline)) V<T, W> tile_sum(double factor, const V<T, W>& low, const V<T, W>& high) {
  return multiply_add(all<T, W>(static_cast<T>(factor)), low, high);
}

// Sides of inputs: what they are at a point, of those that d gives along one axis: d(0) ... d(5).
struct InputSides {
  static constexpr int kCount = kTileSide;
  template <typename T, int W, int POINT, typename Inputs>
  static inline __attribute__((always_inline)) V<T, W> at(Inputs d) {
    if constexpr (POINT < 2) {
      return tile_sum<T, W>(kTileA2 * kTileB2, d(POINT), tile_sum<T, W>(-kTileA2 - kTileB2, d(POINT + 2), d(POINT + 4)));
    } else {
      constexpr double kOther2 = POINT < 4 ? kTileB2 : kTileA2,
                       kPoint = (POINT % 2 == 0 ? 1 : -1) * (POINT < 4 ? kTileA : kTileB);
      return tile_sum<T, W>(kPoint, tile_sum<T, W>(-kOther2, d(1), d(3)), tile_sum<T, W>(-kOther2, d(2), d(4)));
    }
  }
};

// The same of gradients: e(0) ... e(3).
struct GradientSides {
  static constexpr int kCount = kTilePixels;
  template <typename T, int W, int POINT, typename Gradients>
  static inline __attribute__((always_inline)) V<T, W> at(Gradients e) {
    if constexpr (POINT < 2) return e(POINT == 0 ? 0 : kTilePixels - 1);
    constexpr double kPoint = (POINT % 2 == 0 ? 1 : -1) * (POINT < 4 ? kTileA : kTileB), kPoint2 = kPoint * kPoint;
    return tile_sum<T, W>(kPoint, tile_sum<T, W>(kPoint2, e(3), e(1)), tile_sum<T, W>(kPoint2, e(2), e(0)));
  }
};

template <int K>
struct Number {
  static constexpr int kValue = K;
};

// Calls body(Number<point>) for all of them.
template <typename Body>
inline __attribute__((always_inline)) void each_point(Body body) {
  body(Number<0>{}), body(Number<1>{}), body(Number<2>{}), body(Number<3>{}), body(Number<4>{}), body(Number<5>{});
}

// A pair of rows of products: the columns' sides, and of those the rows'.
template <typename Sides, typename T, int W, int PAIR>
inline void tile_rows(const TileRows<T>& t, int64_t lane) {
  constexpr int kShared = Sides::kCount - static_cast<int>(kTilePixels);  // columns of a tile and the next
  const int64_t tiles = t.tiles, pitch = t.in.pitch, out_row = t.out_row;
  T* out = t.out + lane;
  for (int64_t row = 0; row < t.rows; ++row) {
    const T* in = t.in.at + row * kTilePixels * pitch + lane;
    V<T, W> c[2][Sides::kCount];
    const auto column = [&](int x, int64_t from) __attribute__((always_inline)) {
      const T* at = in + from * kLanes;
      const auto pixel = [at, pitch](int64_t y) { return load<T, W>(at + y * pitch); };
      c[0][x] = Sides::template at<T, W, 2 * PAIR>(pixel), c[1][x] = Sides::template at<T, W, 2 * PAIR + 1>(pixel);
    };
    for (int x = 0; x < kShared; ++x) column(kTilePixels + x, x);
    for (int64_t tile = 0; tile < tiles; ++tile, in += kTilePixels * kLanes, out += kTileLanes) {
      for (int x = 0; x < kShared; ++x) c[0][x] = c[0][kTilePixels + x], c[1][x] = c[1][kTilePixels + x];
      WINNOW_UNROLL
      for (int x = kShared; x < Sides::kCount; ++x) column(x, x);
      each_point([&](auto point) __attribute__((always_inline)) {
        constexpr int kPoint = decltype(point)::kValue;
        WINNOW_UNROLL
        for (int k = 0; k < 2; ++k) {
          store<T, W>(out + k * out_row + kPoint * kLanes, Sides::template at<T, W, kPoint>([&](int x) { return c[k][x]; }));
        }
      });
    }
  }
}

template <typename Sides, typename T>
inline void tile_sides(const TileRows<T>& t) {
  constexpr int W = kWidth<T>;
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    if (t.pair == 0) tile_rows<Sides, T, W, 0>(t, lane);
    if (t.pair == 1) tile_rows<Sides, T, W, 1>(t, lane);
    if (t.pair == 2) tile_rows<Sides, T, W, 2>(t, lane);
  }
}

template <typename T>
void tile_inputs(const TileRows<T>& t) {
  tile_sides<InputSides>(t);
}

template <typename T>
void tile_gradients(const TileRows<T>& t) {
  tile_sides<GradientSides>(t);
}

// Products along one axis added up to four outputs.
template <typename T, int W>
inline __attribute__((always_inline)) void tile_output(const V<T, W> (&p)[kTileSide], V<T, W> (&y)[kTilePixels]) {
  const V<T, W> a = p[2] + p[3], of_a = p[2] - p[3], b = p[4] + p[5], of_b = p[4] - p[5];
  y[0] = p[0] + (a + b);
  y[1] = tile_sum<T, W>(kTileB, of_b, all<T, W>(T{kTileA}) * of_a);
  y[2] = tile_sum<T, W>(kTileB2, b, all<T, W>(T{kTileA2}) * a);
  y[3] = tile_sum<T, W>(kTileB * kTileB2, of_b, tile_sum<T, W>(kTileA * kTileA2, of_a, p[1]));
}

// Some tiles of some outputs: their products in registers over all planes. A function of its own, so that its addresses are in
// registers too.
template <typename T, int W, int OUTPUTS, int TILES>
__attribute__((noinline)) void tile_products(const TileOutputs<T>& t, int64_t output, int64_t tile, int64_t lane) {
  const int64_t plane = t.tiles * kTileLanes, pitch = t.outputs * kTileSide;
  const T *in = t.inputs + tile * kTileLanes + lane, *weights = t.weights + output * kTileSide;
  V<T, W> sum[OUTPUTS][TILES][kTileSide] = {};
  for (int64_t p = t.planes; p > 0; --p, in += plane, weights += pitch) {
    WINNOW_UNROLL
    for (int k = 0; k < kTileSide; ++k) {
      V<T, W> side[TILES];
      WINNOW_UNROLL
      for (int i = 0; i < TILES; ++i) side[i] = in_register(load<T, W>(in + i * kTileLanes + k * kLanes));
      WINNOW_UNROLL
      for (int o = 0; o < OUTPUTS; ++o) {
        const V<T, W> w = all<T, W>(weights[o * kTileSide + k]);
        WINNOW_UNROLL
        for (int i = 0; i < TILES; ++i) sum[o][i][k] = multiply_add(w, side[i], sum[o][i][k]);
      }
    }
  }
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    WINNOW_UNROLL
    for (int i = 0; i < TILES; ++i) {
      V<T, W> y[kTilePixels];
      tile_output<T, W>(sum[o][i], y);
      T* const out = t.out + ((output + o) * t.tiles + tile + i) * kTilePixels * kLanes + lane;
      WINNOW_UNROLL
      for (int x = 0; x < kTilePixels; ++x) {
        store<T, W>(out + x * kLanes, t.add ? load<T, W>(out + x * kLanes) + y[x] : y[x]);
      }
    }
  }
}

template <typename T, int W, int TILES>
inline void tile_outputs_of(const TileOutputs<T>& t, int64_t tile) {
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    int64_t o = 0;
    for (; o + 2 <= t.outputs; o += 2) tile_products<T, W, 2, TILES>(t, o, tile, lane);
    if (o < t.outputs) tile_products<T, W, 1, TILES>(t, o, tile, lane);
  }
}

template <typename T>
void tile_outputs(const TileOutputs<T>& t) {
  constexpr int W = kWidth<T>, kTiles = kAccumulators >= 24 ? 2 : 1;
  int64_t tile = 0;
  for (; tile + kTiles <= t.tiles; tile += kTiles) tile_outputs_of<T, W, kTiles>(t, tile);
  for (; tile < t.tiles; ++tile) tile_outputs_of<T, W, 1>(t, tile);
}

template <typename T, int ROWS>
inline void tile_columns_of(const TileColumns<T> t) {
  constexpr int W = kWidth<T>;
  const bool add = t.add;
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    const T* in = t.in + lane;
    T* out = t.out.at + lane;
    for (int64_t x = 0; x < t.pixels; ++x, in += kLanes, out += kLanes) {
      V<T, W> p[kTileSide], y[kTilePixels];
      WINNOW_UNROLL
      for (int k = 0; k < kTileSide; ++k) p[k] = load<T, W>(in + k * t.in_row);
      tile_output<T, W>(p, y);
      WINNOW_UNROLL
      for (int row = 0; row < ROWS; ++row) {
        T* const to = out + row * t.out.pitch;
        store<T, W>(to, add ? load<T, W>(to) + y[row] : y[row]);
      }
    }
  }
}

template <typename T>
void tile_columns(const TileColumns<T>& t) {
  switch (t.rows) {
    case 1:
      return tile_columns_of<T, 1>(t);
    case 2:
      return tile_columns_of<T, 2>(t);
    case 3:
      return tile_columns_of<T, 3>(t);
    default:
      return tile_columns_of<T, 4>(t);
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

// Vectors whose lanes are added up at once: lane j of the result is the sum of the lanes of vector j % kSumGroup that lie in the
// same group of lanes as j.
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

// Products along one axis added up to the sums of three taps.
template <typename T, int W>
inline __attribute__((always_inline)) void tile_taps(const V<T, W> (&q)[kTileSide], V<T, W>* taps) {
  const auto times = [](double factor, V<T, W> v) { return all<T, W>(static_cast<T>(factor)) * v; };
  const V<T, W> a = q[2] + q[3], of_a = q[2] - q[3], b = q[4] + q[5], of_b = q[4] - q[5];
  taps[0] = tile_sum<T, W>(kTileShares[0], q[0], tile_sum<T, W>(kTileShareB, b, times(kTileShareA, a)));
  taps[1] = tile_sum<T, W>(kTileShareB * kTileB, of_b, times(kTileShareA * kTileA, of_a));
  taps[2] = tile_sum<T, W>(kTileShareB * kTileB2, b, tile_sum<T, W>(kTileShareA * kTileA2, a, q[1]));
}

template <typename T, int W, int OUTPUTS, int TERMS>
__attribute__((noinline)) void correlate_tile_products(const TileCorrelation<T>& c, int64_t output, int64_t term,
                                                       int64_t lane) {
  const int64_t plane = c.tiles * kTileLanes;
  const T *gradient = c.gradients + output * plane + lane, *input = c.inputs + term * plane + lane;
  V<T, W> sum[OUTPUTS][TERMS][kTileSide] = {};
  for (int64_t i = c.tiles; i > 0; --i, gradient += kTileLanes, input += kTileLanes) {
    WINNOW_UNROLL
    for (int k = 0; k < kTileSide; ++k) {
      V<T, W> e[OUTPUTS];
      WINNOW_UNROLL
      for (int o = 0; o < OUTPUTS; ++o) e[o] = in_register(load<T, W>(gradient + o * plane + k * kLanes));
      WINNOW_UNROLL
      for (int t = 0; t < TERMS; ++t) {
        const V<T, W> v = in_register(load<T, W>(input + t * plane + k * kLanes));
        WINNOW_UNROLL
        for (int o = 0; o < OUTPUTS; ++o) sum[o][t][k] = multiply_add(e[o], v, sum[o][t][k]);
      }
    }
  }
  constexpr int G = kSumGroup<W>, kSums = TERMS * kTileTaps;
  WINNOW_UNROLL
  for (int o = 0; o < OUTPUTS; ++o) {
    V<T, W> taps[2 * 8] = {};  // zeros behind the sums
    WINNOW_UNROLL
    for (int t = 0; t < TERMS; ++t) tile_taps<T, W>(sum[o][t], taps + t * kTileTaps);
    const int64_t at = ((output + o) * c.terms + term) * kTileTaps;
    WINNOW_UNROLL
    for (int first = 0; first < kSums; first += G) {
      V<T, W> group[8] = {};
      WINNOW_UNROLL
      for (int i = 0; i < G; ++i) group[i] = taps[first + i];
      T totals[W];
      store<T, W>(totals, group_sums<T, W>(group));
      const auto add = [first, at](double* to, V<double, G> more) {
        store<double, G>(to + at + first, load<double, G>(to + at + first) + more);
      };
      V<double, G> total = widen<T, G>(totals);
      if constexpr (W > kLanes / 2) {
        const V<double, G> rest = widen<T, G>(totals + kLanes / 2);
        if (c.upper != nullptr) {
          add(c.upper, rest);
        } else {
          total += rest;
        }
        add(c.sums, total);
      } else {
        add(c.upper != nullptr && lane >= kLanes / 2 ? c.upper : c.sums, total);
      }
    }
  }
}

template <typename T, int OUTPUTS>
inline void correlate_tile_terms(const TileCorrelation<T>& c, int64_t output, int64_t first, int64_t end) {
  constexpr int W = kWidth<T>;
  for (int64_t lane = 0; lane < c.lanes; lane += W) {
    int64_t t = first;
    for (; t + 2 <= end; t += 2) correlate_tile_products<T, W, OUTPUTS, 2>(c, output, t, lane);
    if (t < end) correlate_tile_products<T, W, OUTPUTS, 1>(c, output, t, lane);
  }
}

// Terms by the part that stays in the first-level cache while all outputs go by.
template <typename T>
void correlate_tiles(const TileCorrelation<T>& c) {
  constexpr int64_t kNear = 64;  // tiles
  constexpr int kOutputs = kAccumulators >= 24 ? 2 : 1;
  const int64_t most = kNear / c.tiles > 2 ? kNear / c.tiles / 2 * 2 : 2;
  for (int64_t first = 0; first < c.terms; first += most) {
    const int64_t end = first + most < c.terms ? first + most : c.terms;
    int64_t o = 0;
    for (; o + kOutputs <= c.outputs; o += kOutputs) correlate_tile_terms<T, kOutputs>(c, o, first, end);
    if (o < c.outputs) correlate_tile_terms<T, 1>(c, o, first, end);
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
