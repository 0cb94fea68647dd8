// Activation patterns of a job: taken from the layer that makes the values, packed sample by sample.
//
// A layer writes one mask per unit, a bit for each sample in the lanes, while its values are still in registers; a value is
// written once however many nodes are tapped there. After the pass the masks are turned into rows of bits.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/bits.h"
#include "plan/state.h"

namespace winnow {

// Which units make a job's rows of bits: the units of parts[k].value are bits [first, first + units) of a row, in row-major order
// of the value; all other bits are zero. A value may occur more than once.
struct PatternLayout {
  struct Part {
    int64_t value, first;
  };
  std::vector<Part> parts;
  int64_t bits = 0;  // of a row, past the last part
  int64_t words() const { return bits <= 64 ? 1 : (bits + 63) / 64; }
};

// Masks [block][channel][row][pixel] of the values of a layout, written by the forward pass of one batch.
class Signs {
 public:
  Signs(const Graph& graph, const Layout& layout, const PatternLayout& patterns);

  // [block][row][pixel] of a channel, blocks block_pitch() masks apart; nullptr where the value is not wanted.
  uint16_t* channel(int64_t value, int64_t channel) {
    const int64_t first = first_[static_cast<size_t>(value)];
    const Shape& shape = graph_[value].shape;
    return first < 0 ? nullptr : masks_.data() + first + channel * shape.height * shape.width;
  }
  int64_t block_pitch() const { return units_; }
  // rows [batch][words]
  void pack(const BitKernels& kernels, uint64_t* rows);

 private:
  const Graph& graph_;
  const Layout& layout_;
  const PatternLayout& patterns_;
  std::vector<int64_t> first_;  // by value: its first unit in a block, -1 where it is not wanted
  int64_t units_ = 0;           // of a block
  bool in_order_ = true;        // a block's masks are a row already
  std::vector<uint16_t> masks_, row_;
};

}  // namespace winnow
