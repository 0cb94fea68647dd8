// Patterns of a call's passes: packed by the forward pass, then counted by job on the device or put together by job on the host.
#pragma once

#include <vector>

#include "cuda/plan/machine.h"
#include "cuda/plan/memory.h"
#include "cuda/plan/uploads.h"
#include "plan/plan.h"

namespace winnow {

class PatternRows {
 public:
  // `packed`: values whose signs may be asked for. Writes to `size` what the patterns need.
  PatternRows(const PatternReader& reader, const winnow_call& call, int64_t batch, const std::vector<int64_t>& packed,
              CallSize& size);
  // Before a forward pass of these passes, the call's next ones: where their signs go.
  template <typename T>
  void prepare(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory) const;
  // After it; jobs whose last batch is among them are handed on.
  template <typename T>
  void take(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory);

 private:
  template <typename T>
  void count(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory);
  template <typename T>
  void hand_on(const Machine& machine, const std::vector<Pass>& passes, const Memory<T>& memory);
  int64_t samples_of(int64_t job) const { return call_.inputs[call_.jobs[job].input].samples; }
  bool last_of_job(const Pass& pass) const { return (pass.batch + 1) * batch_ == samples_of(pass.job); }

  const PatternReader& reader_;
  const winnow_call& call_;
  int64_t batch_;
  const std::vector<int64_t>& packed_;
  int64_t words_ = 0, places_ = 0;     // of the largest layout
  int64_t most_carried_ = 0;           // passes whose rows may lie before a chunk's
  int64_t carried_ = 0;                // those that do: of a job that the chunk goes on with, right before it
  std::vector<uint64_t> bits_, rows_;  // of a chunk, of passes that are carried; of the job whose batches come
};

}  // namespace winnow
