// Philox4x32-10 and what is drawn from it, as formulas that compile for every processor; the mathematics is in
// include/winnow/random.h. IEEE operations and explicit fused steps only: with contraction off, every compiler gets the same bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

// What another processor's compiler wants before a function that runs there; its build defines it.
#ifndef WINNOW_EVERYWHERE
#define WINNOW_EVERYWHERE
#endif

namespace winnow::philox {

struct Block {
  uint32_t word[4];
};

WINNOW_EVERYWHERE inline Block block_of(uint64_t seed, uint64_t stream, uint64_t block) {
  auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  auto c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32);
  auto c2 = static_cast<uint32_t>(stream), c3 = static_cast<uint32_t>(stream >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

// Polynomial of degree N - 1, highest power first, by Horner's rule with explicit fused steps.
template <int N>
WINNOW_EVERYWHERE inline double polynomial(const double (&coefficient)[N], double x) {
  double value = coefficient[0];
  for (int k = 1; k < N; ++k) value = std::fma(value, x, coefficient[k]);
  return value;
}

// Natural logarithm of a normal positive double, to about one unit in the last place: x = m 2^e with m in [sqrt 1/2, sqrt 2),
// log m = 2 atanh(s) with s = (m - 1) / (m + 1) by its odd series. Only IEEE operations, so every machine gets the same bits.
WINNOW_EVERYWHERE inline double natural_logarithm(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  auto exponent = static_cast<int64_t>(bits >> 52) - 1023;
  bits = (bits & 0x000FFFFFFFFFFFFFu) | 0x3FF0000000000000u;
  double m;
  std::memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  constexpr double series[] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                               1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3};
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  const double tail = polynomial(series, s2) * s2 * s;
  const auto e = static_cast<double>(exponent);
  // log 2 in two parts, the first exact when multiplied by a small integer.
  return std::fma(e, 0x1.62e42fefa38p-1, 2 * s + std::fma(2.0, tail, e * 0x1.ef35793c7673p-45));
}

// Quantile of the standard normal: M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988), 477-484.
// `steps` counts half steps of 2^-53 from 0 or from 1, whichever is nearer, so that both tails are exact in double.
WINNOW_EVERYWHERE inline double normal_quantile(int64_t steps, bool upper) {
  constexpr double a[] = {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
                          13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608};
  constexpr double b[] = {5226.495278852854561,  28729.085735721942674, 39307.89580009271061,  21213.794301586595867,
                          5394.1960214247511077, 687.1870074920579083,  42.313330701600911252, 1.0};
  constexpr double c[] = {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
                          3.64784832476320460504,   5.7694972214606914055,    4.6303378461565452959,  1.42343711074968357734};
  constexpr double d[] = {1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
                          0.68976733498510000455,    1.6763848301838038494,   2.05319162663775882187,   1.0};
  constexpr double e[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
                          0.026532189526576123093,   0.29656057182850489123,    1.7848265399172913358,
                          5.4637849111641143699,     6.6579046435011037772};
  constexpr double f[] = {
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
      0.0148753612908506148525,   0.13692988092273580531,   0.59983220655588793769,   1.0};
  const double tail = static_cast<double>(steps) * 0x1p-54;
  const double q = 0.5 - tail;  // distance from the median, exact
  if (q <= 0.425) {
    const double r = std::fma(-q, q, 0.180625);
    const double z = q * polynomial(a, r) / polynomial(b, r);
    return upper ? z : -z;
  }
  double r = std::sqrt(-natural_logarithm(tail));
  const double z = r <= 5 ? (r -= 1.6, polynomial(c, r) / polynomial(d, r)) : (r -= 5.0, polynomial(e, r) / polynomial(f, r));
  return upper ? z : -z;
}

WINNOW_EVERYWHERE inline uint64_t bits(uint64_t seed, uint64_t stream, int64_t element) {
  const auto index = static_cast<uint64_t>(element);
  const Block block = block_of(seed, stream, index >> 1);
  const auto first = static_cast<size_t>((index & 1) << 1);
  return block.word[first] | uint64_t{block.word[first + 1]} << 32;
}

WINNOW_EVERYWHERE inline double uniform_of(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

WINNOW_EVERYWHERE inline double uniform(uint64_t seed, uint64_t stream, int64_t element) {
  return uniform_of(bits(seed, stream, element));
}

// The normal that 64 bits stand for; odd: normal_of(~bits) = -normal_of(bits).
WINNOW_EVERYWHERE inline double normal_of(uint64_t bits) {
  const auto top = static_cast<int64_t>(bits >> 11);
  constexpr int64_t kAll = int64_t{1} << 53;
  const bool upper = top >= kAll / 2;
  return normal_quantile(2 * (upper ? kAll - 1 - top : top) + 1, upper);
}

WINNOW_EVERYWHERE inline double normal(uint64_t seed, uint64_t stream, int64_t element) {
  return normal_of(bits(seed, stream, element));
}

}  // namespace winnow::philox
