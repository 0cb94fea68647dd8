// Scores beside closed forms and slower ways to the same number.
#include <algorithm>
#include <set>

#include "check.h"
#include "scores/distinct.h"
#include "test_networks.h"

using namespace winnow;
using namespace winnow::test;

TEST(distinct_rows_against_a_set) {
  Draws draws(seed(), 1);
  for (const int64_t words : {1, 2, 3, 10, 32}) {
    for (const int64_t n : {0, 1, 2, 7, 100, 3000}) {
      for (const bool few : {false, true}) {
        // Rows of at most four set bits: many are equal, zero is among them, and different ones differ in little.
        std::vector<uint64_t> rows(static_cast<size_t>(n * words));
        std::set<std::vector<uint64_t>> expected;
        for (int64_t i = 0; i < n; ++i) {
          uint64_t* row = rows.data() + i * words;
          for (int64_t k = draws.integer(0, few ? 1 : 4); k > 0; --k) {
            row[draws.integer(0, words - 1)] |= uint64_t{1} << draws.integer(0, 63);
          }
          expected.insert({row, row + words});
        }
        CHECK_EQUAL(distinct_rows(rows.data(), n, words), static_cast<int64_t>(expected.size()));
      }
    }
  }
}

// All patterns of 12 bits, twice, in one word and spread over the first and the last of seven.
TEST(distinct_rows_of_all_patterns) {
  for (const int64_t words : {1, 7}) {
    std::vector<uint64_t> rows(static_cast<size_t>(2 * 4096 * words));
    for (int64_t i = 0; i < 2 * 4096; ++i) {
      uint64_t* row = rows.data() + i * words;
      row[0] = static_cast<uint64_t>(i % 64);
      row[words - 1] |= static_cast<uint64_t>(i / 64 % 64) << 58;
    }
    CHECK_EQUAL(distinct_rows(rows.data(), 2 * 4096, words), 4096);
  }
}
