// Pointwise kernels (kernels.h). One pass over memory each; bound by bandwidth.
#pragma once

#include "kernels/rows.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

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

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
