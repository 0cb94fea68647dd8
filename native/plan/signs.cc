#include "plan/signs.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace winnow {

Signs::Signs(const Graph& graph, const Layout& layout, const PatternLayout& patterns)
    : graph_(graph),
      layout_(layout),
      patterns_(patterns),
      first_(static_cast<size_t>(graph.size()), -1),
      row_(static_cast<size_t>(patterns.bits)) {
  for (const PatternLayout::Part& part : patterns.parts) {
    int64_t& first = first_[static_cast<size_t>(part.value)];
    in_order_ = in_order_ && first < 0 && part.first == units_;
    if (first >= 0) continue;
    first = units_;
    units_ += graph[part.value].shape.elements();
  }
  in_order_ = in_order_ && patterns.bits == units_;
  masks_.resize(static_cast<size_t>(layout.blocks * units_));
}

void Signs::pack(const BitKernels& kernels, uint64_t* rows) {
  const int64_t words = patterns_.words();
  if (patterns_.bits == 0) std::fill(rows, rows + layout_.batch, uint64_t{0});
  for (int64_t b = 0; b < layout_.blocks; ++b) {
    const uint16_t* masks = masks_.data() + b * units_;
    for (const PatternLayout::Part& part : patterns_.parts) {
      if (in_order_) break;
      std::copy_n(masks + first_[static_cast<size_t>(part.value)], graph_[part.value].shape.elements(),
                  row_.data() + part.first);
    }
    kernels.pattern_pack(rows + b * kLanes * words, words, in_order_ ? masks : row_.data(), patterns_.bits, layout_.lanes(b));
  }
}

}  // namespace winnow
