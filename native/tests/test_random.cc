#include <algorithm>
#include <cmath>
#include <numeric>

#include "check.h"
#include "cpu_variants.h"
#include "kernels/draw.h"
#include "runtime/random.h"
#include "winnow/random.h"

namespace {

// Philox4x32-10 in its own words (Salmon et al. 2011, section 3.3): rounds on arrays, the round keys made beforehand.
struct Philox {
  uint32_t key[2];
  std::vector<uint32_t> operator()(std::vector<uint32_t> counter) const {
    uint32_t keys[10][2];
    for (uint32_t r = 0; r < 10; ++r) {
      keys[r][0] = key[0] + r * 0x9E3779B9u;
      keys[r][1] = key[1] + r * 0xBB67AE85u;
    }
    for (const auto& k : keys) {
      const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
      const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
      counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ k[0], static_cast<uint32_t>(b),
                 static_cast<uint32_t>(a >> 32) ^ counter[3] ^ k[1], static_cast<uint32_t>(a)};
    }
    return counter;
  }
};

uint64_t low_high(uint32_t low, uint32_t high) { return low | uint64_t{high} << 32; }

}  // namespace

// The three vectors of the authors' file of known answers for philox4x32, 10 rounds: counter, key, output.
TEST(philox_known_answers) {
  struct Case {
    uint32_t counter[4], key[2], output[4];
  };
  const Case cases[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Case& c : cases) {
    const std::vector<uint32_t> expected(c.output, c.output + 4);
    CHECK(Philox{{c.key[0], c.key[1]}}({c.counter, c.counter + 4}) == expected);
    const uint64_t block = low_high(c.counter[0], c.counter[1]);
    if (block > uint64_t{INT64_MAX} / 2) continue;  // its elements have no int64 index
    const uint64_t seed = low_high(c.key[0], c.key[1]), stream = low_high(c.counter[2], c.counter[3]);
    uint64_t bits[2];
    CHECK_EQUAL(winnow_random_bits(seed, stream, static_cast<int64_t>(2 * block), 2, bits, nullptr), WINNOW_OK);
    CHECK_EQUAL(bits[0], low_high(expected[0], expected[1]));
    CHECK_EQUAL(bits[1], low_high(expected[2], expected[3]));
  }
}

TEST(bits_are_the_words_of_the_header_formula) {
  const uint64_t seed = 0x0123456789abcdefu * (winnow::test::seed() | 1), stream = 0xfedcba9876543210u;
  const Philox philox{{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}};
  const int64_t firsts[] = {0, 1, 7, (int64_t{1} << 33) + 1, INT64_MAX - 20};
  for (const int64_t first : firsts) {
    std::vector<uint64_t> bits(19);
    CHECK_EQUAL(winnow_random_bits(seed, stream, first, 19, bits.data(), nullptr), WINNOW_OK);
    for (int64_t k = 0; k < 19; ++k) {
      const uint64_t block = static_cast<uint64_t>(first + k) / 2;
      const auto words = philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                 static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)});
      const size_t half = (first + k) % 2 == 0 ? 0 : 2;
      CHECK_EQUAL(bits[static_cast<size_t>(k)], low_high(words[half], words[half + 1]));
    }
  }
}

TEST(uniform_is_in_range_and_made_of_the_bits) {
  std::vector<uint64_t> bits(5000);
  std::vector<double> uniform(5000);
  winnow_random_bits(3, 4, 11, 5000, bits.data(), nullptr);
  winnow_random_uniform(3, 4, 11, 5000, uniform.data(), nullptr);
  for (size_t k = 0; k < bits.size(); ++k) {
    CHECK_EQUAL(uniform[k], std::ldexp(static_cast<double>(bits[k] >> 11), -53));
    CHECK(uniform[k] >= 0 && uniform[k] < 1);
  }
  // The mean of N uniforms has standard deviation 1 / sqrt(12 N); six of them.
  const double mean = std::accumulate(uniform.begin(), uniform.end(), 0.0) / 5000;
  CHECK_NEAR(mean, 0.5, 6 / std::sqrt(12 * 5000.0));
}

// Quantiles against their inverse: Phi(z) = erfc(-z / sqrt 2) / 2 of the C library. With relative error 1e-15 of AS241 in z, p
// moves by phi(z) z 1e-15; erfc itself is good to a few ulp and amplifies the rounding of its argument by z^2 ulp.
TEST(normal_inverts_the_distribution_function) {
  const uint64_t extremes[] = {0, 1, 2, 1000, (uint64_t{1} << 52) - 1, uint64_t{1} << 52, (uint64_t{1} << 53) - 1};
  std::vector<uint64_t> tops(extremes, extremes + 7);
  for (int64_t k = 0; k < 2000; ++k) tops.push_back(winnow::random_bits(winnow::test::seed(), 5, k) >> 11);
  for (int64_t e = 0; e < 53; ++e) tops.push_back(uint64_t{1} << e);
  for (const uint64_t top : tops) {
    const double z = winnow::normal_of(top << 11);
    const bool upper = top >= uint64_t{1} << 52;
    // (top + 1/2) 2^-53 or its distance from 1, both exact in double.
    const uint64_t steps = upper ? (uint64_t{1} << 53) - 1 - top : top;
    const double tail = std::ldexp(static_cast<double>(2 * steps + 1), -54);
    CHECK_EQUAL(z > 0, upper);
    const double back = 0.5 * std::erfc(std::fabs(z) / std::sqrt(2.0));
    CHECK_NEAR(back, tail, tail * (8 + 4 * z * z) * 2.3e-16);
  }
}

// Closed form values: tables of the normal distribution, to the digits printed there.
TEST(normal_quantiles_of_the_tables) {
  const struct {
    double p, z;
  } table[] = {{0.975, 1.959963984540054},  {0.95, 1.6448536269514722},  {0.75, 0.6744897501960817},
               {0.995, 2.5758293035489004}, {0.9995, 3.290526731491926}, {0.999999, 4.753424308822899}};
  for (const auto& row : table) {
    const auto top = static_cast<uint64_t>(std::ldexp(row.p, 53));
    // p is off by half a step of 2^-53; dz = dp / phi(z).
    const double density = std::exp(-row.z * row.z / 2) / std::sqrt(2 * 3.14159265358979323846);
    CHECK_NEAR(winnow::normal_of(top << 11), row.z, 2.3e-16 / density + 4e-16 * row.z);
  }
}

TEST(normal_is_odd_around_one_half) {
  for (int64_t k = 0; k < 500; ++k) {
    const uint64_t bits = winnow::random_bits(winnow::test::seed(), 9, k);
    CHECK_EQUAL(winnow::normal_of(bits), -winnow::normal_of(~bits));
  }
  CHECK_EQUAL(winnow::normal_of(0), -winnow::normal_of(UINT64_MAX));
}

TEST(normal_moments) {
  const int64_t n = 20000;
  std::vector<double> z(static_cast<size_t>(n));
  CHECK_EQUAL(winnow_random_normal(winnow::test::seed(), 6, 0, n, z.data(), nullptr), WINNOW_OK);
  double m1 = 0, m2 = 0, m4 = 0;
  for (const double x : z) m1 += x, m2 += x * x, m4 += x * x * x * x;
  const auto count = static_cast<double>(n);
  // Standard deviations of the sample moments: 1, sqrt 2, sqrt(105 - 9) over sqrt n; six of them.
  CHECK_NEAR(m1 / count, 0, 6 / std::sqrt(count));
  CHECK_NEAR(m2 / count, 1, 6 * std::sqrt(2 / count));
  CHECK_NEAR(m4 / count, 3, 6 * std::sqrt(96 / count));
}

TEST(a_draw_does_not_depend_on_how_it_is_cut) {
  std::vector<double> whole(101), parts(101);
  winnow_random_normal(1, 2, 3, 101, whole.data(), nullptr);
  winnow_random_normal(1, 2, 3, 50, parts.data(), nullptr);
  winnow_random_normal(1, 2, 53, 51, parts.data() + 50, nullptr);
  CHECK(whole == parts);
}

// FNV-1a's published vector for "a" is af63dc4c8601ec8c; splitmix64's finaliser is a bijection, so equal results mean equal
// inputs: the sub-stream of "a" from stream s equals that of "" from s ^ fnv("a") ^ fnv("").
TEST(substreams) {
  const uint64_t a = 0xaf63dc4c8601ec8cu, empty = 0xcbf29ce484222325u;
  CHECK_EQUAL(winnow_random_substream(17, "a"), winnow_random_substream(17 ^ a ^ empty, ""));
  // splitmix64 seeded with 0 first adds 0x9e3779b97f4a7c15 and finalises to 0xe220a8397b1dcdaf (Vigna's reference output).
  CHECK_EQUAL(winnow_random_substream(empty ^ 0x9e3779b97f4a7c15u, ""), 0xe220a8397b1dcdafu);
  CHECK(winnow_random_substream(0, "x.weight") != winnow_random_substream(0, "y.weight"));
}

TEST(bad_ranges_are_invalid) {
  uint64_t bits[1];
  winnow_error error;
  CHECK_EQUAL(winnow_random_bits(0, 0, -1, 1, bits, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "first");
  CHECK_EQUAL(winnow_random_bits(0, 0, 0, -1, bits, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "count");
  CHECK_EQUAL(winnow_random_bits(0, 0, 2, INT64_MAX, bits, &error), WINNOW_INVALID);
  CHECK_EQUAL(winnow_random_bits(0, 0, 0, 1, nullptr, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "values");
  CHECK_EQUAL(winnow_random_bits(0, 0, 0, 0, nullptr, nullptr), WINNOW_OK);
}

// Every variant that this machine has: the bits of the formulas, across the carry of the block's lower half.
TEST(draw_kernels_of_all_variants) {
  for (const winnow::Variant variant : winnow::test::cpu_variants()) {
    winnow::test::note(winnow::variant_name(variant));
    const winnow::DrawKernels& draw = winnow::draw_kernels_of(variant);
    for (const uint64_t block : {uint64_t{0}, uint64_t{77}, (uint64_t{1} << 32) - 9, (uint64_t{1} << 61) + 5}) {
      const uint64_t seed = winnow::test::seed() * 0x9E3779B97F4A7C15u, stream = ~seed;
      std::vector<uint64_t> bits(6 * winnow::kDrawBlocks);
      draw.bits(seed, stream, block, 3 * winnow::kDrawBlocks, bits.data());
      std::vector<float> values(bits.size() - 3);
      draw.uniform(bits.data(), static_cast<int64_t>(values.size()), 0.3, values.data());
      int64_t wrong = 0;
      for (size_t k = 0; k < bits.size(); ++k) {
        wrong += bits[k] != winnow::random_bits(seed, stream, static_cast<int64_t>(2 * block + k));
        if (k >= values.size()) continue;
        const double u = static_cast<double>(bits[k] >> 11) * 0x1p-53;
        wrong += values[k] != static_cast<float>(0.3 * (2 * u - 1));
      }
      CHECK_EQUAL(wrong, 0);
    }
  }
}
