#include "runtime/scratch.h"

#include <algorithm>

namespace winnow {

Scratch::~Scratch() {
  for (const Arenas::Block& block : blocks_) arenas_.give(block);
}

double* Scratch::doubles(int64_t count) {
  const int64_t bytes = (count * static_cast<int64_t>(sizeof(double)) + 63) / 64 * 64;
  if (blocks_.empty() || blocks_.back().bytes - used_ < bytes) {
    blocks_.reserve(blocks_.size() + 1);  // so that what is taken is kept track of
    blocks_.push_back(arenas_.take(std::max(bytes, kBlockBytes), Arenas::Contents::kAny));
    used_ = 0;
  }
  double* const at = reinterpret_cast<double*>(static_cast<char*>(blocks_.back().memory) + used_);
  used_ += bytes;
  return at;
}

}  // namespace winnow
