// Numbers of a random stream on the device: the formulas of runtime/philox.h, so the bits of the CPU.
#pragma once

#include <type_traits>

#include "cuda/kernels/kernel.h"
#include "runtime/philox.h"

namespace winnow::machine {

enum class Drawn { kBits, kUniform, kNormal };

// values [count]: elements [first, first + count) of a stream, one to a thread. Bound by arithmetic: a Philox block of ten rounds
// for every element (a block holds two; drawing both in a thread would tie an element's value to where its draw begins).
template <Drawn kDrawn>
struct Draw {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Value = std::conditional_t<kDrawn == Drawn::kBits, uint64_t, double>;
  struct Arguments {
    Value* values;
    uint64_t seed, stream;
    int64_t first, count;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t k = block * kThreads + thread;
    if (k >= a.count) return;
    if constexpr (kDrawn == Drawn::kBits) a.values[k] = philox::bits(a.seed, a.stream, a.first + k);
    if constexpr (kDrawn == Drawn::kUniform) a.values[k] = philox::uniform(a.seed, a.stream, a.first + k);
    if constexpr (kDrawn == Drawn::kNormal) a.values[k] = philox::normal(a.seed, a.stream, a.first + k);
  }
};

}  // namespace winnow::machine
