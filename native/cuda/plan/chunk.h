// How much of a call a device holds at a time.
#pragma once

#include <cstdint>

namespace winnow {

// Bytes that a pass takes with all its results, and those of one cotangent of it that is under way.
struct Demand {
  int64_t pass, cotangent;
};

// Passes that run at once, with how many cotangents each. All cotangents as long as one pass with all of them fits; then as
// many passes as fit; else one pass, its cotangents in blocks of equal size, the last one excepted.
struct Chunk {
  int64_t passes, cotangents;
};

// cotangents is 0 for a forward pass. Throws OUT_OF_MEMORY where not even one pass with one cotangent fits.
Chunk chunk_of(const Demand& demand, int64_t passes, int64_t cotangents, int64_t bytes);

}  // namespace winnow
