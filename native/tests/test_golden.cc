// The variants of the CPU against the numbers of TE-NAS's own program, and that accuracy does not pay for speed: a float32 condition
// number is off from float64's by 1e-5 at most, or three times what the program's own one is.
//
// What runs where: the DARTS supernet and a pruned one of NAS-Bench-201 in both number types on every variant, a float32 number
// against our own double. Whole supernets of NAS-Bench-201 and the networks of 16 channels, which take seconds, in float32 on the
// widest variant, and one of them on all, against the recorded double, to which `winnow verify` holds ours. The reference's loops,
// which take ten to a hundred times as long, run the smallest kernel. Regions: every variant.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "check.h"
#include "cpu_variants.h"
#include "golden_call.h"
#include "scores/scores.h"

using namespace winnow;
using namespace winnow::test;

namespace {

std::shared_ptr<const Device> device_of(Variant variant) {
  return open_device({sizeof(winnow_device_options), WINNOW_CPU, 0, 1, variant_name(variant), 0, nullptr});
}

// Largest over smallest eigenvalue of a symmetric matrix [n][n], by Jacobi's rotations: they converge quadratically, and what is left
// beside the diagonal after a dozen sweeps is rounding.
double condition_number(std::vector<double> a, int64_t n) {
  const auto at = [&](int64_t i, int64_t j) -> double& { return a[static_cast<size_t>(i * n + j)]; };
  for (int sweep = 0; sweep < 12; ++sweep) {
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        if (at(p, q) == 0) continue;
        const double theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const double t = (theta < 0 ? -1 : 1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (int64_t k = 0; k < n; ++k) {
          const double x = at(k, p), y = at(k, q);
          at(k, p) = c * x - s * y, at(k, q) = s * x + c * y;
        }
        for (int64_t k = 0; k < n; ++k) {
          const double x = at(p, k), y = at(q, k);
          at(p, k) = c * x - s * y, at(q, k) = s * x + c * y;
        }
      }
    }
  }
  double least = at(0, 0), most = at(0, 0);
  for (int64_t i = 1; i < n; ++i) least = std::min(least, at(i, i)), most = std::max(most, at(i, i));
  return most / least;
}

// [jobs][n][n]
std::vector<double> kernels(const GoldenCall& golden, Variant variant, winnow_dtype dtype) {
  const std::unique_ptr<Plan> plan = golden.plan(device_of(variant), dtype);
  const winnow_call call = golden.call();
  winnow_cotangents cotangents = {};
  cotangents.size = sizeof cotangents;
  cotangents.kind = WINNOW_COTANGENT_ONES_ON_ROW;
  cotangents.node = cotangents.stop = -1;
  cotangents.count = golden.samples();
  plan->check(call);
  plan->check(cotangents, call);
  std::vector<double> all(golden.names().size() * static_cast<size_t>(golden.samples() * golden.samples()));
  neural_tangent_kernel(*plan, call, cotangents, WINNOW_NTK_ROLES, all.data());
  return all;
}

// Of the largest entry, as in test_cuda_golden; in float64 too, for coefficients are float32's in both types.
constexpr double kRelative = 2e-6;

void check_entries(const GoldenCall& golden, size_t m, const std::vector<double>& kernel) {
  const std::string& name = golden.names()[m];
  const std::vector<double> expected = golden.golden().tensor("expected.ntk_f64" + (name.empty() ? "" : "." + name));
  const double most = *std::max_element(expected.begin(), expected.end());
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double off = std::fabs(kernel[i] - expected[i]) / most;
    worst = off <= worst ? worst : off;  // keeps a NaN
  }
  CHECK_NEAR(worst, 0.0, kRelative);
}

// `own`: against our double of the same variant; else against the recorded one.
void check_condition_numbers(const std::string& what, const GoldenCall& golden, const std::vector<Variant>& variants,
                             bool own) {
  const int64_t n = golden.samples();
  for (const Variant variant : variants) {
    const std::vector<double> single = kernels(golden, variant, WINNOW_F32);
    const std::vector<double> exact = own ? kernels(golden, variant, WINNOW_F64) : std::vector<double>();
    for (size_t m = 0; m < golden.names().size(); ++m) {
      const std::string& mask = golden.names()[m];
      note(what + " " + mask + " " + variant_name(variant));
      const auto of = [&](const std::vector<double>& all) {
        const auto first = all.begin() + static_cast<int64_t>(m) * n * n;
        const std::vector<double> kernel(first, first + n * n);
        check_entries(golden, m, kernel);
        return condition_number(kernel, n);
      };
      const double recorded = golden.golden().kernel_number(mask, "value_f64"), expected = own ? of(exact) : recorded;
      const double allowed = std::max(1e-5, 3 * golden.golden().kernel_number(mask, "rel_diff_f32_f64"));
      const double off = std::fabs(of(single) / expected - 1);
      std::printf("%s %s %s: %.9g, float32 off by %.1e of %.1e\n", what.c_str(), mask.c_str(), variant_name(variant), expected,
                  off, allowed);
      CHECK_NEAR(expected, recorded, 1e-6 * recorded);
      CHECK_NEAR(off, 0.0, allowed);
    }
  }
}

std::vector<Variant> fast_variants() {
  std::vector<Variant> variants = cpu_variants();
  variants.erase(std::remove(variants.begin(), variants.end(), Variant::kReference), variants.end());
  return variants;
}

}  // namespace

TEST(condition_number_by_hand) {
  CHECK_NEAR(condition_number({2, 1, 1, 2}, 2), 3, 1e-14);
  CHECK_NEAR(condition_number({2, 1, 0, 1, 2, 0, 0, 0, 0.5}, 3), 6, 1e-14);
}

TEST(kernels_of_the_darts_supernet) {
  const std::string name = "c2_darts_ntk_default";
  if (missing(name)) return;
  const GoldenCase golden(name);
  check_condition_numbers(name, darts_kernels(golden), fast_variants(), true);
  check_condition_numbers(name, darts_kernels(golden, "single_op_two_edges_per_node"), {Variant::kReference}, true);
}

TEST(kernels_of_the_nas_bench_201_supernet) {
  for (const std::string name : {"c2_nb201_ntk_default", "c2_nb201_ntk_kaiming"}) {
    if (missing(name)) continue;
    const GoldenCase golden(name);
    check_condition_numbers(name, nb201_kernels(golden), {widest_variant()}, false);
    if (name == "c2_nb201_ntk_default") {
      check_condition_numbers(name, nb201_kernels(golden, "2_per_edge_pruned"), fast_variants(), true);
    }
  }
}

// `winnow verify` has the others.
TEST(kernels_of_nas_bench_201_networks) {
  for (const std::string name : {"c1_nb201_skipheavy", "c1_nb201_best", "c1_nb201_full_n5"}) {
    if (missing(name)) continue;
    const GoldenCase golden(name);
    const bool first = name == "c1_nb201_skipheavy";
    check_condition_numbers(name, nb201_network_kernel(golden), first ? fast_variants() : std::vector{widest_variant()}, false);
  }
}

TEST(regions_of_both_supernets) {
  for (const std::string name : {"c2_nb201_regions_default", "c2_darts_regions_default"}) {
    if (missing(name)) continue;
    const GoldenCase golden(name);
    const GoldenCall call = name == "c2_nb201_regions_default" ? nb201_regions(golden) : darts_regions(golden);
    for (const Variant variant : cpu_variants()) {
      std::printf("%s: ", variant_name(variant));
      check_regions(call, device_of(variant));
    }
  }
}
