#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "check.h"
#include "runtime/arenas.h"
#include "runtime/failure.h"
#include "runtime/scratch.h"

using winnow::Arenas;
using winnow::Failure;

namespace {

constexpr int64_t kPage = int64_t{1} << 21;  // a huge page: smaller blocks are not kept

bool holds(const Arenas::Block& block, int64_t bytes, char value) {
  const char* memory = static_cast<const char*>(block.memory);
  return memory[0] == value && std::memcmp(memory, memory + 1, static_cast<size_t>(bytes - 1)) == 0;
}

void dirty(const Arenas::Block& block, char value) { std::memset(block.memory, value, static_cast<size_t>(block.bytes)); }

bool aligned(const Arenas::Block& block, int64_t to) { return reinterpret_cast<uintptr_t>(block.memory) % to == 0; }

}  // namespace

TEST(small_blocks_are_zero_and_not_kept) {
  Arenas arenas;
  for (const int64_t bytes : {int64_t{1}, int64_t{63}, int64_t{64}, int64_t{4097}, kPage - 1}) {
    for (int round = 0; round < 3; ++round) {  // the second time the allocator has dirty memory
      const Arenas::Block block = arenas.take(bytes);
      CHECK(block.bytes >= bytes && aligned(block, 64) && holds(block, bytes, 0));
      dirty(block, 1);
      arenas.give(block);
      CHECK_EQUAL(arenas.bytes(), 0);
    }
  }
  arenas.give(arenas.take(0));
  arenas.give({});
  CHECK_EQUAL(arenas.bytes(), 0);
}

TEST(what_is_asked_for_is_cut_from_the_smallest_that_holds_it) {
  Arenas arenas;
  // What lies between the two stays in use, so that they are no neighbours.
  const Arenas::Block two = arenas.take(kPage + 1), between = arenas.take(kPage), four = arenas.take(4 * kPage);
  CHECK_EQUAL(two.bytes, 2 * kPage);
  CHECK_EQUAL(four.bytes, 4 * kPage);
  for (const Arenas::Block& block : {two, four}) {
    CHECK(aligned(block, kPage) && holds(block, block.bytes, 0));
    dirty(block, 7);
  }
  CHECK_EQUAL(arenas.bytes(), 0);
  arenas.give(four);
  arenas.give(two);
  CHECK_EQUAL(arenas.bytes(), 6 * kPage);

  const Arenas::Block again = arenas.take(kPage), larger = arenas.take(3 * kPage - 1);
  CHECK(again.memory == two.memory && again.bytes == kPage);
  CHECK(larger.memory == four.memory && larger.bytes == 3 * kPage);
  CHECK_EQUAL(arenas.bytes(), 2 * kPage);
  // What was asked for is zero; what lies beyond it was not touched.
  CHECK(holds(again, kPage, 0) && holds(larger, 3 * kPage - 1, 0));
  CHECK_EQUAL(static_cast<int>(static_cast<char*>(larger.memory)[3 * kPage - 1]), 7);
  const Arenas::Block rest = arenas.take(kPage, Arenas::Contents::kAny);
  CHECK(holds(rest, kPage, 7));
  for (const Arenas::Block& block : {again, larger, rest, between}) arenas.give(block);
  CHECK_EQUAL(arenas.bytes(), 7 * kPage);
}

TEST(neighbours_become_one_again) {
  constexpr int kPieces = 5;
  std::vector<int> order = {0, 1, 2, 3, 4};
  do {
    Arenas arenas;
    const Arenas::Block whole = arenas.take(kPieces * kPage);
    arenas.give(whole);
    std::vector<Arenas::Block> pieces;
    for (int k = 0; k < kPieces; ++k) pieces.push_back(arenas.take(kPage));
    CHECK_EQUAL(arenas.bytes(), 0);
    for (const int k : order) arenas.give(pieces[static_cast<size_t>(k)]);
    const Arenas::Block again = arenas.take(kPieces * kPage);
    CHECK(again.memory == whole.memory && again.bytes == whole.bytes);
    arenas.give(again);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(scratch_takes_from_blocks_and_gives_them_back) {
  Arenas arenas;
  {
    winnow::Scratch scratch(arenas);
    double *first = scratch.doubles(3), *second = scratch.doubles(kPage / 8), *large = scratch.doubles(kPage);
    for (double* memory : {first, second, large}) CHECK(reinterpret_cast<uintptr_t>(memory) % 64 == 0);
    CHECK_EQUAL(second - first, 8);  // the next cache line
    std::fill_n(first, 3, 1.0);
    std::fill_n(second, kPage / 8, 2.0);
    std::fill_n(large, kPage, 3.0);
    CHECK(first[2] == 1 && second[0] == 2 && second[kPage / 8 - 1] == 2 && large[0] == 3);
    CHECK_EQUAL(arenas.bytes(), 0);
  }
  CHECK_EQUAL(arenas.bytes(), 2 * kPage + 8 * kPage);
  const Arenas::Block block = arenas.take(8 * kPage, Arenas::Contents::kAny);
  CHECK_EQUAL(static_cast<double*>(block.memory)[0], 3.0);  // as it was left
  arenas.give(block);
}

TEST(the_largest_makes_place_for_a_larger_one) {
  Arenas arenas;
  const Arenas::Block small = arenas.take(kPage), between = arenas.take(kPage), large = arenas.take(8 * kPage);
  arenas.give(small);
  arenas.give(large);
  const Arenas::Block larger = arenas.take(9 * kPage);
  CHECK(holds(larger, 9 * kPage, 0));
  CHECK_EQUAL(arenas.bytes(), 0);  // with all in use it is as much as there ever was
  arenas.give(larger);
  arenas.give(between);
  CHECK_EQUAL(arenas.bytes(), 10 * kPage);
}

// What plans of a population do: take some blocks, give all of them back.
TEST(many_plans_take_what_the_largest_does) {
  Arenas arenas;
  std::mt19937 draw(5);
  int64_t most = 0;
  for (int plan = 0; plan < 2000; ++plan) {
    const int blocks = 1 + static_cast<int>(draw() % 6);
    std::vector<Arenas::Block> taken;
    int64_t used = 0;
    for (int k = 0; k < blocks; ++k) {
      const int64_t pages = 1 + static_cast<int64_t>(draw() % 100) * static_cast<int64_t>(draw() % 100) / 100;
      taken.push_back(arenas.take(pages * kPage, Arenas::Contents::kAny));  // nothing writes to it
      used += taken.back().bytes;
      most = std::max(most, used);
      CHECK(used + arenas.bytes() <= most);
    }
    std::shuffle(taken.begin(), taken.end(), draw);
    for (const Arenas::Block& block : taken) arenas.give(block);
    CHECK(arenas.bytes() >= used && arenas.bytes() <= most);
  }
}

TEST(no_more_is_kept_than_the_bound) {
  Arenas arenas;
  const int64_t bytes = Arenas::kMostBytes / 3 / kPage * kPage;
  std::vector<Arenas::Block> blocks;  // nothing writes to them, so that they cost addresses and no memory
  for (int k = 0; k < 5; ++k) blocks.push_back(arenas.take(bytes));
  blocks.push_back(arenas.take(Arenas::kMostBytes + 1));
  for (const Arenas::Block& block : blocks) {
    arenas.give(block);
    CHECK(arenas.bytes() <= Arenas::kMostBytes);
  }
  CHECK_EQUAL(arenas.bytes(), 3 * bytes);
}

TEST(what_the_system_refuses) {
  Arenas arenas;
  arenas.give(arenas.take(kPage));
  for (const int64_t bytes : {INT64_MAX, INT64_MAX / 2}) {
    try {
      arenas.take(bytes);
      CHECK(false);
    } catch (const Failure& failure) {
      CHECK_EQUAL(failure.status(), WINNOW_OUT_OF_MEMORY);
      CHECK_CONTAINS(failure.what(), std::to_string(bytes) + " bytes");
    }
  }
  const Arenas::Block block = arenas.take(kPage);  // it is not the worse for it
  CHECK(holds(block, kPage, 0));
  arenas.give(block);
}

TEST(two_threads_take_and_give) {
  Arenas arenas;
  bool whole[2] = {true, true};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&arenas, &whole, t] {
      const char own = static_cast<char>(t + 1);
      for (int64_t round = 0; round < 60; ++round) {
        const int64_t bytes = round % 4 == 3 ? kPage / 8 : kPage * (1 + (round + t) % 3) - 5;
        const Arenas::Block block = arenas.take(bytes);
        whole[t] = whole[t] && holds(block, bytes, 0);
        dirty(block, own);
        std::this_thread::yield();
        whole[t] = whole[t] && holds(block, block.bytes, own);
        arenas.give(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(whole[0]);
  CHECK(whole[1]);
  CHECK(arenas.bytes() <= Arenas::kMostBytes);
}
