// Philox4x32-10 and what is drawn from it; the mathematics is in include/winnow/random.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace winnow {

uint64_t random_bits(uint64_t seed, uint64_t stream, int64_t element);
double random_uniform(uint64_t seed, uint64_t stream, int64_t element);
double normal_of(uint64_t bits);  // the normal that 64 bits stand for; odd: normal_of(~bits) = -normal_of(bits)
double random_normal(uint64_t seed, uint64_t stream, int64_t element);
uint64_t random_substream(uint64_t stream, std::string_view name);

}  // namespace winnow
