// A score of a network with drawn weights and images.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "work.h"

namespace winnow::bench {

class Evaluation final : public Work {
 public:
  // The same shape gives the same weights and images on every device and in both number types: weights by He et al. over the
  // fan out, images from a standard normal, one set or another; every choice runs.
  Evaluation(const winnow_device* device, const Shape& shape, winnow_dtype dtype, bool timing = false, int64_t image_set = 0);

  // From now on as many jobs as there are choices, each without one of them: a round of pruning, in one call.
  void prune_each_choice();
  int64_t jobs() const { return static_cast<int64_t>(jobs_.size()); }

  void run() override;
  Cost cost() const override;
  // Small shapes are compared with the reference variant, which shares no fast loop with the others; the formulas as plain loops
  // would take minutes on large ones, which are compared with the same variant in double.
  Verdict verdict(const std::string& variant) override;

  const winnow_plan* plan() const { return plan_.get(); }
  int64_t macs() const { return winnow_network_macs(network_.get()); }

 private:
  winnow_call call();
  Verdict kernel_verdict(Evaluation& exact, const std::string& oracle);
  Verdict pattern_verdict(Evaluation& exact, const std::string& oracle);
  std::vector<double> tangent_kernel();  // [jobs, n, n]
  std::vector<int64_t> regions();        // [jobs]
  std::vector<uint64_t> patterns(int64_t* units);

  Shape shape_;
  std::unique_ptr<winnow_network, Closer<winnow_network, winnow_network_destroy>> network_;
  std::unique_ptr<winnow_plan, Closer<winnow_plan, winnow_plan_destroy>> plan_;
  std::unique_ptr<winnow_parameters, Closer<winnow_parameters, winnow_parameters_destroy>> parameters_;
  winnow_parameters* sets_[1];
  std::vector<float> pixels_;
  winnow_images images_;
  std::vector<double> coefficients_;  // [jobs, choices]
  std::vector<int32_t> states_;
  std::vector<winnow_job> jobs_;
};

}  // namespace winnow::bench
