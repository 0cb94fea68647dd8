// The second back end against the numbers of TE-NAS's own program: kernels of the published supernets relative to their largest
// entry, counts of linear regions. A case's masks are the jobs of one call, as a round's candidates are.
#include <algorithm>
#include <cmath>

#include "abi/failure.h"
#include "golden_case.h"
#include "machine_device.h"
#include "machine_under_test.h"
#include "plan/plan.h"
#include "scores/patterns.h"
#include "scores/scores.h"
#include "test_networks.h"
#include "winnow/winnow.h"

using namespace winnow;
using namespace winnow::test;

namespace {

// By the programs' rule: coefficients are the softmax of alpha in float32, an operation runs where its own is above 0.01, an
// edge whose alphas are all -1000 has none.
void add_row(const std::vector<double>& alpha, int64_t operations, std::vector<int32_t>& states,
             std::vector<double>& coefficients) {
  for (auto edge = alpha.begin(); edge < alpha.end(); edge += operations) {
    const auto most = static_cast<float>(*std::max_element(edge, edge + operations));
    float total = 0;
    for (int64_t k = 0; k < operations; ++k) total += std::exp(static_cast<float>(edge[k]) - most);
    for (int64_t k = 0; k < operations; ++k) {
      const float weight = std::exp(static_cast<float>(edge[k]) - most) / total;
      coefficients.push_back(static_cast<double>(weight));
      states.push_back(weight > 0.01f && most > -1000 ? WINNOW_RUN : WINNOW_SKIP);
    }
  }
}

// A case on the device: its masks are the rows and the jobs of one call.
class GoldenCall {
 public:
  // `cells`: 1 where one alpha serves all cells, 2 where normal and reduction cells have their own.
  GoldenCall(const std::string& name, const NetworkBuilder& builder, int64_t operations, int64_t cells,
             const std::string& prefix, const std::string& input)
      : golden_(name), masks_(golden_.masks()), values_(golden_.tensor(input)), shape_(golden_.shape(input)) {
    const std::vector<int64_t> blob = builder.blob(builder.last());
    network_ = Network::decode(blob.data(), static_cast<int64_t>(blob.size() * 8));
    parameters_ = std::make_unique<winnow_parameters>(winnow_parameters{golden_.parameters(network_, prefix)});
    parameter_list_ = parameters_.get();
    for (size_t m = 0; m < masks_.size(); ++m) {
      for (int64_t cell = 0; cell < cells; ++cell) {
        add_row(golden_.tensor("expected_input.alpha." + masks_[m] + "." + std::to_string(cell)), operations, states_,
                coefficients_);
      }
      jobs_.push_back({static_cast<int64_t>(m), 0, 0, -1, -1});
    }
    const size_t n = shape_.size();
    int64_t samples = shape_[0];
    for (size_t k = 1; k + 3 < n; ++k) samples *= shape_[k];
    images_ = {values_.data(), samples, shape_[n - 3], shape_[n - 2], shape_[n - 1], WINNOW_F64, 0};
  }

  std::unique_ptr<Plan> plan(int64_t byte_budget) const {
    winnow_plan_options options = {};
    options.size = sizeof options;
    options.batch = shape_[shape_.size() - 4];
    return Plan::create(machine_device(MachineUnderTest::get().table(), 0, byte_budget), network_, options);
  }
  winnow_call call() const {
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
  const GoldenCase& golden() const { return golden_; }
  const std::vector<std::string>& masks() const { return masks_; }
  int64_t samples() const { return images_.samples; }

 private:
  GoldenCase golden_;
  std::vector<std::string> masks_;
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

bool missing(const std::string& name) {
  if (GoldenCase::there(name)) return false;
  std::printf("skipped: no golden case %s (WINNOW_SHARED says where they are)\n", name.c_str());
  return true;
}

// float32 products of gradients whose signs are double's: 2^-24 a product, some 10^4 of them along a path; 3e-7 of the largest
// entry is what the CPU's plan was measured to be off by.
constexpr double kRelative = 2e-6;

// `count` of the kernel's rows and columns: an emulated launch takes a thousand times a GPU's.
void check_kernels(const GoldenCall& golden, int64_t byte_budget, int64_t count) {
  const std::unique_ptr<Plan> plan = golden.plan(byte_budget);
  const winnow_call call = golden.call();
  const int64_t n = golden.samples(), outputs = plan->graph()[plan->graph().output()].shape.elements();
  std::vector<double> ones(static_cast<size_t>(count * n * outputs));
  for (int64_t i = 0; i < count; ++i) std::fill_n(ones.begin() + (i * n + i) * outputs, outputs, 1.0);
  winnow_cotangents cotangents = {};
  cotangents.size = sizeof cotangents;
  cotangents.kind = WINNOW_COTANGENT_GIVEN;
  cotangents.dtype = WINNOW_F64;
  cotangents.values = ones.data();
  cotangents.node = cotangents.stop = -1;
  cotangents.count = count;
  plan->check(call);
  plan->check(cotangents, call);
  std::vector<double> kernel(static_cast<size_t>(call.job_count * count * count));
  neural_tangent_kernel(*plan, call, cotangents, WINNOW_NTK_ROLES, kernel.data());
  for (size_t m = 0; m < golden.masks().size(); ++m) {
    note(golden.masks()[m]);
    const std::vector<double> expected = golden.golden().tensor("expected.ntk_f64." + golden.masks()[m]);
    const double most = *std::max_element(expected.begin(), expected.end());
    double worst = 0;
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<size_t>((static_cast<int64_t>(m) * count + i) * count + j);
        const double off = std::fabs(kernel[at] - expected[static_cast<size_t>(i * n + j)]) / most;
        worst = off <= worst ? worst : off;  // keeps a NaN
      }
    }
    std::printf("%s: %lld rows off by %.1e of the largest entry\n", golden.masks()[m].c_str(), static_cast<long long>(count),
                worst);
    CHECK_NEAR(worst, 0.0, kRelative);
  }
}

void check_regions(const GoldenCall& golden) {
  const std::unique_ptr<Plan> plan = golden.plan(int64_t{1} << 30);
  const winnow_call call = golden.call();
  plan->check(call);
  std::vector<int64_t> regions(golden.masks().size());
  const Patterns patterns(*plan, call, {nullptr, 0, {}}, regions.data());
  plan->patterns(call, patterns.reader());
  for (size_t m = 0; m < regions.size(); ++m) {
    note(golden.masks()[m]);
    const double expected = golden.golden().number(golden.masks()[m], "exact_unique_codes");
    std::printf("%s: %lld regions, published %.0f\n", golden.masks()[m].c_str(), static_cast<long long>(regions[m]), expected);
    // The cases allow 3 to 5: a float32 rounding near zero may flip a sign.
    CHECK_NEAR(static_cast<double>(regions[m]), expected, 5);
  }
}

}  // namespace

TEST(kernels_of_the_darts_supernet) {
  if (missing("c2_darts_ntk_default")) return;
  check_kernels({"c2_darts_ntk_default", darts_supernet({3, 32, 32}, true, 10), 8, 2, "", "input"}, int64_t{1} << 30, 14);
}

TEST(kernels_of_the_nas_bench_201_supernet) {
  for (const char* name : {"c2_nb201_ntk_default", "c2_nb201_ntk_kaiming"}) {
    if (missing(name)) return;
    // All 72 rows on a GPU, and where somebody has half an hour. The budget takes neither all masks nor those rows at once.
    const bool all = !MachineUnderTest::get().emulated() || std::getenv("WINNOW_TEST_ALL_ROWS") != nullptr;
    check_kernels({name, nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10), 5, 1, "", "input"}, int64_t{300} << 20, all ? 72 : 3);
  }
}

TEST(regions_of_both_supernets) {
  if (missing("c2_nb201_regions_default") || missing("c2_darts_regions_default")) return;
  check_regions({"c2_nb201_regions_default", nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10), 5, 1, "thin.", "lr.input"});
  check_regions({"c2_darts_regions_default", darts_supernet({1, 3, 3}, false, 10), 8, 2, "thin.", "lr.input"});
}
