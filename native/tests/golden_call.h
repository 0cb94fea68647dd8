// A golden case as jobs of a plan. A supernet's masks are the jobs of one call, as a round's candidates are; a network by itself is
// a row of its space's supernet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "golden_case.h"
#include "plan/plan.h"
#include "test_networks.h"
#include "winnow/winnow.h"

namespace winnow::test {

// What a candidate runs, and times what.
struct GoldenRow {
  std::string name;  // of the mask; empty for a network by itself
  std::vector<int32_t> states;
  std::vector<double> coefficients;
};

class GoldenCall {
 public:
  // `prefix` of the tensors of parameters, `input` the tensor with images [batches...][batch][c][h][w].
  GoldenCall(const GoldenCase& golden, const NetworkBuilder& builder, const std::vector<GoldenRow>& rows,
             const std::string& prefix, const std::string& input);

  std::unique_ptr<Plan> plan(const std::shared_ptr<const Device>& device, winnow_dtype dtype) const;
  winnow_call call() const;
  const GoldenCase& golden() const { return golden_; }
  const std::vector<std::string>& names() const { return names_; }
  int64_t samples() const { return images_.samples; }

 private:
  const GoldenCase& golden_;
  std::vector<std::string> names_;
  std::vector<double> values_;
  std::vector<int64_t> shape_;
  std::shared_ptr<const Network> network_;
  std::unique_ptr<winnow_parameters> parameters_;
  winnow_parameters* parameter_list_ = nullptr;
  std::vector<int32_t> states_;
  std::vector<double> coefficients_;
  std::vector<winnow_job> jobs_;
  winnow_images images_ = {};
};

// The networks of the cases, and what is recorded of them. `only`: one mask; empty: all.
GoldenCall darts_kernels(const GoldenCase& golden, const std::string& only = "");
GoldenCall nb201_kernels(const GoldenCase& golden, const std::string& only = "");  // of the supernet
GoldenCall nb201_network_kernel(const GoldenCase& golden);                         // of a network by itself
GoldenCall darts_regions(const GoldenCase& golden);
GoldenCall nb201_regions(const GoldenCase& golden);

// Holds every job's count against the case's.
void check_regions(const GoldenCall& golden, const std::shared_ptr<const Device>& device);

// Says so where a case is not there.
bool missing(const std::string& name);

}  // namespace winnow::test
