// hamming_gram and pattern_pack (kernels/bits.h).
//
// With a vector popcount (AVX-512) a tile of 4 x 4 pairs keeps its sums in registers: per vector one load feeds four pairs, and a
// pair costs xor, count, add. Without, four differences go through a tree of carry-save adders (Harley and Seal), and only its
// carries are counted, byte by byte: one count per four vectors. Here too a row's load feeds four pairs. Rows are taken four by
// four, so that eight of them stay in the first cache.
#pragma once

#include <algorithm>

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

inline int64_t total(Words v) {
  uint64_t sum = 0;
  for (int64_t w = 0; w < kWords; ++w) sum += v[w];
  return static_cast<int64_t>(sum);
}

#if defined(__AVX512VPOPCNTDQ__)
// Differing bits of ROWS rows and COLUMNS others by word of a vector, in words [0, end), which are whole vectors; end is returned.
template <int ROWS, int COLUMNS>
inline int64_t differing(const HammingGram& g, const uint64_t* rows, const uint64_t* columns, Words (&sums)[ROWS][COLUMNS]) {
  int64_t w = 0;
  for (; w + kWords <= g.words; w += kWords) {
    Words row[ROWS];
    for (int r = 0; r < ROWS; ++r) row[r] = load_words(rows + r * g.pitch + w);
    for (int c = 0; c < COLUMNS; ++c) {
      const Words column = load_words(columns + c * g.pitch + w);
      for (int r = 0; r < ROWS; ++r) sums[r][c] += (Words)_mm512_popcnt_epi64((__m512i)(row[r] ^ column));
    }
  }
  return w;
}
#else
// Set bits of every byte.
inline Words count_bytes(Words v) {
#if defined(__AVX2__)
  // Both halves of every byte are looked up.
  const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const Words low = v & 0x0f0f0f0f0f0f0f0fu, high = v >> 4 & 0x0f0f0f0f0f0f0f0fu;
  return (Words)_mm256_add_epi8(_mm256_shuffle_epi8(table, (__m256i)low), _mm256_shuffle_epi8(table, (__m256i)high));
#else
  const Words pairs = v - (v >> 1 & 0x5555555555555555u);
  const Words nibbles = (pairs & 0x3333333333333333u) + (pairs >> 2 & 0x3333333333333333u);
  return (nibbles + (nibbles >> 4)) & 0x0f0f0f0f0f0f0f0fu;
#endif
}

// Sum of the bytes of every word.
inline Words add_bytes(Words v) {
#if defined(__AVX2__)
  return (Words)_mm256_sad_epu8((__m256i)v, _mm256_setzero_si256());
#else
  const Words halves = (v & 0x00ff00ff00ff00ffu) + (v >> 8 & 0x00ff00ff00ff00ffu), quarters = halves + (halves >> 16);
  return (quarters + (quarters >> 32)) & 0xffff;
#endif
}

// a + b + c of every bit: sum in `low`, carry out.
inline Words carry_save(Words& low, Words b, Words c) {
  const Words either = low ^ b, carry = (low & b) | (either & c);
  low = either ^ c;
  return carry;
}

template <int ROWS, int COLUMNS>
inline int64_t differing(const HammingGram& g, const uint64_t* rows, const uint64_t* columns, Words (&sums)[ROWS][COLUMNS]) {
  constexpr int64_t kTreeWords = 4 * kWords, kMostCounts = 31;  // 31 counts of up to 8 fit in a byte
  const int64_t trees = g.words / kTreeWords * kTreeWords;
  int64_t w = 0;
  for (int r = 0; r < ROWS; ++r) {
    const uint64_t* row = rows + r * g.pitch;
    Words ones[COLUMNS] = {}, twos[COLUMNS] = {}, fours[COLUMNS] = {};
    for (w = 0; w < trees;) {
      Words counts[COLUMNS] = {};
      for (const int64_t end = std::min(trees, w + kMostCounts * kTreeWords); w < end; w += kTreeWords) {
        Words carries[2][COLUMNS];
        for (int half = 0; half < 2; ++half) {
          const int64_t k = w + half * 2 * kWords;
          const Words first = load_words(row + k), second = load_words(row + k + kWords);
          for (int c = 0; c < COLUMNS; ++c) {
            const uint64_t* column = columns + c * g.pitch + k;
            carries[half][c] = carry_save(ones[c], first ^ load_words(column), second ^ load_words(column + kWords));
          }
        }
        for (int c = 0; c < COLUMNS; ++c) counts[c] += count_bytes(carry_save(twos[c], carries[0][c], carries[1][c]));
      }
      for (int c = 0; c < COLUMNS; ++c) fours[c] += add_bytes(counts[c]);
    }
    for (int c = 0; c < COLUMNS; ++c) {
      sums[r][c] = (fours[c] << 2) + (add_bytes(count_bytes(twos[c])) << 1) + add_bytes(count_bytes(ones[c]));
    }
    for (; w + kWords <= g.words; w += kWords) {
      for (int c = 0; c < COLUMNS; ++c) {
        sums[r][c] += add_bytes(count_bytes(load_words(row + w) ^ load_words(columns + c * g.pitch + w)));
      }
    }
  }
  return w;
}
#endif

// Differing bits of every pair of ROWS rows from i and COLUMNS rows from j.
template <int ROWS, int COLUMNS>
inline void hamming_tile(const HammingGram& g, int64_t i, int64_t j) {
  const uint64_t *rows = g.code + i * g.pitch, *columns = g.code + j * g.pitch;
  Words sums[ROWS][COLUMNS] = {};
  const int64_t done = differing(g, rows, columns, sums);
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
