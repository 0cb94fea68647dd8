// The one exception of the core: a status and a text. It is caught in abi/ and never crosses the C interface.
#pragma once

#include <stdexcept>
#include <string>

#include "winnow/status.h"

namespace winnow {

class Failure : public std::runtime_error {
 public:
  Failure(winnow_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
  winnow_status status() const { return status_; }

 private:
  winnow_status status_;
};

}  // namespace winnow
