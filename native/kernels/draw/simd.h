// Philox in vectors (kernels/draw.h): a lane of 64 bits holds one 32-bit word of a block in its lower half, where the multiplier
// reads it, so that the products' two halves need no shuffles; upper halves are left with what they come to hold.
#pragma once

#include "kernels/draw.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Products of the lower halves.
inline Words multiply_low(Words a, Words b) {
#if defined(__AVX512F__)
  // Without a mask GCC 12 warns of its own header.
  return (Words)_mm512_maskz_mul_epu32(0xff, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (Words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

inline void draw_bits(uint64_t seed, uint64_t stream, uint64_t block, int64_t blocks, uint64_t* out) {
#if defined(__AVX512F__)
  constexpr int kVectors = 4;  // their rounds do not wait for each other
#else
  constexpr int kVectors = 2;
#endif
  static_assert(kDrawBlocks % (kVectors * kWords) == 0);
  Words lane{}, first{}, second{};  // lanes' numbers; which lanes of a block's two elements lie side by side
  for (uint64_t l = 0; l < kWords; ++l) {
    lane[l] = l;
    first[l] = l / 2 + (l % 2) * kWords;
    second[l] = first[l] + kWords / 2;
  }
  const Words m0 = Words{} + 0xD2511F53u, m1 = Words{} + 0xCD9E8D57u;
  for (int64_t done = 0; done < blocks; done += kVectors * kWords) {
    Words c0[kVectors], c1[kVectors], c2[kVectors], c3[kVectors];
    WINNOW_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      c0[v] = lane + (block + static_cast<uint64_t>(done + v * kWords));
      c1[v] = c0[v] >> 32;
      c2[v] = Words{} + stream;
      c3[v] = c2[v] >> 32;
    }
    auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      WINNOW_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const Words p0 = multiply_low(m0, c0[v]), p1 = multiply_low(m1, c2[v]);
        c0[v] = (p1 >> 32) ^ c1[v] ^ (Words{} + uint64_t{k0});
        c2[v] = (p0 >> 32) ^ c3[v] ^ (Words{} + uint64_t{k1});
        c1[v] = p1;
        c3[v] = p0;
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    WINNOW_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const Words even = (c0[v] & 0xffffffffu) | c1[v] << 32, odd = (c2[v] & 0xffffffffu) | c3[v] << 32;
      const Words pairs[2] = {__builtin_shuffle(even, odd, first), __builtin_shuffle(even, odd, second)};
      __builtin_memcpy(out + 2 * (done + v * kWords), pairs, sizeof pairs);
    }
  }
}

inline void draw_uniform(const uint64_t* bits, int64_t count, double scale, float* out) {
  for (int64_t k = 0; k < count; ++k) {
    const double u = static_cast<double>(static_cast<int64_t>(bits[k] >> 11)) * 0x1p-53;
    out[k] = static_cast<float>(scale * (2 * u - 1));
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
