// Distinct rows of a bit matrix.
#pragma once

#include <cstdint>

namespace winnow {

// Exact: rows are told apart by a 64-bit hash and then by comparison.
int64_t distinct_rows(const uint64_t* rows, int64_t n, int64_t words);

}  // namespace winnow
