#include "probe.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "runtime/device.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace winnow::bench {
namespace {

double seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// 24 independent chains of multiply-adds: more than latency times units of any x86-64 core, fewer than its registers (AVX-512).
// Empty assembly hides where they start: chains known to be equal are computed once. The file is compiled with -ffp-contract=fast,
// so that a * b + c is one instruction where the target has it.
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
    return 2e-9 * kSteps * chains * (bytes / 4) / (thread_seconds() - before);                                             \
  }
WINNOW_PEAK(peak_128, , 16, 12)
#if defined(__x86_64__)
WINNOW_PEAK(peak_256, __attribute__((target("avx2,fma"))), 32, 12)
WINNOW_PEAK(peak_512, __attribute__((target("avx512f,fma"))), 64, 24)
#endif

// Gigabytes per second of reading `bytes` again and again with vectors, eight at a time.
#define WINNOW_READ(function, target_attribute, width)                                                       \
  target_attribute double function(const char* from, int64_t bytes) {                                        \
    typedef long long vector __attribute__((vector_size(width), may_alias));                                 \
    const int64_t passes = std::max<int64_t>(1, (int64_t{64} << 20) / bytes);                                \
    vector sums[8] = {};                                                                                     \
    const double before = thread_seconds();                                                                  \
    for (int64_t pass = 0; pass < passes; ++pass) {                                                          \
      for (int64_t at = 0; at < bytes; at += 8 * width) {                                                    \
        const vector* in = reinterpret_cast<const vector*>(from + at);                                       \
        _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) sums[k] ^= in[k];                                \
      }                                                                                                      \
      _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) __asm__ volatile("" : "+x"(sums[k]) : : "memory"); \
    }                                                                                                        \
    return 1e-9 * static_cast<double>(passes * bytes) / (thread_seconds() - before);                         \
  }
WINNOW_READ(read_128, , 16)
#if defined(__x86_64__)
WINNOW_READ(read_256, __attribute__((target("avx2"))), 32)
WINNOW_READ(read_512, __attribute__((target("avx512f"))), 64)
#endif

// Words compared and counted: what a Hamming kernel does to each, in registers.
constexpr long kCounts = 4000000;
#if defined(__x86_64__)
#define WINNOW_COUNT_ATTRIBUTE __attribute__((target("popcnt")))
#else
#define WINNOW_COUNT_ATTRIBUTE
#endif
WINNOW_COUNT_ATTRIBUTE double count_64() {
  uint64_t sums[8] = {}, word = 0x123456789abcdefu;
  _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) __asm__ volatile("" : "+r"(sums[k]));
  const double before = thread_seconds();
  for (long i = 0; i < kCounts; ++i) {
    _Pragma("GCC unroll 8") for (int k = 0; k < 8; ++k) {
      sums[k] += static_cast<uint64_t>(__builtin_popcountll(sums[k] ^ word));
      __asm__ volatile("" : "+r"(sums[k]));
    }
  }
  return 8e-9 * kCounts / (thread_seconds() - before);
}
#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vpopcntdq"))) double count_512() {
  __m512i sums[16] = {}, word = _mm512_set1_epi64(0x123456789abcdef);
  _Pragma("GCC unroll 16") for (int k = 0; k < 16; ++k) __asm__ volatile("" : "+x"(sums[k]));
  const double before = thread_seconds();
  for (long i = 0; i < kCounts / 8; ++i) {
    _Pragma("GCC unroll 16") for (int k = 0; k < 16; ++k) {
      sums[k] = _mm512_add_epi64(sums[k], _mm512_popcnt_epi64(_mm512_xor_si512(sums[k], word)));
      __asm__ volatile("" : "+x"(sums[k]));
    }
  }
  return 16e-9 * kCounts / (thread_seconds() - before);
}
#endif

double triad() {
  constexpr long kFloats = 16L << 20;
  const std::unique_ptr<float[]> a(new float[kFloats]), b(new float[kFloats]), c(new float[kFloats]);
  std::fill_n(a.get(), kFloats, 1.0f), std::fill_n(b.get(), kFloats, 2.0f), std::fill_n(c.get(), kFloats, 3.0f);
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const double before = thread_seconds();
    for (long i = 0; i < kFloats; ++i) a[i] = b[i] + 0.5f * c[i];
    __asm__ volatile("" : : "r"(a.get()) : "memory");
    best = std::max(best, 3.0 * 4e-9 * kFloats / (thread_seconds() - before));
  }
  return best;
}

// Half of L1 and L2; of a last level that many cores share, what is safely a core's own; for memory beyond four times that level, or
// 256 MiB. Where the system does not say, usual sizes.
std::vector<Bandwidth> reads(double (*read)(const char*, int64_t)) {
  constexpr int64_t kLine = 512, kMost = int64_t{256} << 20;
  const auto size = [](int name, int64_t otherwise) {
    const int64_t bytes = sysconf(name);
    return bytes > 0 ? bytes : otherwise;
  };
  const int64_t last = size(_SC_LEVEL3_CACHE_SIZE, int64_t{32} << 20);
  std::vector<Bandwidth> levels = {{"L1", size(_SC_LEVEL1_DCACHE_SIZE, 32 << 10) / 2, 0},
                                   {"L2", size(_SC_LEVEL2_CACHE_SIZE, 1 << 20) / 2, 0},
                                   {"L3", std::min(last / 2, 8 * size(_SC_LEVEL2_CACHE_SIZE, 1 << 20)), 0},
                                   {"DRAM", std::min(4 * last, kMost), 0}};
  const int64_t most = levels.back().bytes;
  const std::unique_ptr<char[]> memory(new char[static_cast<size_t>(most + 64)]);
  std::fill_n(memory.get(), most + 64, '\1');
  const char* aligned = memory.get() + (64 - reinterpret_cast<uintptr_t>(memory.get()) % 64) % 64;
  for (Bandwidth& level : levels) {
    level.bytes = level.bytes / kLine * kLine;
    read(aligned, level.bytes);  // fills the level
    for (int round = 0; round < 3; ++round) {
      level.gigabytes_per_second = std::max(level.gigabytes_per_second, read(aligned, level.bytes));
    }
  }
  return levels;
}

struct Functions {
  int bits;
  double (*peak)();
  double (*read)(const char*, int64_t);
  double (*count)();
};
Functions functions(const std::string& variant) {
#if defined(__x86_64__)
  if (variant == variant_name(Variant::kAvx512)) {
    return {512, peak_512, read_512, __builtin_cpu_supports("avx512vpopcntdq") ? count_512 : count_64};
  }
  if (variant == variant_name(Variant::kAvx2)) return {256, peak_256, read_256, count_64};
#endif
  return {128, peak_128, read_128, count_64};
}

}  // namespace

double thread_seconds() { return seconds(CLOCK_THREAD_CPUTIME_ID); }
double wall_seconds() { return seconds(CLOCK_MONOTONIC); }

double peak_gflops(const std::string& variant) { return functions(variant).peak(); }

Probe probe(const std::string& variant) {
  const auto best = [](double (*rate)()) { return std::max({rate(), rate(), rate()}); };
  const Functions f = functions(variant);
  return {f.bits, f.bits > 128, best(f.peak), best(f.count), reads(f.read), triad()};
}

}  // namespace winnow::bench
