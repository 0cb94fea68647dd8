// Peak probe: how many multiply-adds one thread of this core can do when nothing else is in the way. The number beside every
// timing that says which part of the machine was reached.
//
//   winnow_peak      prints {"bits": vector width, "gflops": best of seven short runs, "seconds": thread CPU time of all}
#include <ctime>

#include <algorithm>
#include <cstdio>

namespace {

constexpr int kChains = 16;  // independent sums: more than latency times throughput
constexpr long kSteps = 4000000;

double thread_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

typedef float V128 __attribute__((vector_size(16)));
typedef float V256 __attribute__((vector_size(32)));
typedef float V512 __attribute__((vector_size(64)));

template <typename V>
__attribute__((always_inline)) inline double chains() {
  constexpr int kLanes = sizeof(V) / sizeof(float);
  V sum[kChains], factor, term;
  // Read through volatiles, so that nothing is known at compile time.
  volatile float given_factor = 0.999f, given_term = 1e-3f;
  for (int l = 0; l < kLanes; ++l) {
    factor[l] = given_factor;
    term[l] = given_term;
  }
  for (int k = 0; k < kChains; ++k) sum[k] = term;
  for (long i = 0; i < kSteps; ++i) {
    for (int k = 0; k < kChains; ++k) sum[k] = sum[k] * factor + term;
  }
  float total = 0;
  for (int k = 0; k < kChains; ++k) total += sum[k][0];
  volatile float sink = total;
  (void)sink;
  return 2.0 * kLanes * kChains * static_cast<double>(kSteps);
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) double flops512() { return chains<V512>(); }
__attribute__((target("avx2,fma"))) double flops256() { return chains<V256>(); }
#endif
double flops128() { return chains<V128>(); }

}  // namespace

int main() {
  double (*flops)() = flops128;
  int bits = 128;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) flops = flops256, bits = 256;
  if (__builtin_cpu_supports("avx512f")) flops = flops512, bits = 512;
#endif
  double best = 0;
  const double start = thread_seconds();
  for (int run = 0; run < 7; ++run) {
    const double before = thread_seconds();
    const double done = flops();
    best = std::max(best, done / (thread_seconds() - before));
  }
  std::printf("{\"bits\": %d, \"gflops\": %.1f, \"seconds\": %.3f}\n", bits, best / 1e9, thread_seconds() - start);
}
