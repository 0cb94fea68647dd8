// Pointwise kernels and sums over runs of pixels (kernels.h). One pass over memory each; bound by bandwidth.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Calls body(element offset) for every vector of a run.
template <typename T, typename Body>
inline void each_vector(int64_t pixels, Body body) {
  for (int64_t i = 0; i < pixels * kLanes; i += kWidth<T>) body(i);
}

template <typename T>
using Wide = V<T, kWidth<T>>;

template <typename T>
inline Wide<T> get(const T* p) {
  return load<T, kWidth<T>>(p);
}

template <typename T>
inline void put(T* out, Wide<T> value, bool add) {
  store<T, kWidth<T>>(out, add ? get(out) + value : value);
}

template <typename T>
void scale(T* out, const T* in, T factor, int64_t pixels, bool add) {
  const Wide<T> f = all<T, kWidth<T>>(factor);
  if (add) {
    each_vector<T>(pixels, [&](int64_t i) { put(out + i, multiply_add(f, get(in + i), get(out + i)), false); });
  } else {
    each_vector<T>(pixels, [&](int64_t i) { put(out + i, f * get(in + i), false); });
  }
}

template <typename T>
void affine(T* out, const T* in, T factor, T shift, int64_t pixels) {
  const Wide<T> f = all<T, kWidth<T>>(factor), s = all<T, kWidth<T>>(shift);
  each_vector<T>(pixels, [&](int64_t i) { put(out + i, multiply_add(f, get(in + i), s), false); });
}

// One pixel of a ReLU; the mask of its positive lanes.
template <typename T, bool CAPPED>
inline unsigned relu_pixel(T* out, const T* in, Wide<T> factor, Wide<T> shift, Wide<T> cap) {
  unsigned signs = 0;
  for (int64_t i = 0; i < kLanes; i += kWidth<T>) {
    Wide<T> v = multiply_add(factor, get(in + i), shift);
    const auto positive = v > Wide<T>{};
    v = positive ? v : Wide<T>{};
    if constexpr (CAPPED) v = v < cap ? v : cap;
    put(out + i, v, false);
    signs |= sign_bits(positive) << i;
  }
  return signs;
}

// Rows without anything between them are one long row: short loops cost more than their arithmetic.
inline Extent joined(const Extent& e, bool rows_touch) {
  return rows_touch ? Extent{e.blocks, 1, e.rows * e.pixels, e.last_lanes} : e;
}

template <typename T>
inline bool rows_touch(const ChannelPlanes<T>& p, const Extent& e) {
  return p.row_pitch == e.pixels * kLanes;
}

// Calls body(block, row) for the rows of a channel.
template <typename Body>
inline void each_channel_row(const Extent& e, Body body) {
  for (int64_t b = 0; b < e.blocks; ++b) {
    for (int64_t y = 0; y < e.rows; ++y) body(b, y);
  }
}

template <typename T>
inline T* row_of(const ChannelPlanes<T>& p, int64_t block, int64_t row) {
  return p.at + block * p.block_pitch + row * p.row_pitch;
}

template <typename T, bool CAPPED>
inline void relu_channel(const Relu<T>& r) {
  const Wide<T> f = all<T, kWidth<T>>(r.factor), s = all<T, kWidth<T>>(r.shift), c = all<T, kWidth<T>>(r.cap);
  const Extent e = joined(r.extent, rows_touch(r.out, r.extent) && rows_touch(r.in, r.extent));
  each_channel_row(e, [&](int64_t b, int64_t y) {
    T* out = row_of(r.out, b, y);
    const T* in = row_of(r.in, b, y);
    uint16_t* signs = r.signs == nullptr ? nullptr : r.signs + b * r.sign_pitch + y * e.pixels;
    for (int64_t x = 0; x < e.pixels; ++x) {
      const unsigned mask = relu_pixel<T, CAPPED>(out + x * kLanes, in + x * kLanes, f, s, c);
      if (signs != nullptr) signs[x] = static_cast<uint16_t>(mask);
    }
  });
}

template <typename T>
void relu(const Relu<T>& r) {
  r.cap > 0 ? relu_channel<T, true>(r) : relu_channel<T, false>(r);
}

// Terms [t, t + COUNT) of a row, on top of those before.
template <typename T, int COUNT>
inline void add_terms(const WeightedSum<T>& s, int64_t b, int64_t y, int64_t pixels, int64_t t) {
  const Wide<T> shift = all<T, kWidth<T>>(s.shift);
  const bool fresh = t == 0;
  T* out = row_of(s.out, b, y);
  const T* in[COUNT + 1];
  Wide<T> factors[COUNT + 1];
  for (int k = 0; k < COUNT; ++k) in[k] = row_of(s.in[t + k], b, y), factors[k] = all<T, kWidth<T>>(s.factors[t + k]);
  each_vector<T>(pixels, [&](int64_t i) {
    Wide<T> sum = fresh ? shift : get(out + i);
    WINNOW_UNROLL
    for (int k = 0; k < COUNT; ++k) sum = multiply_add(factors[k], get(in[k] + i), sum);
    put(out + i, sum, false);
  });
}

template <typename T>
void weighted_sum(const WeightedSum<T>& s) {
  bool touch = rows_touch(s.out, s.extent);
  for (int64_t t = 0; t < s.terms; ++t) touch = touch && rows_touch(s.in[t], s.extent);
  const Extent e = joined(s.extent, touch);
  each_channel_row(e, [&](int64_t b, int64_t y) {
    // Four at a time: an output is written once for four that are read.
    const int64_t rest = s.terms % 4;
    if (rest == 1) add_terms<T, 1>(s, b, y, e.pixels, 0);
    if (rest == 2) add_terms<T, 2>(s, b, y, e.pixels, 0);
    if (rest == 3) add_terms<T, 3>(s, b, y, e.pixels, 0);
    if (s.terms == 0) add_terms<T, 0>(s, b, y, e.pixels, 0);
    for (int64_t t = rest; t < s.terms; t += 4) add_terms<T, 4>(s, b, y, e.pixels, t);
  });
}

template <typename T, bool CAPPED>
inline Wide<T> relu_gradient_of(Wide<T> in, Wide<T> activation, Wide<T> factor, Wide<T> cap) {
  const Wide<T> zero{}, v = activation > zero ? factor * in : zero;
  if constexpr (CAPPED) return activation < cap ? v : zero;
  return v;
}

// Arguments are copied first: a store of T might change what lies behind a reference, and the compiler would read it again.
template <typename T, bool CAPPED>
inline void relu_gradient_rows(const ReluGradient<T> r) {
  const Wide<T> factor = all<T, kWidth<T>>(r.factor), cap = all<T, kWidth<T>>(r.cap);
  const bool add = r.add;
  for (int64_t y = 0; y < r.rows; ++y) {
    T* out = r.out.at + y * r.out.pitch;
    const T *in = r.in.at + y * r.in.pitch, *activation = r.activation.at + y * r.activation.pitch;
    each_vector<T>(r.pixels, [&](int64_t i) {
      put(out + i, relu_gradient_of<T, CAPPED>(get(in + i), get(activation + i), factor, cap), add);
    });
  }
}

// With sums: two sets, for neighbouring pixels, so that an addition need not wait for the last one.
template <typename T, bool CAPPED, bool CORRELATES>
inline void relu_gradient_sums(const ReluGradient<T> r) {
  constexpr int kParts = static_cast<int>(kLanes) / kWidth<T>;
  const Wide<T> factor = all<T, kWidth<T>>(r.factor), cap = all<T, kWidth<T>>(r.cap);
  Wide<T> sum[2][kParts] = {}, correlation[2][kParts] = {};
  for (int64_t y = 0; y < r.rows; ++y) {
    T* out = r.out.at + y * r.out.pitch;
    const T *in = r.in.at + y * r.in.pitch, *activation = r.activation.at + y * r.activation.pitch;
    const T* with = CORRELATES ? r.with.at + y * r.with.pitch : nullptr;
    const auto pixel = [&](int64_t x, int set) {
      WINNOW_UNROLL
      for (int k = 0; k < kParts; ++k) {
        const int64_t i = x * kLanes + k * kWidth<T>;
        const Wide<T> v = relu_gradient_of<T, CAPPED>(get(in + i), get(activation + i), factor, cap);
        put(out + i, v, false);
        sum[set][k] += v;
        if constexpr (CORRELATES) correlation[set][k] = multiply_add(v, get(with + i), correlation[set][k]);
      }
    };
    int64_t x = 0;
    for (; x + 2 <= r.pixels; x += 2) pixel(x, 0), pixel(x + 1, 1);
    if (x < r.pixels) pixel(x, 0);
  }
  for (int k = 0; k < kParts; ++k) {
    put(r.sum + k * kWidth<T>, sum[0][k] + sum[1][k], true);
    if constexpr (CORRELATES) put(r.correlation + k * kWidth<T>, correlation[0][k] + correlation[1][k], true);
  }
}

template <typename T, bool CAPPED>
inline void relu_gradient_any(const ReluGradient<T>& r) {
  if (r.correlation != nullptr) return relu_gradient_sums<T, CAPPED, true>(r);
  if (r.sum != nullptr) return relu_gradient_sums<T, CAPPED, false>(r);
  relu_gradient_rows<T, CAPPED>(r);
}

template <typename T>
void relu_gradient(const ReluGradient<T>& r) {
  r.cap > 0 ? relu_gradient_any<T, true>(r) : relu_gradient_any<T, false>(r);
}

template <typename T>
void norm_gradient(const NormGradient<T>& n) {
  constexpr int kParts = static_cast<int>(kLanes) / kWidth<T>;
  Wide<T> alpha[kParts], beta[kParts], kappa[kParts];
  WINNOW_UNROLL
  for (int k = 0; k < kParts; ++k) {
    alpha[k] = get(n.alpha + k * kWidth<T>), beta[k] = get(n.beta + k * kWidth<T>), kappa[k] = get(n.kappa + k * kWidth<T>);
  }
  const int64_t rows = n.rows, pixels = n.pixels;
  const Rows<T> to = n.out;
  const Rows<const T> from = n.gradient, at = n.value;
  const bool add = n.add;
  for (int64_t y = 0; y < rows; ++y) {
    T* out = to.at + y * to.pitch;
    const T *gradient = from.at + y * from.pitch, *value = at.at + y * at.pitch;
    for (int64_t x = 0; x < pixels; ++x) {
      WINNOW_UNROLL
      for (int k = 0; k < kParts; ++k) {
        const int64_t i = x * kLanes + k * kWidth<T>;
        put(out + i, multiply_add(alpha[k], get(gradient + i), multiply_add(beta[k], get(value + i), kappa[k])), add);
      }
    }
  }
}

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

template <typename T>
void to_float(float* out, const T* in, int64_t pixels) {
  constexpr int W = kBytes / 8;
  typedef T From __attribute__((vector_size(W * sizeof(T))));
  typedef float To __attribute__((vector_size(W * sizeof(float))));
  for (int64_t i = 0; i < pixels * kLanes; i += W) {
    From value;
    __builtin_memcpy(&value, in + i, sizeof value);
    const To rounded = __builtin_convertvector(value, To);
    __builtin_memcpy(out + i, &rounded, sizeof rounded);
  }
}

template <typename T>
void scale_each(T* out, const T* in, const T* factors, int64_t pixels) {
  for (int64_t x = 0; x < pixels; ++x) {
    const Wide<T> f = all<T, kWidth<T>>(factors[x]);
    for (int64_t i = x * kLanes; i < (x + 1) * kLanes; i += kWidth<T>) put(out + i, f * get(in + i), false);
  }
}

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
