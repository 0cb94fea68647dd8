// Sums (kernels.h): over runs of pixels and over channels, of values and of products, by lane and across the lanes, and inner products
// of rows of gradients.
#pragma once

#include "kernels/rows.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// W values as doubles. GCC 12 makes five instructions of one conversion to a whole register.
template <typename T, int W>
inline V<double, W> widen(const T* p) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4 && W == 8) return (V<double, W>)_mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(p));
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4 && W == 4) return (V<double, W>)_mm256_cvtps_pd(_mm_loadu_ps(p));
#endif
  typedef T Narrow __attribute__((vector_size(W * sizeof(T))));
  Narrow narrow;
  __builtin_memcpy(&narrow, p, sizeof narrow);
  return __builtin_convertvector(narrow, V<double, W>);
}

// All lanes added up, half to half: one after the other they would wait for each other.
template <int W>
inline double across(V<double, W> v) {
  if constexpr (W == 2) {
    return v[0] + v[1];
  } else {
    V<double, W / 2> halves[2];
    __builtin_memcpy(halves, &v, sizeof v);
    return across<W / 2>(halves[0] + halves[1]);
  }
}

// Lanes [0, count) added up, vector by vector and then across.
template <typename T>
inline double lane_total(const T* lanes, int64_t count) {
  constexpr int W = kBytes / 8;
  V<double, W> whole = {};
  int64_t l = 0;
  for (; l + W <= count; l += W) whole += widen<T, W>(lanes + l);
  double total = across<W>(whole);
  for (; l < count; ++l) total += static_cast<double>(lanes[l]);
  return total;
}

// Sum over a run of term(element offset), per lane: pixels take turns in chains, so that an addition need not wait for the last.
template <typename T, typename Term>
inline double lane_sums(int64_t pixels, LaneRange lanes, Term term) {
  constexpr int kParts = static_cast<int>(kLanes / kWidth<T>), kChains = kParts < 4 ? 4 / kParts : 1;
  Wide<T> sums[kChains][kParts] = {};
  const auto add = [&](Wide<T>(&to)[kParts], int64_t x) {
    WINNOW_UNROLL
    for (int part = 0; part < kParts; ++part) to[part] = term(x * kLanes + part * kWidth<T>, to[part]);
  };
  int64_t x = 0;
  for (; x + kChains <= pixels; x += kChains) {
    WINNOW_UNROLL
    for (int k = 0; k < kChains; ++k) add(sums[k], x + k);
  }
  for (; x < pixels; ++x) add(sums[0], x);
  for (int k = 1; k < kChains; ++k) {
    for (int part = 0; part < kParts; ++part) sums[0][part] += sums[k][part];
  }
  T all[kLanes];
  for (int part = 0; part < kParts; ++part) put(all + part * kWidth<T>, sums[0][part], false);
  return lane_total(all + lanes.first, lanes.count);
}

template <typename T>
void reduce(T* lane_sums, int64_t count, double* sums, double* upper) {
  for (int64_t i = 0; i < count; ++i, lane_sums += kLanes) {
    sums[i] += lane_total(lane_sums, upper == nullptr ? kLanes : kLanes / 2);
    if (upper != nullptr) upper[i] += lane_total(lane_sums + kLanes / 2, kLanes / 2);
    for (int64_t l = 0; l < kLanes; l += kWidth<T>) put(lane_sums + l, Wide<T>{}, false);
  }
}

template <typename T>
double sum(const T* in, int64_t pixels, LaneRange lanes) {
  return lane_sums<T>(pixels, lanes, [&](int64_t i, Wide<T> s) { return s + get(in + i); });
}

// Sum over a channel of a batch of term(element, sum so far).
template <typename T, typename Term>
inline double channel_total(const ChannelPlanes<const T>& p, const Extent& extent, Term term) {
  const Extent e = joined(extent, rows_touch(p, extent) && extent.rows * extent.pixels <= kSumPixels);
  constexpr int64_t kParts = kLanes / kWidth<T>;
  double whole[kLanes] = {}, last[kLanes] = {};  // blocks with all lanes in use; the last one
  for (int64_t b = 0; b < e.blocks; ++b) {
    double* totals = b + 1 < e.blocks ? whole : last;
    Wide<T> sums[kParts] = {};
    int64_t pixels = 0;
    for (int64_t y = 0; y < e.rows; ++y) {
      const T* row = row_of(p, b, y);
      for (int64_t x = 0; x < e.pixels; ++x) {
        for (int64_t part = 0; part < kParts; ++part) sums[part] = term(row + x * kLanes + part * kWidth<T>, sums[part]);
      }
      pixels += e.pixels;
      if (pixels < kSumPixels && y + 1 < e.rows) continue;
      T lanes[kLanes];
      for (int64_t part = 0; part < kParts; ++part) put(lanes + part * kWidth<T>, sums[part], false), sums[part] = Wide<T>{};
      for (int64_t l = 0; l < kLanes; ++l) totals[l] += static_cast<double>(lanes[l]);
      pixels = 0;
    }
  }
  double total = 0;
  for (int64_t l = 0; l < kLanes; ++l) total += whole[l];
  for (int64_t l = 0; l < e.last_lanes; ++l) total += last[l];
  return total;
}

template <typename T>
double channel_sum(const ChannelPlanes<const T>& p, const Extent& e) {
  return channel_total<T>(p, e, [](const T* in, Wide<T> s) { return s + get(in); });
}

template <typename T>
double channel_squares(const ChannelPlanes<const T>& p, const Extent& e, T mean) {
  const Wide<T> m = all<T, kWidth<T>>(mean);
  return channel_total<T>(p, e, [&](const T* in, Wide<T> s) {
    const Wide<T> d = get(in) - m;
    return multiply_add(d, d, s);
  });
}

template <typename T>
double product(const T* a, const T* b, int64_t pixels, LaneRange lanes) {
  return lane_sums<T>(pixels, lanes, [&](int64_t i, Wide<T> s) { return multiply_add(get(a + i), get(b + i), s); });
}

// A product of two floats is exact in double, so fusing its addition changes no bit.
template <typename T, typename Vector>
inline Vector add_product(Vector a, Vector b, Vector sum) {
  if constexpr (sizeof(T) < sizeof(double)) return multiply_add(a, b, sum);
  return sum + a * b;
}

template <typename T, int64_t LANES>
inline void value_products_of(const ValueProducts<T> v) {
  constexpr int W = kBytes / 8;
  constexpr int64_t kParts = LANES / W;
  V<double, W> sums[3][kParts];
  WINNOW_UNROLL
  for (int s = 0; s < 3; ++s) {
    WINNOW_UNROLL
    for (int64_t k = 0; k < kParts; ++k) sums[s][k] = load<double, W>(v.sums + s * kLanes + k * W);
  }
  for (int64_t y = 0; y < v.rows; ++y) {
    const T *values = v.value.at + y * v.value.pitch, *gradients = v.gradient.at + y * v.gradient.pitch;
    for (int64_t i = 0; i < v.pixels * kLanes; i += kLanes) {
      WINNOW_UNROLL
      for (int64_t k = 0; k < kParts; ++k) {
        const V<double, W> value = widen<T, W>(values + i + k * W);
        sums[0][k] = add_product<T>(value, widen<T, W>(gradients + i + k * W), sums[0][k]);
        sums[1][k] = add_product<T>(value, value, sums[1][k]);
        sums[2][k] += value;
      }
    }
  }
  WINNOW_UNROLL
  for (int s = 0; s < 3; ++s) {
    WINNOW_UNROLL
    for (int64_t k = 0; k < kParts; ++k) store<double, W>(v.sums + s * kLanes + k * W, sums[s][k]);
  }
}

template <typename T>
void value_products(const ValueProducts<T>& v) {
  v.lanes == kLanes ? value_products_of<T, kLanes>(v) : value_products_of<T, kLanes / 2>(v);
}

// Inner products of a few rows with a few columns, all of which are converted once. Chains take turns, each through all of the
// elements: together their sums would not fit the registers.
constexpr int64_t kGramRows = 4, kGramColumns = kBytes == 64 ? 4 : 2;

template <typename T>
inline void gram_tile(const GramRows<T> g, int64_t i, int64_t j) {
  constexpr int W = kBytes / 8, kChains = 4;
  constexpr int64_t kStep = W * kChains;
  // Past the last row it stands once more, and its products are not wanted.
  const T *rows[kGramRows], *columns[kGramColumns];
  for (int64_t r = 0; r < kGramRows; ++r) rows[r] = g.rows + (i + r < g.n ? i + r : g.n - 1) * g.pitch;
  for (int64_t c = 0; c < kGramColumns; ++c) columns[c] = g.rows + (j + c < g.n ? j + c : g.n - 1) * g.pitch;
  const int64_t whole = g.count / kStep * kStep;
  V<double, W> chains[kChains][kGramRows][kGramColumns];
  for (int64_t k = 0; k < kChains; ++k) {
    V<double, W> sums[kGramRows][kGramColumns] = {};
    for (int64_t x = k * W; x < whole; x += kStep) {
      V<double, W> row[kGramRows];
      WINNOW_UNROLL
      for (int64_t r = 0; r < kGramRows; ++r) row[r] = widen<T, W>(rows[r] + x);
      WINNOW_UNROLL
      for (int64_t c = 0; c < kGramColumns; ++c) {
        const V<double, W> column = widen<T, W>(columns[c] + x);
        WINNOW_UNROLL
        for (int64_t r = 0; r < kGramRows; ++r) sums[r][c] = multiply_add(row[r], column, sums[r][c]);
      }
    }
    WINNOW_UNROLL
    for (int64_t r = 0; r < kGramRows; ++r) {
      WINNOW_UNROLL
      for (int64_t c = 0; c < kGramColumns; ++c) chains[k][r][c] = sums[r][c];
    }
  }
  for (int64_t r = 0; r < kGramRows && i + r < g.n; ++r) {
    for (int64_t c = 0; c < kGramColumns && j + c <= i + r; ++c) {
      const V<double, W> all = (chains[0][r][c] + chains[1][r][c]) + (chains[2][r][c] + chains[3][r][c]);
      double total = 0;
      for (int l = 0; l < W; ++l) total += all[l];
      for (int64_t x = whole; x < g.count; ++x) total += static_cast<double>(rows[r][x]) * static_cast<double>(columns[c][x]);
      g.sums[(i + r) * g.n + j + c] += total;
    }
  }
}

template <typename T>
void gram(const GramRows<T>& g) {
  for (int64_t i = 0; i < g.n; i += kGramRows) {
    for (int64_t j = 0; j < g.n && j < i + kGramRows; j += kGramColumns) gram_tile(g, i, j);
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
