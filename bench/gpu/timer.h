// Seconds of launches by the device's own clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/machine.h"
#include "report.h"

namespace winnow::bench {

// A machine of a table, with every failure a NativeFailure (work.h).
class Timer {
 public:
  Timer(const winnow_machine_table& table, int32_t index);            // opens one
  Timer(const winnow_machine_table& table, winnow_machine* machine);  // a plan's own
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  winnow_machine_facts facts() const;
  void* allocate(int64_t bytes);  // until the end

  // Seconds that the launches take as one recording, `repeats` times over, divided by that; one number a round.
  std::vector<double> seconds(const std::vector<winnow_launch>& launches, int64_t rounds, int64_t repeats) const;

 private:
  void check(int32_t code, const winnow_machine_error& error) const;
  const winnow_machine_table& table_;
  winnow_machine* machine_ = nullptr;
  bool own_;
  std::vector<void*> memory_;
};

// The ceilings of a device, medians of rounds after its clocks have settled.
struct Ceilings {
  Spread copy, floats, doubles;  // bytes, operations, operations a second
  Spread launch;                 // seconds of a launch in a recording that does nothing
  double settled;                // seconds until the clock had settled
};
Ceilings ceilings_of(Timer& timer, int64_t rounds);

}  // namespace winnow::bench
