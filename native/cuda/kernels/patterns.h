// Signs of rectified values as rows of bits, packed where they are made.
#pragma once

#include "cuda/kernels/pointwise.h"

namespace winnow::machine {

// The bits of a block: whether its threads' conditions hold, thread t's at bit t % 64 of word t / 64. Every thread of the block
// calls set() in one phase, in any order; the bits are there in the next.
template <int32_t kThreads>
struct BlockBits {
  static_assert(kThreads % 64 == 0);
  uint64_t words[kThreads / 64];
  WINNOW_EVERYWHERE void set(int32_t thread, bool on) {
#if defined(__CUDA_ARCH__)
    const uint32_t warp = __ballot_sync(0xffffffffu, on);
    if (thread % 32 == 0) reinterpret_cast<uint32_t*>(words)[thread / 32] = warp;  // little-endian
#else
    uint64_t& word = words[thread / 64];
    const uint64_t bit = uint64_t{1} << (thread % 64);
    word = on ? word | bit : word & ~bit;
#endif
  }
  // `count` bits, 1 to 64, from that of thread `first` on.
  WINNOW_EVERYWHERE uint64_t run(int32_t first, int32_t count) const {
    const int32_t at = first % 64;
    uint64_t bits = words[first / 64] >> at;
    if (at + count > 64) bits |= words[first / 64 + 1] << (64 - at);
    return count == 64 ? bits : bits & ((uint64_t{1} << count) - 1);
  }
};

// Bits into a word that other blocks write other bits of. The order makes no difference.
WINNOW_EVERYWHERE inline void set_bits(uint64_t* word, uint64_t bits) {
#if defined(__CUDA_ARCH__)
  atomicOr(reinterpret_cast<unsigned long long*>(word), static_cast<unsigned long long>(bits));
#else
  *word |= bits;
#endif
}

// Where the signs of one value go. A sample's units, in row-major order, are the bits from every one of the value's places on.
struct SignRows {
  uint64_t* rows;              // [pass][sample][words], zero before
  const int64_t* places;       // of all passes and values: a first bit
  const int32_t* first_place;  // [pass][values + 1]: the places of value k are [first_place[k], first_place[k + 1])
  int64_t words;
  int32_t values, value;
};

// Rectify with packing for an epilogue: the signs of a block's elements go from its threads to the rows, a word at most to a
// thread and place, and values are not read again.
template <typename T>
struct RectifyAndPack {
  static constexpr int32_t kThreads = Rectify<T>::kThreads, kPhases = 2;
  using Shared = BlockBits<kThreads>;
  struct Arguments {
    typename Rectify<T>::Arguments rectify;
    SignRows signs;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    const Size& size = a.rectify.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (!a.rectify.choices.has(e.pass, a.rectify.slot)) return;  // the whole block
    if (phase == 0) {
      shared.set(thread, e.element < size.elements() && Rectify<T>::store(a.rectify, e) > T{0});
    } else if (e.element < size.elements()) {
      pack(a.signs, size, e, thread, shared);
    }
  }

 private:
  // The thread at which a sample's plane, a word of a row or the block begins takes the bits from there to where one of them ends.
  WINNOW_EVERYWHERE static void pack(const SignRows& signs, const Size& size, Element e, int32_t thread, const Shared& shared) {
    const auto plane = static_cast<int32_t>(size.plane());
    const int64_t c = e.element / size.channel();
    const auto within = static_cast<uint32_t>(e.element - c * size.channel());
    const auto sample = static_cast<int32_t>(within / static_cast<uint32_t>(plane));
    const auto pixel = static_cast<int32_t>(within - static_cast<uint32_t>(sample) * static_cast<uint32_t>(plane));
    uint64_t* row = signs.rows + (e.pass * size.samples + sample) * signs.words;
    const int32_t* first = signs.first_place + e.pass * (signs.values + 1) + signs.value;
    for (int32_t k = first[0]; k < first[1]; ++k) {
      const int64_t bit = signs.places[k] + c * plane + pixel;
      const auto at = static_cast<int32_t>(bit % 64);
      if (thread > 0 && pixel > 0 && at > 0) continue;
      int32_t count = 64 - at < plane - pixel ? 64 - at : plane - pixel;
      if (count > kThreads - thread) count = kThreads - thread;
      const uint64_t bits = shared.run(thread, count);
      if (bits != 0) set_bits(row + bit / 64, bits << at);
    }
  }
};

}  // namespace winnow::machine
