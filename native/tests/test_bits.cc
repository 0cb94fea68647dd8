// Bit kernels of every variant that this machine has: counts against loops over bits kept one per byte, and against patterns whose
// distances are known; sizes around every vector, chunk and tile. Exact: integers.
#include <algorithm>
#include <string>

#include "check.h"
#include "cpu_variants.h"
#include "kernels/bits.h"
#include "kernels/kernels.h"
#include "test_networks.h"

using namespace winnow;
using namespace winnow::test;

namespace {

template <typename Body>
void each_variant(Body body) {
  for (const Variant variant : cpu_variants()) {
    note(variant_name(variant));
    body(bit_kernels_of(variant));
  }
}

// n rows of `units` bits, one per byte; row i is row 0 with some bits flipped, so that distances are of every size.
std::vector<std::vector<uint8_t>> random_bits(Draws& draws, int64_t n, int64_t units) {
  std::vector<std::vector<uint8_t>> rows(static_cast<size_t>(n), std::vector<uint8_t>(static_cast<size_t>(units)));
  for (int64_t i = 0; i < n; ++i) {
    const double flips = static_cast<double>(draws.integer(0, 10)) / 10;
    for (size_t u = 0; u < rows[static_cast<size_t>(i)].size(); ++u) {
      rows[static_cast<size_t>(i)][u] = i == 0 ? draws.chance(0.5) : rows[0][u] ^ static_cast<uint8_t>(draws.chance(flips));
    }
  }
  return rows;
}

// Packed by the definition; what lies past a row's words is noise.
std::vector<uint64_t> packed(const std::vector<std::vector<uint8_t>>& rows, int64_t units, int64_t pitch, Draws& draws) {
  std::vector<uint64_t> code(rows.size() * static_cast<size_t>(pitch) + 1);
  for (uint64_t& word : code) word = draws.bits();
  const int64_t words = (units + 63) / 64;
  for (size_t i = 0; i < rows.size(); ++i) {
    uint64_t* row = code.data() + static_cast<int64_t>(i) * pitch;
    std::fill(row, row + words, uint64_t{0});
    for (int64_t u = 0; u < units; ++u) row[u / 64] |= uint64_t{rows[i][static_cast<size_t>(u)]} << (u % 64);
  }
  return code;
}

}  // namespace

TEST(hamming_gram_counts_equal_bits) {
  each_variant([](const BitKernels& kernels) {
    Draws draws(seed(), 1);
    for (const int64_t n : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17}) {
      for (const int64_t units : {0, 1, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1025, 2047, 2048, 2049, 4159, 5000}) {
        const int64_t words = (units + 63) / 64, pitch = words + draws.integer(0, 3), weight = draws.integer(1, 12);
        const auto rows = random_bits(draws, n, units);
        const std::vector<uint64_t> code = packed(rows, units, pitch, draws);
        std::vector<int64_t> kernel(static_cast<size_t>(n * n + 1), 100);
        kernels.hamming_gram({code.data(), n, words, pitch, units, weight, kernel.data()});
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            const auto &a = rows[static_cast<size_t>(i)], &b = rows[static_cast<size_t>(j)];
            int64_t equal = 0;
            for (size_t u = 0; u < a.size(); ++u) equal += a[u] == b[u];
            CHECK_EQUAL(kernel[static_cast<size_t>(i * n + j)], 100 + weight * equal);
          }
        }
        CHECK_EQUAL(kernel.back(), 100);
      }
    }
  });
}

// Rows of a Hadamard matrix of order 2^k differ pairwise in exactly half of their places, and from their complements in all. They
// are long enough for any sum kept in a byte to be full.
TEST(hamming_gram_of_a_hadamard_matrix) {
  each_variant([](const BitKernels& kernels) {
    constexpr int64_t kOrder = 65536, kRows = 12, kWords = kOrder / 64;
    std::vector<uint64_t> code(2 * kRows * kWords);
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t u = 0; u < kOrder; ++u) {
        const int64_t row = i * 641;
        code[static_cast<size_t>(i * kWords + u / 64)] |= uint64_t(__builtin_parityll(static_cast<uint64_t>(row & u)))
                                                          << (u % 64);
      }
      for (int64_t w = 0; w < kWords; ++w) {
        code[static_cast<size_t>((kRows + i) * kWords + w)] = ~code[static_cast<size_t>(i * kWords + w)];
      }
    }
    std::vector<int64_t> kernel(4 * kRows * kRows);
    kernels.hamming_gram({code.data(), 2 * kRows, kWords, kWords, kOrder, 1, kernel.data()});
    for (int64_t i = 0; i < 2 * kRows; ++i) {
      for (int64_t j = 0; j < 2 * kRows; ++j) {
        const int64_t expected = i == j ? kOrder : i % kRows == j % kRows ? 0 : kOrder / 2;
        CHECK_EQUAL(kernel[static_cast<size_t>(i * 2 * kRows + j)], expected);
      }
    }
  });
}

TEST(pattern_pack_is_a_transposition) {
  each_variant([](const BitKernels& kernels) {
    Draws draws(seed(), 2);
    for (const int64_t units : {0, 1, 7, 8, 9, 63, 64, 65, 128, 129, 200}) {
      for (const int64_t lanes : {1, 3, 8, 15, 16}) {
        const int64_t words = (units + 63) / 64, pitch = words + draws.integer(0, 2);
        std::vector<uint16_t> masks(static_cast<size_t>(units));
        for (uint16_t& mask : masks) mask = static_cast<uint16_t>(draws.bits());
        const std::vector<uint64_t> before(static_cast<size_t>(kLanes * pitch + 1), 0x5555555555555555u);
        std::vector<uint64_t> code = before;
        kernels.pattern_pack(code.data(), pitch, masks.data(), units, lanes);
        for (int64_t l = 0; l < lanes; ++l) {
          for (int64_t u = 0; u < 64 * words; ++u) {
            const uint64_t expected = u < units ? masks[static_cast<size_t>(u)] >> l & 1u : 0u;
            CHECK_EQUAL(code[static_cast<size_t>(l * pitch + u / 64)] >> (u % 64) & 1u, expected);
          }
          for (int64_t w = words; w < pitch; ++w) CHECK_EQUAL(code[static_cast<size_t>(l * pitch + w)], before[0]);
        }
        CHECK(std::equal(code.begin() + lanes * pitch, code.end(), before.begin()));
      }
    }
  });
}
