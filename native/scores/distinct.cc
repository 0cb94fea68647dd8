#include "scores/distinct.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace winnow {
namespace {

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

int64_t distinct_rows(const uint64_t* rows, int64_t n, int64_t words) {
  // Open addressing; a slot holds a row index + 1.
  size_t capacity = 16;
  while (capacity < static_cast<size_t>(2 * n)) capacity *= 2;
  std::vector<int64_t> table(capacity);
  int64_t distinct = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t* row = rows + i * words;
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (int64_t w = 0; w < words; ++w) hash = mix(hash ^ row[w]) + 0x9e3779b97f4a7c15u;
    size_t slot = hash & (capacity - 1);
    while (table[slot] != 0 &&
           std::memcmp(rows + (table[slot] - 1) * words, row, static_cast<size_t>(words) * sizeof *row) != 0) {
      slot = (slot + 1) & (capacity - 1);
    }
    if (table[slot] == 0) {
      table[slot] = i + 1;
      ++distinct;
    }
  }
  return distinct;
}

}  // namespace winnow
