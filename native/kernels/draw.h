// Random numbers by the thousand, one table of functions per variant (variants.inc): the formulas of runtime/philox.h, and in every
// variant its bits.
#pragma once

#include <cstdint>

#include "runtime/device.h"

namespace winnow {

// Philox blocks, of two elements each, are drawn so many at once.
constexpr int64_t kDrawBlocks = 32;

struct DrawKernels {
  // Elements 2 block, 2 block + 1 ... of a stream; `blocks` is a multiple of kDrawBlocks.
  void (*bits)(uint64_t seed, uint64_t stream, uint64_t block, int64_t blocks, uint64_t* out);
  // scale * (2 u - 1) of the uniform numbers u in [0, 1) that the bits stand for.
  void (*uniform)(const uint64_t* bits, int64_t count, double scale, float* out);
};

const DrawKernels& draw_kernels_of(Variant variant);

}  // namespace winnow
