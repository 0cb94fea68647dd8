// Windows of convolutions and pools over a plane.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

struct Window {
  int32_t kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width, dilation_height,
      dilation_width;
};

// Output index that input index `i` is tap `k` of; -1 where it is none's.
WINNOW_EVERYWHERE inline int32_t reached(int32_t i, int32_t k, int32_t stride, int32_t padding, int32_t dilation, int32_t end) {
  const int32_t from = i + padding - k * dilation;
  if (stride == 1) return from >= 0 && from < end ? from : -1;
  if (from < 0 || from % stride != 0) return -1;
  return from / stride < end ? from / stride : -1;
}

// The first and one past the last index of a pool's outputs whose window holds input index `i`.
WINNOW_EVERYWHERE inline int32_t first_window(int32_t i, int32_t kernel, int32_t stride, int32_t padding) {
  const int32_t from = i + padding - kernel + stride;  // the smallest o with o * stride > i + padding - kernel
  return from > 0 ? from / stride : 0;
}
WINNOW_EVERYWHERE inline int32_t end_window(int32_t i, int32_t stride, int32_t padding, int32_t outputs) {
  const int32_t end = (i + padding) / stride + 1;
  return end < outputs ? end : outputs;
}

// Cells of a pool's window that lie in the image.
struct Cells {
  int32_t top, bottom, left, right;
  WINNOW_EVERYWHERE int32_t count() const { return (bottom - top) * (right - left); }
};
WINNOW_EVERYWHERE inline Cells cells_of(const Window& w, const Size& image, int32_t y, int32_t x) {
  const int32_t top = y * w.stride_height - w.padding_height, left = x * w.stride_width - w.padding_width;
  const int32_t bottom = top + w.kernel_height, right = left + w.kernel_width;
  return {top > 0 ? top : 0, bottom < image.height ? bottom : image.height, left > 0 ? left : 0,
          right < image.width ? right : image.width};
}

// One over the number of cells that an average pool divides by: those of the image, or with the padding around it.
WINNOW_EVERYWHERE inline double share_of(const Window& w, const Size& image, bool count_padding, int32_t y, int32_t x) {
  if (!count_padding) return 1.0 / cells_of(w, image, y, x).count();
  const int32_t top = y * w.stride_height - w.padding_height, left = x * w.stride_width - w.padding_width;
  const int32_t last_row = image.height + w.padding_height, last_column = image.width + w.padding_width;
  const int32_t bottom = top + w.kernel_height < last_row ? top + w.kernel_height : last_row;
  const int32_t right = left + w.kernel_width < last_column ? left + w.kernel_width : last_column;
  return 1.0 / (static_cast<double>(bottom - top) * (right - left));
}

}  // namespace winnow::machine
