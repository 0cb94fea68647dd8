// Distinct rows of a bit matrix.
#pragma once

#include <cstdint>

namespace winnow {

// Exact: rows of one word are compared as they are, longer ones by a 128-bit hash and, where that is equal, word by word.
int64_t distinct_rows(const uint64_t* rows, int64_t n, int64_t words);

// How often the commonest row occurs.
int64_t most_equal_rows(const uint64_t* rows, int64_t n, int64_t words);

}  // namespace winnow
