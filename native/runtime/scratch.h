// Memory of one computation: taken piece by piece from blocks of the arenas, given back all at once. An allocator that returns large
// pieces to the system pays for their pages anew in every computation.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/arenas.h"

namespace winnow {

class Scratch {
 public:
  explicit Scratch(Arenas& arenas) : arenas_(arenas) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  // Not cleared; aligned to 64 bytes, valid as long as this. Throws OUT_OF_MEMORY.
  double* doubles(int64_t count);

 private:
  static constexpr int64_t kBlockBytes = int64_t{4} << 20;

  Arenas& arenas_;
  std::vector<Arenas::Block> blocks_;
  int64_t used_ = 0;  // bytes of the last block
};

}  // namespace winnow
