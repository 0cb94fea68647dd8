// The second back end against the numbers of TE-NAS's own program, all shared cases of tangent kernels and of regions: kernels
// relative to their largest entry, counts of linear regions.
#include <algorithm>
#include <cmath>

#include "golden_call.h"
#include "machine_device.h"
#include "machine_under_test.h"
#include "scores/scores.h"

using namespace winnow;
using namespace winnow::test;

namespace {

std::shared_ptr<const Device> device_of(int64_t byte_budget) {
  return machine_device(MachineUnderTest::get().table(), 0, byte_budget);
}

// float32 products of gradients whose signs are double's: 2^-24 a product, some 10^4 of them along a path; 3e-7 of the largest
// entry is what the CPU's plan was measured to be off by.
constexpr double kRelative = 2e-6;

// `count` of the kernel's rows and columns, from the first to the last: an emulated launch takes a thousand times a GPU's.
void check_kernels(const GoldenCall& golden, int64_t byte_budget, int64_t count) {
  const std::unique_ptr<Plan> plan = golden.plan(device_of(byte_budget), WINNOW_F32);
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
  check_kernels(darts_kernels(golden), int64_t{1} << 30, all_rows() ? 14 : 5);
}

TEST(kernels_of_the_nas_bench_201_supernet) {
  for (const char* name : cases({"c2_nb201_ntk_default"}, {"c2_nb201_ntk_kaiming"})) {
    if (missing(name)) return;
    const GoldenCase golden(name);
    // The budget takes neither all masks nor all rows at once.
    check_kernels(nb201_kernels(golden), int64_t{300} << 20, all_rows() ? 72 : 3);
  }
}

TEST(kernels_of_nas_bench_201_networks) {
  for (const char* name :
       cases({"c1_nb201_none", "c1_nb201_disconnected", "c1_nb201_skipheavy", "c1_nb201_poolheavy", "c1_nb201_best"},
             {"c1_nb201_allconv", "c1_nb201_full_n5"})) {
    if (missing(name)) return;
    const GoldenCase golden(name);
    note(name);
    check_kernels(nb201_network_kernel(golden), int64_t{4} << 30, all_rows() ? 32 : 2);
  }
}

TEST(regions_of_both_supernets) {
  if (missing("c2_nb201_regions_default") || missing("c2_darts_regions_default")) return;
  const GoldenCase nb201("c2_nb201_regions_default"), darts("c2_darts_regions_default");
  check_regions(nb201_regions(nb201), device_of(int64_t{1} << 30));
  check_regions(darts_regions(darts), device_of(int64_t{1} << 30));
}
