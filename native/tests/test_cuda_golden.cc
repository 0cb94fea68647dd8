// The second back end against the numbers of TE-NAS's own program, all shared cases of tangent kernels and of regions: kernels
// relative to their largest entry, counts of linear regions. A supernet's masks are the jobs of one call, as a round's candidates
// are; a network by itself is a row of its space's supernet.
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

// What a candidate runs, and times what.
struct Row {
  std::string name;  // of the mask; empty for a network by itself
  std::vector<int32_t> states;
  std::vector<double> coefficients;
};

// By the programs' rule: coefficients are the softmax of alpha in float32, an operation runs where its own is above 0.01, an
// edge whose alphas are all -1000 has none.
void add_edges(const std::vector<double>& alpha, int64_t operations, Row& row) {
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
std::vector<Row> masks_of(const GoldenCase& golden, int64_t operations, int64_t cells) {
  std::vector<Row> rows;
  for (const std::string& mask : golden.masks()) {
    Row& row = rows.emplace_back(Row{mask, {}, {}});
    for (int64_t cell = 0; cell < cells; ++cell) {
      add_edges(golden.tensor("expected_input.alpha." + mask + "." + std::to_string(cell)), operations, row);
    }
  }
  return rows;
}

// A cell of NAS-Bench-201: |operation~from|+|..., edge after edge as the supernet has them; `none` runs nothing.
std::vector<Row> cell_of(const std::string& cell) {
  static const char* const operations[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  Row row;
  for (size_t at = 0; (at = cell.find_first_not_of("|+", at)) != std::string::npos; at = cell.find('|', at)) {
    const std::string chosen = cell.substr(at, cell.find('~', at) - at);
    for (const char* operation : operations) {
      row.states.push_back(operation == chosen && chosen != "none" ? WINNOW_RUN : WINNOW_SKIP);
      row.coefficients.push_back(1);
    }
  }
  return {row};
}

// A case on the device: its rows are the jobs of one call.
class GoldenCall {
 public:
  GoldenCall(const GoldenCase& golden, const NetworkBuilder& builder, const std::vector<Row>& rows, const std::string& prefix,
             const std::string& input)
      : golden_(golden), values_(golden.tensor(input)), shape_(golden.shape(input)) {
    const std::vector<int64_t> blob = builder.blob(builder.last());
    network_ = Network::decode(blob.data(), static_cast<int64_t>(blob.size() * 8));
    parameters_ = std::make_unique<winnow_parameters>(winnow_parameters{golden.parameters(network_, prefix)});
    parameter_list_ = parameters_.get();
    for (const Row& row : rows) {
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

bool missing(const std::string& name) {
  if (GoldenCase::there(name)) return false;
  std::printf("skipped: no golden case %s (WINNOW_SHARED says where they are)\n", name.c_str());
  return true;
}

// float32 products of gradients whose signs are double's: 2^-24 a product, some 10^4 of them along a path; 3e-7 of the largest
// entry is what the CPU's plan was measured to be off by.
constexpr double kRelative = 2e-6;

// `count` of the kernel's rows and columns, from the first to the last: an emulated launch takes a thousand times a GPU's.
void check_kernels(const GoldenCall& golden, int64_t byte_budget, int64_t count) {
  const std::unique_ptr<Plan> plan = golden.plan(byte_budget);
  const winnow_call call = golden.call();
  const int64_t n = golden.samples(), outputs = plan->graph()[plan->graph().output()].shape.elements();
  const auto sample = [&](int64_t i) { return i * (n - 1) / (count - 1); };
  std::vector<double> ones(static_cast<size_t>(count * n * outputs));
  for (int64_t i = 0; i < count; ++i) std::fill_n(ones.begin() + (i * n + sample(i)) * outputs, outputs, 1.0);
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
  for (size_t m = 0; m < golden.names().size(); ++m) {
    const std::string& name = golden.names()[m];
    note(name);
    const std::vector<double> expected = golden.golden().tensor("expected.ntk_f64" + (name.empty() ? "" : "." + name));
    const double largest = *std::max_element(expected.begin(), expected.end());
    const double most = largest > 0 ? largest : kRelative;  // a network that nothing reaches: zeros
    double worst = 0;
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<size_t>((static_cast<int64_t>(m) * count + i) * count + j);
        const double off = std::fabs(kernel[at] - expected[static_cast<size_t>(sample(i) * n + sample(j))]) / most;
        worst = off <= worst ? worst : off;  // keeps a NaN
      }
    }
    std::printf("%s: %lld rows off by %.1e of the largest entry\n", name.empty() ? "the network" : name.c_str(),
                static_cast<long long>(count), worst);
    CHECK_NEAR(worst, 0.0, kRelative);
  }
}

void check_regions(const GoldenCall& golden) {
  const std::unique_ptr<Plan> plan = golden.plan(int64_t{1} << 30);
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

// All cases and all rows of a kernel, on a GPU and where somebody has half an hour.
bool all_rows() { return !MachineUnderTest::get().emulated() || std::getenv("WINNOW_TEST_ALL_ROWS") != nullptr; }

// Of the others an emulated device takes those that differ in what they run, not in their weights or their depth.
std::vector<const char*> cases(std::vector<const char*> emulated, const std::vector<const char*>& others) {
  if (all_rows()) emulated.insert(emulated.end(), others.begin(), others.end());
  return emulated;
}

}  // namespace

TEST(kernels_of_the_darts_supernet) {
  if (missing("c2_darts_ntk_default")) return;
  const GoldenCase golden("c2_darts_ntk_default");
  const NetworkBuilder supernet = darts_supernet({3, 32, 32}, true, 10);
  check_kernels({golden, supernet, masks_of(golden, 8, 2), "", "input"}, int64_t{1} << 30, all_rows() ? 14 : 5);
}

TEST(kernels_of_the_nas_bench_201_supernet) {
  for (const char* name : cases({"c2_nb201_ntk_default"}, {"c2_nb201_ntk_kaiming"})) {
    if (missing(name)) return;
    const GoldenCase golden(name);
    const NetworkBuilder supernet = nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10);
    // The budget takes neither all masks nor all rows at once.
    check_kernels({golden, supernet, masks_of(golden, 5, 1), "", "input"}, int64_t{300} << 20, all_rows() ? 72 : 3);
  }
}

TEST(kernels_of_nas_bench_201_networks) {
  for (const char* name :
       cases({"c1_nb201_none", "c1_nb201_disconnected", "c1_nb201_skipheavy", "c1_nb201_poolheavy", "c1_nb201_best"},
             {"c1_nb201_allconv", "c1_nb201_full_n5"})) {
    if (missing(name)) return;
    const GoldenCase golden(name);
    const int64_t cells = golden.integer("N");
    note(name);
    const NetworkBuilder supernet = nb201_supernet({3, 32, 32}, 16, cells, 3, true, 10);
    check_kernels({golden, supernet, cell_of(golden.text("architecture")), "", "input"}, int64_t{4} << 30, all_rows() ? 32 : 2);
  }
}

TEST(regions_of_both_supernets) {
  if (missing("c2_nb201_regions_default") || missing("c2_darts_regions_default")) return;
  const GoldenCase nb201("c2_nb201_regions_default"), darts("c2_darts_regions_default");
  check_regions({nb201, nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10), masks_of(nb201, 5, 1), "thin.", "lr.input"});
  check_regions({darts, darts_supernet({1, 3, 3}, false, 10), masks_of(darts, 8, 2), "thin.", "lr.input"});
}
