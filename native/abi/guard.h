// The border of the C interface: whatever goes wrong inside becomes a status and a text.
#pragma once

#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "runtime/require.h"

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
