// Signs that a machine packs into rows, one bit after the other; its distinct rows against a set of the rows.
#include <random>
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

// Three passes of one value: the first has it at two places, the second does not run it, the third at one of bits that are no
// multiple of anything. Planes of one pixel, of one word and a bit, and of several blocks.
TEST(packed_signs_are_those_of_the_rectified_values) {
  std::mt19937_64 draw(test::seed() + 1);
  const int32_t batch = 5;
  const int64_t passes = 3;
  for (const Size size : {Size{3, batch, 1, 1}, {7, batch, 3, 3}, {2, batch, 5, 13}, {1, batch, 8, 8}, {3, batch, 25, 31}}) {
    note(std::to_string(size.height) + " x " + std::to_string(size.width));
    const int64_t units = size.channels * size.plane();
    std::vector<float> values(static_cast<size_t>(passes * size.elements()));
    for (float& value : values) value = static_cast<float>(static_cast<int64_t>(draw() % 5) - 2);
    // Of two values, this is the second. Places: pass 0 at 0 and behind itself and 37, pass 2 at 19.
    const std::vector<int64_t> places = {5, 0, units + 37, 19};
    const std::vector<int32_t> first_place = {0, 1, 3, 3, 3, 3, 3, 3, 4};
    const std::vector<uint8_t> present = {1, 0, 1};
    const int64_t words = (2 * units + 37 + 63) / 64;
    const OnMachine<float> in(values), out(std::vector<float>(values.size(), -7));
    const OnMachine<int64_t> places_on(places);
    const OnMachine<int32_t> first_on(first_place);
    const OnMachine<uint8_t> present_on(present);
    const OnMachine<double> factor(passes);
    const OnMachine<uint64_t> rows(passes * batch * words);
    using Kernel = RectifyAndPack<float>;
    const Rectify<float>::Arguments rectify = {{present_on.data(), factor.data(), 1, 1},
                                               {},
                                               {in.data(), size.elements(), size},
                                               {out.data(), size.elements(), size},
                                               {-1},
                                               0,
                                               1.5};
    MachineUnderTest::get().launch<Kernel>({rectify, {rows.data(), places_on.data(), first_on.data(), words, 2, 1}},
                                           passes * blocks_for(size.elements(), Kernel::kThreads));
    const std::vector<float> rectified = out.values();
    std::vector<uint64_t> expected(static_cast<size_t>(passes * batch * words));
    for (int64_t pass = 0; pass < passes; ++pass) {
      for (int64_t at = 0; at < size.elements(); ++at) {
        const auto element = static_cast<size_t>(pass * size.elements() + at);
        const float value = std::min(std::max(values[element], 0.0f), 1.5f);
        CHECK_EQUAL(rectified[element], pass == 1 ? -7.0f : value);
        if (pass == 1 || value <= 0) continue;
        const int64_t sample = at / size.plane() % batch;
        const int64_t unit = at / size.channel() * size.plane() + at % size.plane();
        const std::vector<int64_t> own = pass == 0 ? std::vector<int64_t>{0, units + 37} : std::vector<int64_t>{19};
        for (const int64_t place : own) {
          expected[static_cast<size_t>((pass * batch + sample) * words + (place + unit) / 64)] |= uint64_t{1}
                                                                                                  << (place + unit) % 64;
        }
      }
    }
    CHECK(rows.values() == expected);
  }
}

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
