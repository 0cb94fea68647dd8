#include "cuda/plan/chunk.h"

#include <algorithm>
#include <string>

#include "runtime/failure.h"

namespace winnow {
namespace {

// a + b * c, or the most that there is where it passes that: then it does not fit either.
int64_t saturated(int64_t a, int64_t b, int64_t c) {
  int64_t product, sum;
  return __builtin_mul_overflow(b, c, &product) || __builtin_add_overflow(a, product, &sum) ? INT64_MAX : sum;
}

}  // namespace

Chunk chunk_of(const Demand& demand, int64_t passes, int64_t cotangents, int64_t bytes) {
  const int64_t whole = saturated(demand.pass, demand.cotangent, cotangents);
  if (whole <= bytes) return {std::min(passes, bytes / std::max<int64_t>(1, whole)), cotangents};
  const int64_t least = saturated(demand.pass, demand.cotangent, std::min<int64_t>(1, cotangents));
  if (least > bytes) {
    throw Failure(WINNOW_OUT_OF_MEMORY, "one job " + std::string(cotangents > 0 ? "with one cotangent " : "") + "takes " +
                                            std::to_string(least) + " bytes, " + std::to_string(bytes) + " are free for it");
  }
  const int64_t most = (bytes - demand.pass) / demand.cotangent, blocks = (cotangents + most - 1) / most;
  return {1, (cotangents + blocks - 1) / blocks};
}

}  // namespace winnow
