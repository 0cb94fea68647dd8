// Distinct rows of a machine against a set of the rows.
#include <set>

#include "machine_under_test.h"
#include "runtime/random.h"
#include "winnow/scores.h"

using namespace winnow;
using namespace winnow::test;
using namespace winnow::machine;

namespace {

std::vector<int64_t> counted(const std::vector<uint64_t>& rows, int64_t words, const std::vector<RowGroup>& groups,
                             bool collide = false) {
  const auto count = static_cast<int64_t>(rows.size()) / words;
  int64_t largest = 0;
  for (const RowGroup& group : groups) largest = std::max(largest, group.count);
  const OnMachine<uint64_t> on(rows);
  const OnMachine<RowHash> hashes(count);
  const OnMachine<RowGroup> lists(groups);
  const OnMachine<int32_t> firsts(count);
  const OnMachine<int64_t> counts(static_cast<int64_t>(groups.size()));
  const auto& machine = MachineUnderTest::get();
  const auto blocks = static_cast<int64_t>(groups.size());
  // Hashes that are all equal are what a collision of all rows would be.
  if (!collide) machine.launch<HashRows>({on.data(), hashes.data(), count, words}, blocks_for(count, HashRows::kThreads));
  machine.launch<FirstRows>({on.data(), hashes.data(), lists.data(), firsts.data(), words, largest},
                            blocks * blocks_for(largest, FirstRows::kThreads));
  machine.launch<CountRows>({firsts.data(), lists.data(), counts.data()}, blocks);
  return counts.values();
}

// Rows of few values, so that many are equal; the last word alone differs in some.
std::vector<uint64_t> rows_of(int64_t n, int64_t words, uint64_t kinds, uint64_t stream) {
  std::vector<uint64_t> rows;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t kind = random_bits(test::seed(), stream, i) % kinds;
    for (int64_t w = 0; w < words; ++w) rows.push_back(w + 1 < words ? kind / 2 : kind);
  }
  return rows;
}

int64_t in_a_set(const std::vector<uint64_t>& rows, int64_t words, const RowGroup& group) {
  std::set<std::vector<uint64_t>> set;
  for (int64_t i = group.first; i < group.first + group.count; ++i) {
    set.insert({rows.begin() + i * words, rows.begin() + (i + 1) * words});
  }
  return static_cast<int64_t>(set.size());
}

}  // namespace

TEST(distinct_rows_are_those_of_a_set) {
  for (const int64_t n : {1, 2, 127, 128, 129, 700}) {
    for (const int64_t words : {1, 2, 17}) {
      for (const uint64_t kinds : {uint64_t{1}, uint64_t{5}, uint64_t{300}, ~uint64_t{0}}) {
        const std::vector<uint64_t> rows = rows_of(n, words, kinds, static_cast<uint64_t>(n + words));
        const std::vector<int64_t> counts = counted(rows, words, {{0, n}});
        CHECK_EQUAL(counts[0], in_a_set(rows, words, {0, n}));
        int64_t cpu = 0;
        CHECK_EQUAL(winnow_distinct_rows(rows.data(), n, words, &cpu, nullptr), WINNOW_OK);
        CHECK_EQUAL(counts[0], cpu);
      }
    }
  }
}

// Groups of different sizes, one of them empty, not in order and not covering all rows.
TEST(groups_are_counted_apart) {
  const int64_t words = 3;
  const std::vector<uint64_t> rows = rows_of(500, words, 40, 11);
  const std::vector<RowGroup> groups = {{100, 129}, {0, 100}, {300, 0}, {229, 1}, {240, 260}};
  const std::vector<int64_t> counts = counted(rows, words, groups);
  for (size_t g = 0; g < groups.size(); ++g) CHECK_EQUAL(counts[g], in_a_set(rows, words, groups[g]));
}

TEST(equal_hashes_of_different_rows_do_not_make_them_equal) {
  const std::vector<uint64_t> rows = rows_of(300, 2, 50, 12);
  CHECK_EQUAL(counted(rows, 2, {{0, 300}}, true)[0], in_a_set(rows, 2, {0, 300}));
}
