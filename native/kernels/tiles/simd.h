// tile_inputs, tile_outputs: 3x3 taps of stride 1 by minimal filtering (kernels.h, TileInputs).
//
// Four by four inputs become four by four sums, the products with the weights' sums are a gather with one term for each plane, and
// two by two outputs are sums of those. Neighbouring tiles share two columns, which stay in registers.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Along one axis: of four inputs what is multiplied.
template <typename X>
inline __attribute__((always_inline)) void tile_sums(const X& d0, const X& d1, const X& d2, const X& d3, X (&out)[4]) {
  out[0] = d0 - d2, out[1] = d1 + d2, out[2] = d2 - d1, out[3] = d1 - d3;
}

template <typename T>
void tile_inputs(const TileInputs<T>& inputs) {
  constexpr int W = kWidth<T>;
  const TileInputs<T> t = inputs;
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    const T* in = t.in.at + lane;
    T* out = t.out + lane;
    const auto column = [&](int64_t x, V<T, W>(&sums)[4]) {
      const T* at = in + x * kLanes;
      tile_sums(load<T, W>(at), load<T, W>(at + t.in.pitch), load<T, W>(at + 2 * t.in.pitch), load<T, W>(at + 3 * t.in.pitch),
                sums);
    };
    V<T, W> c0[4], c1[4], c2[4], c3[4];
    column(0, c0);
    column(1, c1);
    for (int64_t tile = 0; tile < t.tiles; ++tile, out += kLanes) {
      column(2 * tile + 2, c2);
      column(2 * tile + 3, c3);
      T* to = out;
      WINNOW_UNROLL
      for (int y = 0; y < 4; ++y) {
        V<T, W> products[4];
        tile_sums(c0[y], c1[y], c2[y], c3[y], products);
        WINNOW_UNROLL
        for (int x = 0; x < 4; ++x, to += t.step) store<T, W>(to, products[x]);
      }
      WINNOW_UNROLL
      for (int y = 0; y < 4; ++y) c0[y] = c2[y], c1[y] = c3[y];
    }
  }
}

template <typename T>
void tile_outputs(const TileOutputs<T>& outputs) {
  constexpr int W = kWidth<T>;
  const TileOutputs<T> t = outputs;
  const auto put = [&t](T* to, V<T, W> sum) { store<T, W>(to, t.add ? load<T, W>(to) + sum : sum); };
  for (int64_t lane = 0; lane < t.lanes; lane += W) {
    const T* from = t.products + lane;
    for (int64_t x = 0; x < t.pixels; x += 2, from += kLanes) {
      V<T, W> top[4], bottom[4];
      WINNOW_UNROLL
      for (int k = 0; k < 4; ++k) {
        const V<T, W> p1 = load<T, W>(from + (4 + k) * t.step), p2 = load<T, W>(from + (8 + k) * t.step);
        top[k] = load<T, W>(from + k * t.step) + (p1 + p2);
        bottom[k] = (p1 - p2) - load<T, W>(from + (12 + k) * t.step);
      }
      T* to = t.out.at + x * kLanes + lane;
      const bool both = x + 1 < t.pixels;
      put(to, top[0] + (top[1] + top[2]));
      if (both) put(to + kLanes, (top[1] - top[2]) - top[3]);
      if (t.rows == 1) continue;
      to += t.out.pitch;
      put(to, bottom[0] + (bottom[1] + bottom[2]));
      if (both) put(to + kLanes, (bottom[1] - bottom[2]) - bottom[3]);
    }
  }
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
