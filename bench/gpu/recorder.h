// A machine's table that passes every call on and remembers what was launched, so that a plan's kernels can be timed one by one
// without the plan knowing.
#pragma once

#include <vector>

#include "cuda/machine.h"

namespace winnow::bench {

// The table of `real` with launches remembered while `recording`; one at a time in a process.
const winnow_machine_table& recorded(const winnow_machine_table& real);

struct Launched {
  winnow_machine* machine;
  winnow_launch launch;
};
void start_recording();
std::vector<Launched> stop_recording();

}  // namespace winnow::bench
