// Inner products of rows of gradients.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

// out [pass][n][n] = J J^T of rows [pass][n][pitch]. A block owns a square of kSide x kSide products, a thread one of them: the
// block's 2 kSide rows stay in the first-level cache, and rows are read n / kSide times from memory. kStep columns are added up in
// T, the steps in double.
template <typename T>
struct Gram {
  static constexpr int32_t kSide = 8, kThreads = kSide * kSide, kPhases = 1, kStep = 64;
  using Shared = Nothing;
  struct Arguments {
    const T* rows;
    double* out;
    int64_t pitch, pass_pitch, elements;
    int32_t n, reserved;
    WINNOW_EVERYWHERE int32_t tiles() const { return (n + kSide - 1) / kSide; }
    WINNOW_EVERYWHERE int64_t blocks_per_pass() const { return int64_t{tiles()} * (tiles() + 1) / 2; }
  };

  WINNOW_EVERYWHERE static double product(const T* x, const T* y, int64_t elements) {
    double total = 0;
    for (int64_t first = 0; first < elements; first += kStep) {
      const int64_t end = first + kStep < elements ? first + kStep : elements;
      T sum = T{0};
      for (int64_t k = first; k < end; ++k) sum = multiply_add(x[k], y[k], sum);
      total += static_cast<double>(sum);
    }
    return total;
  }

  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t pass = block / a.blocks_per_pass();
    auto rest = static_cast<int32_t>(block % a.blocks_per_pass());
    int32_t row_tile = 0;
    while (rest > row_tile) rest -= ++row_tile;  // the lower triangle of tiles
    const int32_t i = row_tile * kSide + thread / kSide, j = rest * kSide + thread % kSide;
    if (i >= a.n || j > i) return;
    const T *x = a.rows + pass * a.pass_pitch + i * a.pitch, *y = a.rows + pass * a.pass_pitch + j * a.pitch;
    const double total = product(x, y, a.elements);
    double* out = a.out + pass * a.n * a.n;
    out[int64_t{i} * a.n + j] = total;
    out[int64_t{j} * a.n + i] = total;
  }
};

}  // namespace winnow::machine
