// What a chunk's passes differ in, gathered on the host and uploaded: images, parameters and choices. What several passes share
// is uploaded once.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "cuda/plan/machine.h"
#include "cuda/plan/memory.h"
#include "network/parameters.h"
#include "plan/plan.h"

namespace winnow {

// One batch of one job.
struct Pass {
  int64_t job, batch;
};

// By job, and a job's batches one after the other.
std::vector<Pass> passes_of(const winnow_call& call, int64_t batch);

class Uploads {
 public:
  // `noises`: values that add noise.
  Uploads(const Machine& machine, const Graph& graph, const MachineLayout& layout, const std::vector<int64_t>& noises,
          const winnow_call& call)
      : machine_(machine), graph_(graph), layout_(layout), noises_(noises), call_(call) {}

  // Throws INVALID for an image that is not finite or a parameter that is unset.
  template <typename T>
  void chunk(const std::vector<Pass>& passes, const std::vector<std::unique_ptr<Program>>& programs, const Memory<T>& memory);

 private:
  void images(const std::vector<Pass>& passes, double* images, int64_t* first);
  void streams(const std::vector<Pass>& passes, uint64_t* streams, int64_t* first_sample);
  // Tensors that a row reads.
  std::vector<bool> needed(const Program& program) const;
  template <typename T>
  void parameters(const std::vector<Pass>& passes, const std::vector<std::unique_ptr<Program>>& programs,
                  const Memory<T>& memory);
  template <typename E>
  void upload(E* to, const std::vector<E>& from) {
    machine_.upload(to, from.data(), static_cast<int64_t>(from.size() * sizeof(E)));
  }

  const Machine& machine_;
  const Graph& graph_;
  const MachineLayout& layout_;
  const std::vector<int64_t>& noises_;
  const winnow_call& call_;
};

}  // namespace winnow
