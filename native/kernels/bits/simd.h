// hamming_gram and pattern_pack (kernels/bits.h).
//
// With a vector popcount (AVX-512) a tile of 4 x 4 pairs keeps its sums in registers: per vector one load feeds four pairs, and a
// pair costs xor, count, add. Without, eight differences go through a tree of carry-save adders (Harley and Seal), and only its
// carries are counted: one count per eight vectors. Rows are taken four by four, so that eight of them stay in the first cache.
#pragma once

#include "kernels/bits.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

constexpr int kTile = 4;

inline Words load_words(const uint64_t* p) {
  Words v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// Set bits of every word.
inline Words count(Words v) {
#if defined(__AVX512VPOPCNTDQ__)
  return (Words)_mm512_popcnt_epi64((__m512i)v);
#elif defined(__AVX2__)
  // Both halves of every byte are looked up; then a word's bytes are added.
  const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const Words low = v & 0x0f0f0f0f0f0f0f0fu, high = v >> 4 & 0x0f0f0f0f0f0f0f0fu;
  const __m256i bytes = _mm256_add_epi8(_mm256_shuffle_epi8(table, (__m256i)low), _mm256_shuffle_epi8(table, (__m256i)high));
  return (Words)_mm256_sad_epu8(bytes, _mm256_setzero_si256());
#else
  const Words pairs = v - (v >> 1 & 0x5555555555555555u);
  const Words nibbles = (pairs & 0x3333333333333333u) + (pairs >> 2 & 0x3333333333333333u);
  const Words bytes = (nibbles + (nibbles >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  const Words halves = bytes + (bytes >> 8), quarters = halves + (halves >> 16);
  return (quarters + (quarters >> 32)) & 0x7f;
#endif
}

inline int64_t total(Words v) {
  uint64_t sum = 0;
  for (int64_t w = 0; w < kWords; ++w) sum += v[w];
  return static_cast<int64_t>(sum);
}

// a + b + c of every bit: sum in `low`, carry out.
inline Words carry_save(Words& low, Words b, Words c) {
  const Words either = low ^ b, carry = (low & b) | (either & c);
  low = either ^ c;
  return carry;
}

// Differing bits of the words [0, words) of two rows, in whole vectors; `words` is left as what has been taken.
inline Words differing(const uint64_t* a, const uint64_t* b, int64_t& words) {
  const int64_t end = words;
  Words sum{}, ones{}, twos{}, fours{};
  int64_t w = 0;
  const auto difference = [&](int64_t k) { return load_words(a + w + k * kWords) ^ load_words(b + w + k * kWords); };
  for (; w + 8 * kWords <= end; w += 8 * kWords) {
    const Words two_a = carry_save(ones, difference(0), difference(1)), two_b = carry_save(ones, difference(2), difference(3));
    const Words four_a = carry_save(twos, two_a, two_b);
    const Words two_c = carry_save(ones, difference(4), difference(5)), two_d = carry_save(ones, difference(6), difference(7));
    const Words four_b = carry_save(twos, two_c, two_d);
    sum += count(carry_save(fours, four_a, four_b)) << 3;
  }
  sum += (count(fours) << 2) + (count(twos) << 1) + count(ones);
  for (; w + kWords <= end; w += kWords) sum += count(difference(0));
  words = w;
  return sum;
}

// Differing bits of every pair of ROWS rows from i and COLUMNS rows from j.
template <int ROWS, int COLUMNS>
inline void hamming_tile(const HammingGram& g, int64_t i, int64_t j) {
  const uint64_t *rows = g.code + i * g.pitch, *columns = g.code + j * g.pitch;
  Words sums[ROWS][COLUMNS] = {};
  int64_t done = 0;
#if defined(__AVX512VPOPCNTDQ__)
  for (; done + kWords <= g.words; done += kWords) {
    Words row[ROWS];
    for (int r = 0; r < ROWS; ++r) row[r] = load_words(rows + r * g.pitch + done);
    for (int c = 0; c < COLUMNS; ++c) {
      const Words column = load_words(columns + c * g.pitch + done);
      for (int r = 0; r < ROWS; ++r) sums[r][c] += count(row[r] ^ column);
    }
  }
#else
  for (int r = 0; r < ROWS; ++r) {
    for (int c = 0; c < COLUMNS; ++c) {
      done = g.words;
      sums[r][c] = differing(rows + r * g.pitch, columns + c * g.pitch, done);
    }
  }
#endif
  for (int r = 0; r < ROWS; ++r) {
    for (int c = 0; c < COLUMNS; ++c) {
      int64_t distance = total(sums[r][c]);
      for (int64_t w = done; w < g.words; ++w) {
        distance += __builtin_popcountll(rows[r * g.pitch + w] ^ columns[c * g.pitch + w]);
      }
      const int64_t agreement = g.weight * (g.units - distance);
      g.kernel[(i + r) * g.n + j + c] += agreement;
      // A tile on the diagonal holds both halves itself.
      if (i != j) g.kernel[(j + c) * g.n + i + r] += agreement;
    }
  }
}

inline void hamming_gram(const HammingGram& g) {
  const int64_t tiled = g.n / kTile * kTile;
  for (int64_t i = 0; i < tiled; i += kTile) {
    for (int64_t j = 0; j <= i; j += kTile) hamming_tile<kTile, kTile>(g, i, j);
  }
  for (int64_t i = tiled; i < g.n; ++i) {
    for (int64_t j = 0; j < tiled; j += kTile) hamming_tile<1, kTile>(g, i, j);
    for (int64_t j = tiled; j <= i; ++j) hamming_tile<1, 1>(g, i, j);
  }
}

// The bits of 64 units: one word per lane.
inline void pack_word(uint64_t* words, int64_t pitch, const uint16_t* masks, int64_t lanes) {
#if defined(__AVX512BW__)
  const __m512i low = _mm512_loadu_si512(masks), high = _mm512_loadu_si512(masks + 32);
  for (int64_t l = 0; l < lanes; ++l) {
    const __m512i lane = _mm512_set1_epi16(static_cast<int16_t>(1 << l));
    words[l * pitch] = uint64_t{_mm512_test_epi16_mask(low, lane)} | uint64_t{_mm512_test_epi16_mask(high, lane)} << 32;
  }
#else
  uint64_t packed[kLanes] = {};
  for (int group = 0; group < 8; ++group) {
    for (int half = 0; half < 2; ++half) {
      // Eight units by eight lanes as an 8 x 8 bit matrix, transposed in three exchanges of ever larger blocks.
      uint64_t m = 0;
      for (int u = 0; u < 8; ++u) m |= uint64_t{masks[8 * group + u] >> (8 * half) & 0xffu} << (8 * u);
      uint64_t t = (m ^ m >> 7) & 0x00aa00aa00aa00aau;
      m ^= t ^ t << 7;
      t = (m ^ m >> 14) & 0x0000cccc0000ccccu;
      m ^= t ^ t << 14;
      t = (m ^ m >> 28) & 0x00000000f0f0f0f0u;
      m ^= t ^ t << 28;
      for (int l = 0; l < 8; ++l) packed[8 * half + l] |= (m >> (8 * l) & 0xffu) << (8 * group);
    }
  }
  for (int64_t l = 0; l < lanes; ++l) words[l * pitch] = packed[l];
#endif
}

inline void pattern_pack(uint64_t* words, int64_t pitch, const uint16_t* masks, int64_t units, int64_t lanes) {
  int64_t u = 0;
  for (; u + 64 <= units; u += 64) pack_word(words++, pitch, masks + u, lanes);
  if (u == units) return;
  uint16_t rest[64] = {};
  for (int64_t k = 0; u + k < units; ++k) rest[k] = masks[u + k];
  pack_word(words, pitch, rest, lanes);
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
