// Philox4x32-10 and what is drawn from it; the mathematics is in include/winnow/random.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace winnow {

uint64_t random_bits(uint64_t seed, uint64_t stream, int64_t element);
// The same of the elements [first, first + count), first even: neighbours share a block, blocks go through the rounds together.
void random_bits(uint64_t seed, uint64_t stream, int64_t first, int64_t count, uint64_t* out);
double random_uniform(uint64_t seed, uint64_t stream, int64_t element);
double normal_of(uint64_t bits);  // the normal that 64 bits stand for; odd: normal_of(~bits) = -normal_of(bits)
double random_normal(uint64_t seed, uint64_t stream, int64_t element);
uint64_t random_substream(uint64_t stream, std::string_view name);

}  // namespace winnow
