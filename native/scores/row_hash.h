// 128 bits for a row of bits, the same on every processor. Equal rows have equal ones; whoever finds two equal compares the rows.
#pragma once

#include <cstdint>

#ifndef WINNOW_EVERYWHERE
#define WINNOW_EVERYWHERE
#endif

namespace winnow {

WINNOW_EVERYWHERE inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

struct RowHash {
  uint64_t low, high;
  WINNOW_EVERYWHERE bool operator==(const RowHash& o) const { return low == o.low && high == o.high; }
};

// Two chains of multiplications that do not wait for each other.
WINNOW_EVERYWHERE inline RowHash hash_of(const uint64_t* row, int64_t words) {
  uint64_t low = 0x9e3779b97f4a7c15u, high = 0xc2b2ae3d27d4eb4fu;
  for (int64_t w = 0; w < words; ++w) {
    low = (low ^ row[w]) * 0xff51afd7ed558ccdu;
    low ^= low >> 32;
    high = (high + row[w]) * 0xc4ceb9fe1a85ec53u;
    high ^= high >> 29;
  }
  return {mix(low), mix(high)};
}

}  // namespace winnow
