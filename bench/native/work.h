// A shape laid out on a device, ready to be checked and timed: the native core through its C interface.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "probe.h"
#include "shapes.h"
#include "winnow/winnow.h"

namespace winnow::bench {

// The library refused; what() is its text.
struct NativeFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws NativeFailure.
void require(winnow_status status, const winnow_error& error);

template <typename T, void (*close)(T*)>
struct Closer {
  void operator()(T* handle) const { close(handle); }
};
using DeviceHandle = std::unique_ptr<winnow_device, Closer<winnow_device, winnow_device_close>>;

// variant: empty = WINNOW_VARIANT, else the best here. threads: 0 = as many as allowed.
DeviceHandle open_device(const std::string& variant, int64_t threads);

// What a problem needs at least, whatever the way.
struct Cost {
  double flop = 0;   // of convolutions and the classifier, a multiply-accumulate twice: 1 + 2 n passes for a kernel
  double words = 0;  // 64-bit words that are compared bit by bit and counted

  // Seconds at the rates of the probe.
  double floor(const Probe& probe) const;
};

// How far the float32 answer is from the oracle's, and how far it may be.
struct Verdict {
  double error, allowed;
  std::string what;
  bool holds() const { return error <= allowed; }  // false for NaN
};

class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  virtual Cost cost() const = 0;
  // Whether `variant` is fast enough for its time to be worth waiting for: the reference's plain loops take minutes on large shapes.
  bool practical(const std::string& variant) const { return variant != "reference" || cost().flop + 64 * cost().words < 1e9; }
  // Computes the answer, and the oracle's.
  virtual Verdict verdict(const std::string& variant) = 0;
};

std::unique_ptr<Work> make_work(const winnow_device* device, const Shape& shape);

}  // namespace winnow::bench
