// Values of a chunk's passes as their readers see them, taken to the host.
#pragma once

#include <vector>

#include "cuda/plan/machine.h"
#include "cuda/plan/memory.h"

namespace winnow {

template <typename T>
class ValueReader {
 public:
  // After a forward pass in T of so many passes.
  ValueReader(const Machine& machine, const Graph& graph, const MachineLayout& layout, const Memory<T>& memory, int64_t passes);
  // out [c][batch][h][w]; zeros where the pass's row does not run the value.
  void read(int64_t pass, const Program& row, int64_t value, double* out);

 private:
  const Machine& machine_;
  const Graph& graph_;
  const MachineLayout& layout_;
  const Memory<T>& memory_;
  std::vector<double> scale_, shift_;  // [pass][channel of all norms]
  std::vector<T> planes_;
};

}  // namespace winnow
