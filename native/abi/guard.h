// The border of the C interface: whatever goes wrong inside becomes a status and a text.
#pragma once

#include <cstdio>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <new>
#include <string>

#include "abi/failure.h"

namespace winnow {

// Cut at the capacity, but never inside a UTF-8 sequence: names of nodes are quoted in messages.
inline void write_error(winnow_error* error, const char* text) {
  if (error == nullptr) return;
  size_t length = std::strlen(text);
  if (length >= sizeof error->text) {
    length = sizeof error->text - 1;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  }
  std::memcpy(error->text, text, length);
  error->text[length] = '\0';
}

// Runs `body`; no exception passes.
template <typename Body>
winnow_status guard(winnow_error* error, Body&& body) noexcept {
  try {
    body();
    return WINNOW_OK;
  } catch (const Failure& failure) {
    write_error(error, failure.what());
    return failure.status();
  } catch (const std::bad_alloc&) {
    write_error(error, "out of memory in the native core");
    return WINNOW_OUT_OF_MEMORY;
  } catch (const std::exception& unexpected) {
    write_error(error, unexpected.what());
    return WINNOW_INTERNAL;
  } catch (...) {
    write_error(error, "unknown failure in the native core");
    return WINNOW_INTERNAL;
  }
}

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

// The protocol of every describe call: `needed` is always stored, the text only where it fits.
inline void copy_text(const std::string& value, char* text, int64_t capacity, int64_t* needed) {
  require(needed, "needed");
  *needed = static_cast<int64_t>(value.size()) + 1;
  if (text == nullptr && capacity == 0) return;
  require(text, "text");
  if (capacity < *needed) {
    throw Failure(WINNOW_INVALID, "capacity must be >= " + std::to_string(*needed) + " but was " + std::to_string(capacity));
  }
  std::snprintf(text, static_cast<size_t>(capacity), "%s", value.c_str());
}

}  // namespace winnow
