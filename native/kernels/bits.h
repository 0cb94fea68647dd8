// Bits of activation patterns, one table of functions per variant (variants.inc). Integers: every variant gives the same bits.
#pragma once

#include <cstdint>

#include "runtime/device.h"

namespace winnow {

// Pairwise agreement of bit patterns, added to what is there:
// kernel[i][j] += weight * (units - sum over words of popcount(code[i][w] XOR code[j][w])), 0 <= i, j < n.
struct HammingGram {
  const uint64_t* code;  // row i at i * pitch; bits at and past `units` are equal in all rows
  int64_t n, words, pitch;
  int64_t units, weight;
  int64_t* kernel;  // [n][n]
};

struct BitKernels {
  void (*hamming_gram)(const HammingGram&);
  // From units with samples in the lanes to samples with units in the bits: bit b of words[l * pitch + w], l < lanes, is bit l of
  // masks[64 w + b]. Bits past the last unit are zero.
  void (*pattern_pack)(uint64_t* words, int64_t pitch, const uint16_t* masks, int64_t units, int64_t lanes);
};

const BitKernels& bit_kernels_of(Variant variant);

}  // namespace winnow
