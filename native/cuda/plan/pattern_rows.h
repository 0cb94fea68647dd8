// Patterns of a call's passes: packed on the device, put together by job on the host.
#pragma once

#include <vector>

#include "cuda/plan/machine.h"
#include "cuda/plan/memory.h"
#include "cuda/plan/uploads.h"
#include "plan/plan.h"

namespace winnow {

class PatternRows {
 public:
  // Writes to `size` what the patterns need.
  PatternRows(const PatternReader& reader, CallSize& size);
  // After a forward pass in T of these passes; jobs whose last batch is among them are handed on.
  template <typename T>
  void take(const Machine& machine, const Graph& graph, const MachineLayout& layout, const winnow_call& call,
            const std::vector<Pass>& passes, const Memory<T>& memory);

 private:
  template <typename T>
  void upload_parts(const Machine& machine, const Graph& graph, const MachineLayout& layout, const std::vector<Pass>& passes,
                    const Memory<T>& memory) const;

  const PatternReader& reader_;
  int64_t words_ = 0, parts_ = 0;      // of the largest layout
  std::vector<uint64_t> bits_, rows_;  // of a chunk; of the job whose batches come
};

}  // namespace winnow
