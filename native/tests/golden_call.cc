#include "golden_call.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "check.h"
#include "scores/patterns.h"

namespace winnow::test {
namespace {

// By the programs' rule: coefficients are the softmax of alpha in float32, an operation runs where its own is above 0.01, an
// edge whose alphas are all -1000 has none.
void add_edges(const std::vector<double>& alpha, int64_t operations, GoldenRow& row) {
  for (auto edge = alpha.begin(); edge < alpha.end(); edge += operations) {
    const auto most = static_cast<float>(*std::max_element(edge, edge + operations));
    float total = 0;
    for (int64_t k = 0; k < operations; ++k) total += std::exp(static_cast<float>(edge[k]) - most);
    for (int64_t k = 0; k < operations; ++k) {
      const float weight = std::exp(static_cast<float>(edge[k]) - most) / total;
      row.coefficients.push_back(static_cast<double>(weight));
      row.states.push_back(weight > 0.01f && most > -1000 ? WINNOW_RUN : WINNOW_SKIP);
    }
  }
}

// `cells`: 1 where one alpha serves all cells, 2 where normal and reduction cells have their own.
std::vector<GoldenRow> masks_of(const GoldenCase& golden, int64_t operations, int64_t cells, const std::string& only) {
  std::vector<GoldenRow> rows;
  for (const std::string& mask : golden.masks()) {
    if (!only.empty() && mask != only) continue;
    GoldenRow& row = rows.emplace_back(GoldenRow{mask, {}, {}});
    for (int64_t cell = 0; cell < cells; ++cell) {
      add_edges(golden.tensor("expected_input.alpha." + mask + "." + std::to_string(cell)), operations, row);
    }
  }
  return rows;
}

// A cell of NAS-Bench-201: |operation~from|+|..., edge after edge as the supernet has them; `none` runs nothing.
std::vector<GoldenRow> cell_of(const std::string& cell) {
  static const char* const operations[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  GoldenRow row;
  for (size_t at = 0; (at = cell.find_first_not_of("|+", at)) != std::string::npos; at = cell.find('|', at)) {
    const std::string chosen = cell.substr(at, cell.find('~', at) - at);
    for (const char* operation : operations) {
      row.states.push_back(operation == chosen && chosen != "none" ? WINNOW_RUN : WINNOW_SKIP);
      row.coefficients.push_back(1);
    }
  }
  return {row};
}

}  // namespace

GoldenCall::GoldenCall(const GoldenCase& golden, const NetworkBuilder& builder, const std::vector<GoldenRow>& rows,
                       const std::string& prefix, const std::string& input)
    : golden_(golden), values_(golden.tensor(input)), shape_(golden.shape(input)) {
  const std::vector<int64_t> blob = builder.blob(builder.last());
  network_ = Network::decode(blob.data(), static_cast<int64_t>(blob.size() * 8));
  parameters_ = std::make_unique<winnow_parameters>(winnow_parameters{golden.parameters(network_, prefix)});
  parameter_list_ = parameters_.get();
  for (const GoldenRow& row : rows) {
    jobs_.push_back({static_cast<int64_t>(names_.size()), 0, 0, -1, -1});
    names_.push_back(row.name);
    states_.insert(states_.end(), row.states.begin(), row.states.end());
    coefficients_.insert(coefficients_.end(), row.coefficients.begin(), row.coefficients.end());
  }
  const size_t n = shape_.size();
  int64_t samples = shape_[0];
  for (size_t k = 1; k + 3 < n; ++k) samples *= shape_[k];
  images_ = {values_.data(), samples, shape_[n - 3], shape_[n - 2], shape_[n - 1], WINNOW_F64, 0};
}

std::unique_ptr<Plan> GoldenCall::plan(const std::shared_ptr<const Device>& device, winnow_dtype dtype) const {
  winnow_plan_options options = {};
  options.size = sizeof options;
  options.batch = shape_[shape_.size() - 4];
  options.dtype = dtype;
  return Plan::create(device, network_, options);
}

winnow_call GoldenCall::call() const {
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = jobs_.data();
  call.job_count = call.row_count = static_cast<int64_t>(jobs_.size());
  call.coefficients = coefficients_.data();
  call.states = states_.data();
  call.parameters = &parameter_list_;
  call.parameters_count = call.input_count = 1;
  call.inputs = &images_;
  return call;
}

GoldenCall darts_kernels(const GoldenCase& golden, const std::string& only) {
  return {golden, darts_supernet({3, 32, 32}, true, 10), masks_of(golden, 8, 2, only), "", "input"};
}

GoldenCall nb201_kernels(const GoldenCase& golden, const std::string& only) {
  return {golden, nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10), masks_of(golden, 5, 1, only), "", "input"};
}

GoldenCall nb201_network_kernel(const GoldenCase& golden) {
  const NetworkBuilder supernet = nb201_supernet({3, 32, 32}, 16, golden.integer("N"), 3, true, 10);
  return {golden, supernet, cell_of(golden.text("architecture")), "", "input"};
}

GoldenCall darts_regions(const GoldenCase& golden) {
  return {golden, darts_supernet({1, 3, 3}, false, 10), masks_of(golden, 8, 2, ""), "thin.", "lr.input"};
}

GoldenCall nb201_regions(const GoldenCase& golden) {
  return {golden, nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10), masks_of(golden, 5, 1, ""), "thin.", "lr.input"};
}

void check_regions(const GoldenCall& golden, const std::shared_ptr<const Device>& device) {
  const std::unique_ptr<Plan> plan = golden.plan(device, WINNOW_F32);
  const winnow_call call = golden.call();
  plan->check(call);
  std::vector<int64_t> regions(golden.names().size());
  const Patterns patterns(*plan, call, {nullptr, 0, {}}, regions.data());
  plan->patterns(call, patterns.reader());
  for (size_t m = 0; m < regions.size(); ++m) {
    note(golden.names()[m]);
    const double expected = golden.golden().number(golden.names()[m], "exact_unique_codes");
    std::printf("%s: %lld regions, published %.0f\n", golden.names()[m].c_str(), static_cast<long long>(regions[m]), expected);
    // The cases allow 3 to 5: a float32 rounding near zero may flip a sign.
    CHECK_NEAR(static_cast<double>(regions[m]), expected, 5);
  }
}

bool missing(const std::string& name) {
  if (GoldenCase::there(name)) return false;
  std::printf("skipped: no golden case %s (WINNOW_SHARED says where they are)\n", name.c_str());
  return true;
}

}  // namespace winnow::test
