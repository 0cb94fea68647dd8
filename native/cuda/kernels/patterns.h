// Signs of activations as rows of bits.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

// Units of one value are the bits [first, first + units) of a row, in row-major order.
struct PatternPart {
  int64_t offset;  // of the value in a pass
  int64_t first;
  Size size;
  WINNOW_EVERYWHERE int64_t units() const { return size.channels * size.plane(); }
};

// rows [pass][sample][words] of the passes' own layouts. A thread makes one word of one sample: neighbours take neighbouring
// samples, whose values lie side by side. Bound by memory; exact.
template <typename T>
struct PatternPack {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const T* values;
    const PatternPart* parts;   // of all layouts
    const int32_t* first_part;  // [pass]: its layout's parts are [first_part, first_part + part_count), by ascending `first`
    const int32_t* part_count;  // [pass]
    uint64_t* rows;
    int64_t value_pitch, words;
    int32_t samples, reserved;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Element e = element_of<kThreads>(block, thread, a.words * a.samples);
    if (e.element >= a.words * a.samples) return;
    const int64_t word = e.element / a.samples, sample = e.element % a.samples, first = 64 * word, end = first + 64;
    const PatternPart* part = a.parts + a.first_part[e.pass];
    uint64_t bits = 0;
    for (int32_t p = 0; p < a.part_count[e.pass]; ++p) {
      if (part[p].first >= end || part[p].first + part[p].units() <= first) continue;
      const int64_t from = part[p].first > first ? part[p].first : first;
      const int64_t to = part[p].first + part[p].units() < end ? part[p].first + part[p].units() : end;
      const int64_t plane = part[p].size.plane();
      const T* value = a.values + e.pass * a.value_pitch + part[p].offset + sample * plane;
      for (int64_t bit = from; bit < to; ++bit) {
        const int64_t unit = bit - part[p].first;
        const bool on = value[unit / plane * part[p].size.channel() + unit % plane] > T{0};
        bits |= static_cast<uint64_t>(on) << (bit - first);
      }
    }
    a.rows[(e.pass * a.samples + sample) * a.words + word] = bits;
  }
};

}  // namespace winnow::machine
