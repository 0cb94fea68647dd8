// Rows of planes in vectors: what kernels that pass once over memory have in common.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace winnow::WINNOW_VARIANT_NAMESPACE {

// Calls body(element offset) for every vector of a run.
template <typename T, typename Body>
inline void each_vector(int64_t pixels, Body body) {
  for (int64_t i = 0; i < pixels * kLanes; i += kWidth<T>) body(i);
}

template <typename T>
using Wide = V<T, kWidth<T>>;

template <typename T>
inline Wide<T> get(const T* p) {
  return load<T, kWidth<T>>(p);
}

template <typename T>
inline void put(T* out, Wide<T> value, bool add) {
  store<T, kWidth<T>>(out, add ? get(out) + value : value);
}

// Rows without anything between them are one long row: short loops cost more than their arithmetic.
inline Extent joined(const Extent& e, bool rows_touch) {
  return rows_touch ? Extent{e.blocks, 1, e.rows * e.pixels, e.last_lanes} : e;
}

template <typename T>
inline bool rows_touch(const ChannelPlanes<T>& p, const Extent& e) {
  return p.row_pitch == e.pixels * kLanes;
}

// Calls body(block, row) for the rows of a channel.
template <typename Body>
inline void each_channel_row(const Extent& e, Body body) {
  for (int64_t b = 0; b < e.blocks; ++b) {
    for (int64_t y = 0; y < e.rows; ++y) body(b, y);
  }
}

template <typename T>
inline T* row_of(const ChannelPlanes<T>& p, int64_t block, int64_t row) {
  return p.at + block * p.block_pitch + row * p.row_pitch;
}

}  // namespace winnow::WINNOW_VARIANT_NAMESPACE
