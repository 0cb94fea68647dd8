// What the machine can do at best, measured beside what is timed: the limits that a time is compared with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::bench {

// CPU seconds of the calling thread.
double thread_seconds();
double wall_seconds();

struct Bandwidth {
  std::string level;  // "L1", "L2", "L3", "DRAM"
  int64_t bytes;      // of the array that is read again and again: within the level, beyond the one below
  double gigabytes_per_second;
};

struct Probe {
  int bits;                     // of the vectors used: the widest of the variant
  bool fused;                   // multiply-add in one instruction; else a multiplication and an addition
  double gflops;                // float32, one thread, operands in registers
  double gigawords_per_second;  // 64-bit words exclusive-ored, counted and added, operands in registers
  std::vector<Bandwidth> reads;
  double triad_gigabytes_per_second;  // three arrays of 64 MiB, ordinary stores: 3 x 64 MiB counted
};

// All of it, each the best of three, one thread; a second or two.
Probe probe(const std::string& variant);

// The multiply-adds alone, some 10 ms.
double peak_gflops(const std::string& variant);

}  // namespace winnow::bench
