// What a device can do at best, for benches: everything else is held against these two.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

struct alignas(16) Sixteen {
  uint64_t low, high;
};

// to = from, sixteen bytes to a thread: the rate of its memory, bytes read and written.
struct ProbeCopy {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const Sixteen* from;
    Sixteen* to;
    int64_t count;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t k = block * kThreads + thread;
    if (k < a.count) a.to[k] = a.from[k];
  }
};

// out [block][thread]: kChains chains of `steps` fused multiply-adds in registers, which no other unit takes part in: the rate of
// its arithmetic, 2 kChains steps operations to a thread. The chains differ in their first value, so none can be dropped.
template <typename T>
struct ProbeMultiplyAdd {
  static constexpr int32_t kThreads = 256, kPhases = 1, kChains = 8;
  using Shared = Nothing;
  struct Arguments {
    T* out;
    T factor, addend;
    int64_t steps;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    T chain[kChains];
    for (int32_t c = 0; c < kChains; ++c) chain[c] = static_cast<T>(thread + c);
    for (int64_t step = 0; step < a.steps; ++step) {
      for (int32_t c = 0; c < kChains; ++c) chain[c] = multiply_add(chain[c], a.factor, a.addend);
    }
    T sum = T{0};
    for (int32_t c = 0; c < kChains; ++c) sum += chain[c];
    a.out[block * kThreads + thread] = sum;
  }
};

}  // namespace winnow::machine
