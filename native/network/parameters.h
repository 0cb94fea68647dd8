// Values of a network's tensors in double.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "network/network.h"
#include "runtime/kept_draws.h"
#include "winnow/parameters.h"

namespace winnow {

class Parameters {
 public:
  explicit Parameters(std::shared_ptr<const Network> network);

  const Network& network() const { return *network_; }
  bool is_set(int64_t tensor) const { return values_[tensor] != nullptr; }
  // Throws Failure(WINNOW_INVALID) naming the tensor when it is unset.
  const std::vector<double>& values(int64_t tensor) const;
  void set(int64_t tensor, const double* values, int64_t count);
  // Takes from `kept` what is there, and leaves there what it draws; nullptr: draws all.
  void fill(const winnow_recipe* recipes, int64_t recipe_count, uint64_t seed, uint64_t stream, KeptDraws* kept);

 private:
  KeptDraws::Values repeated(int64_t elements, double value);

  std::shared_ptr<const Network> network_;
  std::vector<KeptDraws::Values> values_;  // by tensor; nullptr = unset
  std::map<std::pair<int64_t, double>, KeptDraws::Values> constants_;
};

}  // namespace winnow

struct winnow_parameters {
  winnow::Parameters parameters;
};
