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

int64_t most_equal_rows(const uint64_t* rows, int64_t n, int64_t words) {
  std::vector<const uint64_t*> sorted;
  for (int64_t i = 0; i < n; ++i) sorted.push_back(rows + i * words);
  std::sort(sorted.begin(), sorted.end(),
            [&](const uint64_t* a, const uint64_t* b) { return std::lexicographical_compare(a, a + words, b, b + words); });
  int64_t most = 0, run = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    run = i > 0 && std::equal(sorted[i], sorted[i] + words, sorted[i - 1]) ? run + 1 : 1;
    most = std::max(most, run);
  }
  return most;
}

}  // namespace winnow
