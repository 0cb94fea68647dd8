// Random numbers of a machine against those of the CPU, through the public interface: the same bits.
#include <cstring>

#include "machine_under_test.h"
#include "winnow/random.h"

using namespace winnow;
using namespace winnow::test;
using namespace winnow::machine;

namespace {

template <Drawn kDrawn>
std::vector<uint64_t> drawn(uint64_t seed, uint64_t stream, int64_t first, int64_t count) {
  using Kernel = Draw<kDrawn>;
  const OnMachine<typename Kernel::Value> values(count);
  MachineUnderTest::get().launch<Kernel>({values.data(), seed, stream, first, count}, blocks_for(count, Kernel::kThreads));
  const auto list = values.values();
  std::vector<uint64_t> bits(list.size());
  std::memcpy(bits.data(), list.data(), list.size() * sizeof(uint64_t));
  return bits;
}

template <typename T, typename Draw>
std::vector<uint64_t> expected(Draw draw, uint64_t seed, uint64_t stream, int64_t first, int64_t count) {
  std::vector<T> list(static_cast<size_t>(count));
  CHECK_EQUAL(draw(seed, stream, first, count, list.data(), nullptr), WINNOW_OK);
  std::vector<uint64_t> bits(list.size());
  std::memcpy(bits.data(), list.data(), list.size() * sizeof(uint64_t));
  return bits;
}

}  // namespace

// Counts around a block of threads, odd first elements, indices that need 64 bits.
TEST(draws_are_the_cpu_s_bit_for_bit) {
  const uint64_t seeds[] = {0, test::seed(), 0xfedcba9876543210u};
  const int64_t firsts[] = {0, 1, 255, (int64_t{1} << 33) + 1, INT64_MAX - 1000};
  for (const uint64_t seed : seeds) {
    for (const int64_t first : firsts) {
      for (const int64_t count : {1, 2, 255, 256, 257, 1000}) {
        const uint64_t stream = seed * 31 + 7;
        CHECK(drawn<Drawn::kBits>(seed, stream, first, count) ==
              expected<uint64_t>(winnow_random_bits, seed, stream, first, count));
        CHECK(drawn<Drawn::kUniform>(seed, stream, first, count) ==
              expected<double>(winnow_random_uniform, seed, stream, first, count));
        CHECK(drawn<Drawn::kNormal>(seed, stream, first, count) ==
              expected<double>(winnow_random_normal, seed, stream, first, count));
      }
    }
  }
}

// Enough normals that every branch of the quantile is taken: |z| > 1.44 in one of seven, |z| > 7 * 10^-7 of them would need more
// than a test has, so the far tails are in test_random by their bits.
TEST(a_million_normals_are_the_cpu_s) {
  const int64_t count = 1000003;
  CHECK(drawn<Drawn::kNormal>(test::seed(), 3, 5, count) == expected<double>(winnow_random_normal, test::seed(), 3, 5, count));
}
