#include "scores/distinct.h"

#include <algorithm>
#include <vector>

namespace winnow {
namespace {

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Open addressing: at most half of the slots are taken.
size_t slots_for(int64_t n) {
  size_t slots = 16;
  while (slots < static_cast<size_t>(2 * n)) slots *= 2;
  return slots;
}

// A row of one word is its own key; an empty slot holds 0, so that zero is counted apart.
int64_t distinct_words(const uint64_t* words, int64_t n) {
  std::vector<uint64_t> table(slots_for(n));
  const size_t last = table.size() - 1;
  bool zero = false;
  int64_t distinct = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t word = words[i];
    if (word == 0) {
      zero = true;
      continue;
    }
    size_t slot = mix(word) & last;
    while (table[slot] != 0 && table[slot] != word) slot = (slot + 1) & last;
    distinct += table[slot] == 0;
    table[slot] = word;
  }
  return distinct + zero;
}

struct Hash {
  uint64_t low, high;
  bool operator==(const Hash& o) const { return low == o.low && high == o.high; }
};

// Two chains of multiplications that do not wait for each other.
Hash hash_of(const uint64_t* row, int64_t words) {
  uint64_t low = 0x9e3779b97f4a7c15u, high = 0xc2b2ae3d27d4eb4fu;
  for (int64_t w = 0; w < words; ++w) {
    low = (low ^ row[w]) * 0xff51afd7ed558ccdu;
    low ^= low >> 32;
    high = (high + row[w]) * 0xc4ceb9fe1a85ec53u;
    high ^= high >> 29;
  }
  return {mix(low), mix(high)};
}

}  // namespace

int64_t distinct_rows(const uint64_t* rows, int64_t n, int64_t words) {
  if (words == 1) return distinct_words(rows, n);
  struct Slot {
    Hash hash;
    const uint64_t* row;  // nullptr: empty
  };
  std::vector<Slot> table(slots_for(n));
  const size_t last = table.size() - 1;
  int64_t distinct = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t* row = rows + i * words;
    const Hash hash = hash_of(row, words);
    const auto same = [&](const Slot& slot) { return slot.hash == hash && std::equal(row, row + words, slot.row); };
    size_t slot = hash.low & last;
    while (table[slot].row != nullptr && !same(table[slot])) slot = (slot + 1) & last;
    distinct += table[slot].row == nullptr;
    table[slot] = {hash, row};
  }
  return distinct;
}

}  // namespace winnow
