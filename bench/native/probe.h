// What the machine can do at best, measured beside what is timed: the limits that a time is compared with.
#pragma once

#include <string>

namespace winnow::bench {

// CPU seconds of the calling thread.
double thread_seconds();
// CPU seconds of all threads of the process.
double process_seconds();

struct Probe {
  int bits;                     // of the vectors used: the widest of the variant
  bool fused;                   // multiply-add in one instruction; else a multiplication and an addition
  double gflops;                // float32, one thread, operands in registers
  double gigabytes_per_second;  // triad of three 64 MiB arrays, ordinary stores: 3 x 64 MiB counted
};
Probe probe(const std::string& variant);

}  // namespace winnow::bench
