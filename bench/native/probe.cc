#include "probe.h"

#include <algorithm>
#include <ctime>
#include <memory>

namespace winnow::bench {
namespace {

double seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// 24 independent chains of multiply-adds: more than latency times units of any x86-64 core, fewer than its registers (AVX-512).
// Empty assembly hides where they start: chains known to be equal are computed once. The file is compiled with -ffp-contract=fast, so that a * b + c is one instruction where the target has it.
constexpr long kSteps = 2000000;
#define WINNOW_PEAK(function, target_attribute, bytes, chains)                                                             \
  target_attribute double function() {                                                                                     \
    typedef float vector __attribute__((vector_size(bytes)));                                                              \
    vector sums[chains] = {};                                                                                              \
    vector a = vector{} + 0.999f, b = vector{} + 1e-3f;                                                                    \
    __asm__ volatile("" : "+x"(a), "+x"(b));                                                                               \
    _Pragma("GCC unroll 24") for (int k = 0; k < chains; ++k) __asm__ volatile("" : "+x"(sums[k]));                        \
    const double before = thread_seconds();                                                                                \
    for (long i = 0; i < kSteps; ++i) _Pragma("GCC unroll 24") for (int k = 0; k < chains; ++k) sums[k] = sums[k] * a + b; \
    _Pragma("GCC unroll 24") for (int k = 0; k < chains; ++k) __asm__ volatile("" : "+x"(sums[k]));                        \
    const double time = thread_seconds() - before;                                                                         \
    return 2e-9 * kSteps * chains * (bytes / 4) / time;                                                                    \
  }
WINNOW_PEAK(peak_128, , 16, 12)
#if defined(__x86_64__)
WINNOW_PEAK(peak_256, __attribute__((target("avx2,fma"))), 32, 12)
WINNOW_PEAK(peak_512, __attribute__((target("avx512f,fma"))), 64, 24)
#endif

double triad() {
  constexpr long kFloats = 16L << 20;
  const std::unique_ptr<float[]> a(new float[kFloats]), b(new float[kFloats]), c(new float[kFloats]);
  std::fill_n(a.get(), kFloats, 1.0f), std::fill_n(b.get(), kFloats, 2.0f), std::fill_n(c.get(), kFloats, 3.0f);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const double before = thread_seconds();
    for (long i = 0; i < kFloats; ++i) a[i] = b[i] + 0.5f * c[i];
    __asm__ volatile("" : : "r"(a.get()) : "memory");
    best = std::max(best, 3.0 * 4e-9 * kFloats / (thread_seconds() - before));
  }
  return best;
}

}  // namespace

double thread_seconds() { return seconds(CLOCK_THREAD_CPUTIME_ID); }
double process_seconds() { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

Probe probe(const std::string& variant) {
  const auto best = [](double (*peak)()) { return std::max({peak(), peak(), peak()}); };
#if defined(__x86_64__)
  if (variant == "avx512") return {512, true, best(peak_512), triad()};
  if (variant == "avx2") return {256, true, best(peak_256), triad()};
#endif
  return {128, false, best(peak_128), triad()};
}

}  // namespace winnow::bench
