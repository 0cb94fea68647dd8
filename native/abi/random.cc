#include "runtime/random.h"

#include "abi/guard.h"
#include "winnow/random.h"

using namespace winnow;

namespace {

template <typename T>
winnow_status draw(T (*element)(uint64_t, uint64_t, int64_t), uint64_t seed, uint64_t stream, int64_t first, int64_t count,
                   T* values, winnow_error* error) {
  return guard(error, [&] {
    if (first < 0) throw Failure(WINNOW_INVALID, "first must be >= 0 but was " + std::to_string(first));
    if (count < 0 || count > INT64_MAX - first) {
      throw Failure(WINNOW_INVALID, "count must be >= 0 and end within int64 but was " + std::to_string(count));
    }
    if (count > 0) require(values, "values");
    for (int64_t k = 0; k < count; ++k) values[k] = element(seed, stream, first + k);
  });
}

}  // namespace

winnow_status winnow_random_bits(uint64_t seed, uint64_t stream, int64_t first, int64_t count, uint64_t* values,
                                 winnow_error* error) {
  return draw(random_bits, seed, stream, first, count, values, error);
}

winnow_status winnow_random_uniform(uint64_t seed, uint64_t stream, int64_t first, int64_t count, double* values,
                                    winnow_error* error) {
  return draw(random_uniform, seed, stream, first, count, values, error);
}

winnow_status winnow_random_normal(uint64_t seed, uint64_t stream, int64_t first, int64_t count, double* values,
                                   winnow_error* error) {
  return draw(random_normal, seed, stream, first, count, values, error);
}

uint64_t winnow_random_substream(uint64_t stream, const char* name) {
  return random_substream(stream, name == nullptr ? "" : name);
}
