// Pools forward. A thread makes one output; reads are shared through the cache. Bound by memory.
#pragma once

#include "cuda/kernels/window.h"

namespace winnow::machine {

template <typename T>
struct PoolArguments {
  Choices choices;
  BatchPlanes<const T> in;
  BatchPlanes<T> out;
  Window window;
  int32_t count_padding, slot;
};

template <typename T>
struct AveragePool {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Arguments = PoolArguments<T>;
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t c = e.element / size.channel();
    const Position at = position_of(size, e.element % size.channel());
    const Cells cells = cells_of(a.window, a.in.size, at.y, at.x);
    const T* plane = a.in.channel(e.pass, c) + at.sample * a.in.size.plane();
    T sum = T{0};
    for (int32_t y = cells.top; y < cells.bottom; ++y) {
      for (int32_t x = cells.left; x < cells.right; ++x) sum += plane[int64_t{y} * a.in.size.width + x];
    }
    a.out.first[e.pass * a.out.pitch + e.element] =
        sum * static_cast<T>(share_of(a.window, a.in.size, a.count_padding != 0, at.y, at.x));
  }
};

// The element of the plane that a window of a max pool takes: the first of the largest.
template <typename T>
WINNOW_EVERYWHERE int64_t winner_of(const T* plane, const Size& image, const Window& window, int32_t y, int32_t x) {
  const Cells cells = cells_of(window, image, y, x);
  int64_t winner = int64_t{cells.top} * image.width + cells.left;
  for (int32_t iy = cells.top; iy < cells.bottom; ++iy) {
    for (int32_t ix = cells.left; ix < cells.right; ++ix) {
      const int64_t cell = int64_t{iy} * image.width + ix;
      if (plane[cell] > plane[winner]) winner = cell;
    }
  }
  return winner;
}

template <typename T>
struct MaximumPool {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Arguments = PoolArguments<T>;
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t c = e.element / size.channel();
    const Position at = position_of(size, e.element % size.channel());
    const T* plane = a.in.channel(e.pass, c) + at.sample * a.in.size.plane();
    a.out.first[e.pass * a.out.pitch + e.element] = plane[winner_of(plane, a.in.size, a.window, at.y, at.x)];
  }
};

// The mean of every plane. A thread adds one plane up: at the end of a network planes are small and many.
template <typename T>
struct MeanPool {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  using Arguments = PoolArguments<T>;  // without a window
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t plane = a.in.size.plane();
    const T* from = a.in.channel(e.pass, e.element / size.channel()) + e.element % size.channel() * plane;
    T sum = T{0};
    for (int64_t i = 0; i < plane; ++i) sum += from[i];
    a.out.first[e.pass * a.out.pitch + e.element] = sum * static_cast<T>(1.0 / static_cast<double>(plane));
  }
};

}  // namespace winnow::machine
