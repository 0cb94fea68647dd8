// Patterns of a call's passes: packed on the device, and there counted by job or put together by job on the host.
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
  PatternRows(const PatternReader& reader, const winnow_call& call, int64_t batch, CallSize& size);
  // After a forward pass in T of these passes, the call's next ones; jobs whose last batch is among them are handed on.
  template <typename T>
  void take(const Machine& machine, const Graph& graph, const MachineLayout& layout, const std::vector<Pass>& passes,
            const Memory<T>& memory);

 private:
  template <typename T>
  void upload_parts(const Machine& machine, const Graph& graph, const MachineLayout& layout, const std::vector<Pass>& passes,
                    const Memory<T>& memory) const;
  template <typename T>
  void count(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory);
  template <typename T>
  void hand_on(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory);
  int64_t samples_of(int64_t job) const { return call_.inputs[call_.jobs[job].input].samples; }
  bool last_of_job(const Pass& pass) const { return (pass.batch + 1) * batch_ == samples_of(pass.job); }

  const PatternReader& reader_;
  const winnow_call& call_;
  int64_t batch_;
  int64_t words_ = 0, parts_ = 0;      // of the largest layout
  int64_t carried_ = 0;                // passes whose rows lie before the next chunk's: of a job that it goes on with
  std::vector<uint64_t> bits_, rows_;  // of a chunk, of passes that are carried; of the job whose batches come
};

}  // namespace winnow
