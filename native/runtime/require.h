// What a caller's arguments must be, each with a text that names it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "runtime/failure.h"

namespace winnow {

// INVALID where a required pointer is null.
inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Failure(WINNOW_INVALID, std::string(name) + " must not be null");
}

// INVALID where the caller's struct is older than this library's.
inline void require_size(int64_t given, size_t needed, const char* name) {
  if (given != static_cast<int64_t>(needed)) {
    throw Failure(WINNOW_INVALID,
                  std::string(name) + ".size must be " + std::to_string(needed) + " but was " + std::to_string(given));
  }
}

// INVALID where an output of the caller is smaller than the product of `sides`.
inline void require_capacity(int64_t capacity, std::initializer_list<int64_t> sides, const char* name,
                             const char* unit = "elements") {
  int64_t needed = 1;
  bool fits = true;
  std::string product;
  for (const int64_t side : sides) {
    fits = fits && !__builtin_mul_overflow(needed, side, &needed);
    product += (product.empty() ? "" : " x ") + std::to_string(side);
  }
  if (!fits || capacity < needed) {
    throw Failure(WINNOW_INVALID,
                  std::string(name) + " needs " + product + " " + unit + " but has " + std::to_string(capacity));
  }
}

}  // namespace winnow
