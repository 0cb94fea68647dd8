// Values of a network's tensors.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "network/network.h"
#include "runtime/kept_draws.h"
#include "winnow/parameters.h"

namespace winnow {

// What a tensor holds: float32 numbers that were drawn, or numbers in double that were given. A population's weights come from the
// last cache or from memory, so half of the bytes is half of the time that a pass waits for them. Valid until the tensor is set anew.
class TensorValues {
 public:
  TensorValues() = default;
  explicit TensorValues(const std::vector<float>& drawn) : drawn_(drawn.data()), size_(drawn.size()) {}
  explicit TensorValues(const std::vector<double>& given) : given_(given.data()), size_(given.size()) {}

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  double operator[](size_t k) const { return drawn_ != nullptr ? double{drawn_[k]} : given_[k]; }
  std::vector<double> copy() const;
  // Calls body with where the values lie, of either type.
  template <typename Body>
  void visit(Body body) const {
    drawn_ != nullptr ? body(drawn_) : body(given_);
  }

 private:
  const float* drawn_ = nullptr;
  const double* given_ = nullptr;
  size_t size_ = 0;
};

class Parameters {
 public:
  explicit Parameters(std::shared_ptr<const Network> network);

  const Network& network() const { return *network_; }
  bool is_set(int64_t tensor) const { return values_[tensor].drawn != nullptr || values_[tensor].given != nullptr; }
  // Throws Failure(WINNOW_INVALID) naming the tensor when it is unset.
  TensorValues values(int64_t tensor) const;
  void set(int64_t tensor, const double* values, int64_t count);
  // Takes from `kept` what is there, and leaves there what it draws; nullptr: draws all.
  void fill(const winnow_recipe* recipes, int64_t recipe_count, uint64_t seed, uint64_t stream, KeptDraws* kept);

 private:
  KeptDraws::Values repeated(int64_t elements, float value);

  std::shared_ptr<const Network> network_;
  // One of both, or none: unset.
  struct Held {
    KeptDraws::Values drawn;
    std::shared_ptr<const std::vector<double>> given;
  };
  std::vector<Held> values_;  // by tensor
  std::map<std::pair<int64_t, float>, KeptDraws::Values> constants_;
};

}  // namespace winnow

struct winnow_parameters {
  winnow::Parameters parameters;
};
