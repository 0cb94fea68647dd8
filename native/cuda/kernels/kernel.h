// What kernels are written in.
//
// A kernel is a struct: plain `Arguments`, `kThreads` threads to a block, `kPhases` phases with a barrier between them, and
//
//     static void run(const Arguments&, int64_t block, int32_t thread, int32_t phase, Shared&)
//
// which is one thread of one block in one phase; what a phase hands to the next lies in `Shared`. On a GPU a phase is code
// between barriers; on the host it is a loop over the threads. So every index, walk and sum is the same text on both.
//
// Values and gradients are planes [channel][sample][row][pixel], one such block of planes to a *pass* (a job's batch) or to a
// *task* (a pass and one cotangent): a channel of a batch is contiguous, which is what statistics and correlations walk along.
#pragma once

#include <cmath>
#include <cstdint>

#ifndef WINNOW_EVERYWHERE
#define WINNOW_EVERYWHERE
#endif

namespace winnow::machine {

struct Nothing {};

// a * b + c, fused where that is one instruction. Contraction is off, so this is the only place that fuses.
WINNOW_EVERYWHERE inline float multiply_add(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return a * b + c;
#endif
}
WINNOW_EVERYWHERE inline double multiply_add(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(a, b, c);
#else
  return a * b + c;
#endif
}

struct Size {
  int32_t channels, samples, height, width;
  WINNOW_EVERYWHERE int64_t plane() const { return int64_t{height} * width; }
  WINNOW_EVERYWHERE int64_t channel() const { return samples * plane(); }
  WINNOW_EVERYWHERE int64_t elements() const { return channels * channel(); }
};

// Planes of one value or gradient, `pitch` elements from pass to pass (task to task).
template <typename T>
struct BatchPlanes {
  T* first;
  int64_t pitch;
  Size size;
  WINNOW_EVERYWHERE T* channel(int64_t pass, int64_t c) const { return first + pass * pitch + c * size.channel(); }
};

// Where an element of a channel is. Channels of a batch have less than 2^31 elements (MachineLayout sees to that): 64-bit divisions
// are dear on a GPU.
struct Position {
  int32_t sample, y, x;
};
WINNOW_EVERYWHERE inline Position position_of(const Size& size, int64_t element) {
  const auto at = static_cast<uint32_t>(element), width = static_cast<uint32_t>(size.width);
  const uint32_t row = at / width, sample = row / static_cast<uint32_t>(size.height);
  return {static_cast<int32_t>(sample), static_cast<int32_t>(row - sample * static_cast<uint32_t>(size.height)),
          static_cast<int32_t>(at - row * width)};
}

// Walks a channel from element `first` in steps of `step` without dividing at every one of them.
class Walk {
 public:
  WINNOW_EVERYWHERE Walk(const Size& size, int32_t first, int32_t step)
      : height_(size.height), width_(size.width), at_(position_of(size, first)), step_(position_of(size, step)) {}
  WINNOW_EVERYWHERE const Position& at() const { return at_; }
  WINNOW_EVERYWHERE void next() {
    at_.x += step_.x;
    at_.y += step_.y;
    at_.sample += step_.sample;
    if (at_.x >= width_) at_.x -= width_, ++at_.y;
    if (at_.y >= height_) at_.y -= height_, ++at_.sample;
  }

 private:
  int32_t height_, width_;
  Position at_, step_;
};

// What differs between the passes of one launch: whether a candidate has an operation, and what it takes it times.
struct Choices {
  const uint8_t* present;  // [pass][slots]
  const double* factor;    // [pass][slots]
  int32_t slots;
  int32_t tasks_per_pass;  // 1 for a launch over passes
  WINNOW_EVERYWHERE int64_t pass_of(int64_t task) const { return task / tasks_per_pass; }
  WINNOW_EVERYWHERE bool has(int64_t pass, int32_t slot) const { return present[pass * slots + slot] != 0; }
  WINNOW_EVERYWHERE double operator()(int64_t pass, int32_t slot) const { return factor[pass * slots + slot]; }
};

// Tensors of the parameter sets that passes use.
template <typename T>
struct ParameterTable {
  const T* values;        // [set][elements]
  const int32_t* set_of;  // [pass]
  int64_t elements;
  WINNOW_EVERYWHERE const T* at(int64_t pass, int64_t offset) const { return values + set_of[pass] * elements + offset; }
};

// Statistics of the norms, [pass][channel of all norms].
struct NormTable {
  double *mean, *variance, *inverse_deviation, *scale, *shift;
  int64_t channels;
};

// A value as its readers see it: through a norm where `norm` is the norm's first channel in the table, as it is where -1.
struct View {
  int32_t norm;
};
WINNOW_EVERYWHERE inline double view_scale(const NormTable& norms, View view, int64_t pass, int64_t c) {
  return view.norm < 0 ? 1.0 : norms.scale[pass * norms.channels + view.norm + c];
}
WINNOW_EVERYWHERE inline double view_shift(const NormTable& norms, View view, int64_t pass, int64_t c) {
  return view.norm < 0 ? 0.0 : norms.shift[pass * norms.channels + view.norm + c];
}

// Blocks of a launch that gives `threads` threads an element each, for every one of `passes`.
constexpr int64_t blocks_for(int64_t elements, int32_t threads) { return (elements + threads - 1) / threads; }

// The element of a thread in such a launch.
struct Element {
  int64_t pass, element;
};
template <int32_t kThreads>
WINNOW_EVERYWHERE Element element_of(int64_t block, int32_t thread, int64_t elements) {
  const int64_t blocks = (elements + kThreads - 1) / kThreads, pass = block / blocks;
  return {pass, (block - pass * blocks) * kThreads + thread};
}

// Adds up kThreads numbers of a block in a fixed order in two phases after the one that wrote them.
template <int32_t kThreads, int32_t kSums>
struct BlockSum {
  double part[kSums][kThreads];
  static constexpr int32_t kFew = 16;
  WINNOW_EVERYWHERE void fold(int32_t thread) {
    if (thread >= kFew) return;
    for (int32_t sum = 0; sum < kSums; ++sum) {
      double few = part[sum][thread];
      for (int32_t i = thread + kFew; i < kThreads; i += kFew) few += part[sum][i];
      part[sum][thread] = few;
    }
  }
  WINNOW_EVERYWHERE double total(int32_t sum) const {
    double result = part[sum][0];
    for (int32_t i = 1; i < kFew; ++i) result += part[sum][i];
    return result;
  }
};

}  // namespace winnow::machine
