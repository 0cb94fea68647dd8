// What the batches of a call leave in running means and variances: new = (1 - momentum) old + momentum batch's, the variance
// unbiased. Kept by job while a wave runs and applied in job order when it has ended, so threads make no difference; a norm over
// batch statistics never reads what is written here.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/graph.h"
#include "plan/program.h"
#include "plan/state.h"
#include "winnow/plan.h"

namespace winnow {

class RunningStatistics {
 public:
  // Of no norm where the call does not update.
  RunningStatistics(const Graph& graph, const winnow_call& call);

  // Values of the norms that are updated: a row that has one runs it, wherever it leads.
  const std::vector<int64_t>& norms() const { return norms_; }
  // What a batch of the job had; `norms` is by value. Of different jobs at once.
  void keep(int64_t job, const Program& program, const std::vector<NormState>& norms);
  // Writes what was kept of jobs [first, first + count) to their parameter sets, and forgets it.
  void apply(int64_t first, int64_t count);

 private:
  struct Batch {
    int64_t norm;
    std::vector<double> mean, variance;
  };
  void update(Parameters& parameters, const Batch& batch) const;

  const Graph& graph_;
  const winnow_call& call_;
  std::vector<int64_t> norms_;
  std::vector<std::vector<Batch>> kept_;  // by job
};

}  // namespace winnow
