// How many rows of bits differ: hashes, then a comparison wherever two hashes are equal, then a sum of integers. Exact, and
// without tables that threads would have to take turns at: a row counts where no earlier row of its group equals it, which each
// thread finds out by itself.
#pragma once

#include "cuda/kernels/kernel.h"
#include "scores/row_hash.h"

namespace winnow::machine {

// Rows [first, first + count) are counted together.
struct RowGroup {
  int64_t first, count;
};

// hashes [row] of rows [row][words]. A thread walks a row of its own.
struct HashRows {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const uint64_t* rows;
    RowHash* hashes;
    int64_t count, words;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t row = block * kThreads + thread;
    if (row < a.count) a.hashes[row] = hash_of(a.rows + row * a.words, a.words);
  }
};

// firsts [row]: 1 where no earlier row of the group is equal, 0 elsewhere. A thread owns a row and walks the hashes before it: all
// threads of a warp read the same one. count^2 / 2 comparisons of hashes in a group; rows themselves are read only where two
// hashes are equal.
struct FirstRows {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const uint64_t* rows;
    const RowHash* hashes;
    const RowGroup* groups;
    int32_t* firsts;
    int64_t words, largest;  // rows of the largest group: blocks_for(largest, kThreads) blocks go to every group
  };
  WINNOW_EVERYWHERE static bool equal(const uint64_t* a, const uint64_t* b, int64_t words) {
    for (int64_t w = 0; w < words; ++w) {
      if (a[w] != b[w]) return false;
    }
    return true;
  }
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Element e = element_of<kThreads>(block, thread, a.largest);
    const RowGroup group = a.groups[e.pass];
    if (e.element >= group.count) return;
    const int64_t row = group.first + e.element;
    const RowHash hash = a.hashes[row];
    bool first = true;
    for (int64_t other = group.first; other < row && first; ++other) {
      first = !(a.hashes[other] == hash && equal(a.rows + other * a.words, a.rows + row * a.words, a.words));
    }
    a.firsts[row] = first ? 1 : 0;
  }
};

// counts [group] of firsts. A block adds up a group.
struct CountRows {
  static constexpr int32_t kThreads = 128, kPhases = 2;
  struct Shared {
    int64_t part[kThreads];
  };
  struct Arguments {
    const int32_t* firsts;
    const RowGroup* groups;
    int64_t* counts;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    if (phase == 0) {
      const RowGroup group = a.groups[block];
      int64_t count = 0;
      for (int64_t row = thread; row < group.count; row += kThreads) count += a.firsts[group.first + row];
      shared.part[thread] = count;
    } else if (thread == 0) {
      int64_t count = 0;
      for (const int64_t part : shared.part) count += part;
      a.counts[block] = count;
    }
  }
};

}  // namespace winnow::machine
