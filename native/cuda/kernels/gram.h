// Inner products of rows of gradients.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

// out [pass][n][n] = J J^T of rows [pass][n][pitch]. A block owns a square of kSide x kSide products and walks the rows in steps
// of kStep columns that lie in shared memory; a step is added up in T and then in double. Rows are read n / kSide times.
template <typename T>
struct Gram {
  static constexpr int32_t kSide = 8, kStep = 64, kThreads = kSide * kSide;
  // Columns are walked inside one phase on the device and the host alike, so a thread reads its two rows from memory; the block's
  // 16 rows stay in the first-level cache.
  static constexpr int32_t kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const T* rows;
    double* out;
    int64_t pitch, pass_pitch, elements;
    int32_t n, reserved;
    WINNOW_EVERYWHERE int32_t tiles() const { return (n + kSide - 1) / kSide; }
    WINNOW_EVERYWHERE int64_t blocks_per_pass() const { return int64_t{tiles()} * (tiles() + 1) / 2; }
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t pass = block / a.blocks_per_pass();
    auto rest = static_cast<int32_t>(block % a.blocks_per_pass());
    int32_t row_tile = 0;
    while (rest > row_tile) rest -= ++row_tile;  // the lower triangle of tiles
    const int32_t i = row_tile * kSide + thread / kSide, j = rest * kSide + thread % kSide;
    if (i >= a.n || j > i) return;
    const T *x = a.rows + pass * a.pass_pitch + i * a.pitch, *y = a.rows + pass * a.pass_pitch + j * a.pitch;
    double total = 0;
    for (int64_t first = 0; first < a.elements; first += kStep) {
      const int64_t end = first + kStep < a.elements ? first + kStep : a.elements;
      T sum = T{0};
      for (int64_t k = first; k < end; ++k) sum = multiply_add(x[k], y[k], sum);
      total += static_cast<double>(sum);
    }
    double* out = a.out + pass * a.n * a.n;
    out[i * a.n + j] = total;
    out[j * a.n + i] = total;
  }
};

}  // namespace winnow::machine
