// Vectors of the instruction set that this file is compiled for. Only included by variant.cc; no standard headers beyond
// <cstdint>, so that no inline function is compiled for a wider instruction set than the rest of the library.
#pragma once

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Before loops over arrays of vectors, so that they become registers before the compiler looks for those (measured: without, a
// tile's sums pass through the stack at its start and its end).
#define WINNOW_UNROLL _Pragma("GCC unroll 32")

template <typename T, int W>
struct Vector;

#define WINNOW_VECTOR(T, W)                                     \
  template <>                                                   \
  struct Vector<T, W> {                                         \
    typedef T type __attribute__((vector_size(W * sizeof(T)))); \
  };
WINNOW_VECTOR(float, 16)
WINNOW_VECTOR(float, 8)
WINNOW_VECTOR(float, 4)
WINNOW_VECTOR(double, 8)
WINNOW_VECTOR(double, 4)
WINNOW_VECTOR(double, 2)
#undef WINNOW_VECTOR

// Lanes of the widest register; the accumulators that fit beside the operands.
#if defined(__AVX512F__)
constexpr int kBytes = 64, kAccumulators = 24;
#elif defined(__AVX2__)
constexpr int kBytes = 32, kAccumulators = 12;
#else
constexpr int kBytes = 16, kAccumulators = 12;
#endif
template <typename T>
constexpr int kWidth = kBytes / static_cast<int>(sizeof(T));

template <typename T, int W>
using V = typename Vector<T, W>::type;

typedef uint64_t Words __attribute__((vector_size(kBytes)));
constexpr int64_t kWords = kBytes / 8;

template <typename T, int W>
inline V<T, W> load(const T* p) {
  V<T, W> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <typename T, int W>
inline void store(T* p, V<T, W> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

// One value in every lane. Written as a subtraction because GCC makes one broadcast of it, and of a loop over the lanes it
// makes one masked move per lane (measured: the gather kernel at half its speed).
template <typename T, int W>
inline V<T, W> all(T value) {
  return value - V<T, W>{};
}

// Keeps GCC from folding a load into every multiply-add that uses it (measured: 30 loads a pixel instead of 12 in correlate).
template <typename X>
inline X in_register(X value) {
#if defined(__AVX512F__)
  asm("" : "+v"(value));
#elif defined(__x86_64__)
  asm("" : "+x"(value));
#endif
  return value;
}

// Keeps GCC from adding up what an address is made of anew for every access: they differ by constants, which instructions take.
template <typename T>
inline T* one_address(T* address) {
  asm("" : "+r"(address));
  return address;
}

// Bit i is set where lane i of a comparison holds.
template <typename M>
inline unsigned sign_bits(M holds) {
#if defined(__AVX512DQ__)
  if constexpr (sizeof holds == 64) {
    return sizeof holds[0] == 4 ? _mm512_movepi32_mask((__m512i)holds) : _mm512_movepi64_mask((__m512i)holds);
  }
#endif
#if defined(__AVX2__)
  if constexpr (sizeof holds == 32) {
    return static_cast<unsigned>(sizeof holds[0] == 4 ? _mm256_movemask_ps((__m256)holds) : _mm256_movemask_pd((__m256d)holds));
  }
#endif
#if defined(__SSE2__)
  if constexpr (sizeof holds == 16) {
    return static_cast<unsigned>(sizeof holds[0] == 4 ? _mm_movemask_ps((__m128)holds) : _mm_movemask_pd((__m128d)holds));
  }
#endif
  unsigned bits = 0;
  for (unsigned i = 0; i < sizeof holds / sizeof holds[0]; ++i) bits |= (holds[i] != 0 ? 1u : 0u) << i;
  return bits;
}

// a * b + c, in one rounding where the instruction set has it.
template <typename X>
inline X multiply_add(X a, X b, X c) {
#if defined(__AVX512F__)
  if constexpr (__is_same(X, V<float, 16>)) return reinterpret_cast<X>(_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c));
  if constexpr (__is_same(X, V<double, 8>)) return reinterpret_cast<X>(_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c));
#endif
#if defined(__FMA__)
  if constexpr (__is_same(X, V<float, 8>)) return reinterpret_cast<X>(_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c));
  if constexpr (__is_same(X, V<double, 4>)) return reinterpret_cast<X>(_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c));
#endif
  return a * b + c;
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
