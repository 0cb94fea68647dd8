#include "scores/distinct.h"

#include <algorithm>
#include <vector>

#include "scores/row_hash.h"

namespace winnow {
namespace {

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

}  // namespace

int64_t distinct_rows(const uint64_t* rows, int64_t n, int64_t words) {
  if (words == 1) return distinct_words(rows, n);
  struct Slot {
    RowHash hash;
    const uint64_t* row;  // nullptr: empty
  };
  std::vector<Slot> table(slots_for(n));
  const size_t last = table.size() - 1;
  int64_t distinct = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t* row = rows + i * words;
    const RowHash hash = hash_of(row, words);
    const auto same = [&](const Slot& slot) { return slot.hash == hash && std::equal(row, row + words, slot.row); };
    size_t slot = hash.low & last;
    while (table[slot].row != nullptr && !same(table[slot])) slot = (slot + 1) & last;
    distinct += table[slot].row == nullptr;
    table[slot] = {hash, row};
  }
  return distinct;
}

}  // namespace winnow
