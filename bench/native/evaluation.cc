#include "evaluation.h"

#include <algorithm>
#include <cmath>

#include "network_file.h"

namespace winnow::bench {
namespace {

constexpr uint64_t kSeed = 1, kWeights = 1, kImages = 2;

}  // namespace

Evaluation::Evaluation(const winnow_device* device, const Shape& shape, winnow_dtype dtype, bool timing, int64_t image_set)
    : shape_(shape), jobs_({{0, 0, 0, -1, -1}}) {
  winnow_error error;
  const NetworkFile file = read_network(shape.network);
  winnow_network* network = nullptr;
  require(winnow_network_create(file.blob.data(), static_cast<int64_t>(file.blob.size() * 8), &network, &error), error);
  network_.reset(network);

  const winnow_plan_options options = {sizeof options, shape.batch, dtype, timing ? 1 : 0, nullptr, 0};
  winnow_plan* plan = nullptr;
  require(winnow_plan_create(device, network, &options, &plan, &error), error);
  plan_.reset(plan);

  winnow_parameters* parameters = nullptr;
  require(winnow_parameters_create(network, &parameters, &error), error);
  parameters_.reset(parameters);
  sets_[0] = parameters;
  const double he = std::sqrt(2.0);
  const winnow_recipe recipes[] = {{WINNOW_CONVOLUTION_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, he},
                                   {WINNOW_LINEAR_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, he},
                                   {WINNOW_LINEAR_BIAS, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0},
                                   {WINNOW_NORM_SCALE, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 1},
                                   {WINNOW_NORM_SHIFT, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0}};
  require(winnow_parameters_fill(parameters, nullptr, recipes, static_cast<int64_t>(std::size(recipes)), kSeed, kWeights, &error),
          error);

  const auto [channels, height, width] = file.input_shape;
  std::vector<double> normal(static_cast<size_t>(shape.size * channels * height * width));
  require(winnow_random_normal(kSeed, kImages + static_cast<uint64_t>(image_set), 0, static_cast<int64_t>(normal.size()),
                               normal.data(), &error),
          error);
  pixels_.assign(normal.begin(), normal.end());
  images_ = {pixels_.data(), shape.size, channels, height, width, WINNOW_F32, 0};
  coefficients_.assign(static_cast<size_t>(file.choices), file.coefficient);
  states_.assign(coefficients_.size(), WINNOW_RUN);
}

void Evaluation::prune_each_choice() {
  const size_t choices = coefficients_.size();
  const std::vector<double> coefficients = coefficients_;
  coefficients_.clear(), states_.clear(), jobs_.clear();
  for (size_t pruned = 0; pruned < choices; ++pruned) {
    coefficients_.insert(coefficients_.end(), coefficients.begin(), coefficients.end());
    states_.insert(states_.end(), choices, WINNOW_RUN);
    coefficients_[pruned * choices + pruned] = 0;
    states_[pruned * choices + pruned] = WINNOW_SKIP;
    jobs_.push_back({static_cast<int64_t>(pruned), 0, 0, -1, -1});
  }
}

Cost Evaluation::cost() const {
  // Of a round this counts every operation, the pruned ones too: a few hundredths too much.
  const double forward = 2.0 * static_cast<double>(macs()) * static_cast<double>(shape_.size * jobs());
  return {shape_.score == "ntk" ? forward * static_cast<double>(1 + 2 * shape_.batch) : forward, 0};
}

void Evaluation::run() {
  if (shape_.score == "ntk") {
    tangent_kernel();
  } else {
    regions();
  }
}

Verdict Evaluation::verdict(const std::string& variant) {
  const bool small = cost().flop < 3e9;
  const DeviceHandle device = open_device(small ? "reference" : variant, 1);
  Evaluation exact(device.get(), shape_, WINNOW_F64);
  const std::string oracle = small ? "reference in float64" : "same variant in float64";
  return shape_.score == "ntk" ? kernel_verdict(exact, oracle) : pattern_verdict(exact, oracle);
}

Verdict Evaluation::kernel_verdict(Evaluation& exact, const std::string& oracle) {
  const std::vector<double> a = tangent_kernel(), b = exact.tangent_kernel();
  double error = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    // A NaN must not pass: it would lose every comparison.
    error = std::isfinite(a[i] - b[i]) ? std::max(error, std::fabs(a[i] - b[i])) : INFINITY;
    largest = std::max(largest, std::fabs(b[i]));
  }
  return {error / largest, 1e-4, "largest error of the kernel / its largest entry, " + oracle};
}

// Only a unit within rounding of zero may have another sign; the counts differ by at most the samples that have one.
Verdict Evaluation::pattern_verdict(Evaluation& exact, const std::string& oracle) {
  int64_t units = 0;
  const std::vector<uint64_t> a = patterns(&units), b = exact.patterns(&units);
  const size_t words = a.size() / static_cast<size_t>(shape_.size);
  int64_t flips = 0, samples = 0;
  for (size_t i = 0; i < a.size(); i += words) {
    int64_t here = 0;
    for (size_t w = 0; w < words; ++w) here += __builtin_popcountll(a[i + w] ^ b[i + w]);
    flips += here;
    samples += here > 0;
  }
  const double share = static_cast<double>(flips) / (static_cast<double>(units) * static_cast<double>(shape_.size));
  const bool counted = std::llabs(regions()[0] - exact.regions()[0]) <= samples;
  return {counted ? share : INFINITY, 1e-4, "share of pattern bits that differ, " + oracle};
}

winnow_call Evaluation::call() {
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = jobs_.data(), call.job_count = jobs();
  call.coefficients = coefficients_.data(), call.states = states_.data(), call.row_count = jobs();
  call.parameters = sets_, call.parameters_count = 1;
  call.inputs = &images_, call.input_count = 1;
  call.norm_mode = WINNOW_NORM_BATCH;
  return call;
}

std::vector<double> Evaluation::tangent_kernel() {
  std::vector<double> kernel(static_cast<size_t>(jobs() * shape_.batch * shape_.batch));
  const winnow_call c = call();
  winnow_error error;
  require(winnow_ntk(plan_.get(), &c, WINNOW_NTK_ROLES, kernel.data(), static_cast<int64_t>(kernel.size()), &error), error);
  return kernel;
}

std::vector<int64_t> Evaluation::regions() {
  std::vector<int64_t> counts(jobs_.size());
  const winnow_call c = call();
  winnow_error error;
  require(winnow_linear_regions(plan_.get(), &c, counts.data(), jobs(), &error), error);
  return counts;
}

std::vector<uint64_t> Evaluation::patterns(int64_t* units) {
  int64_t relus = 0;
  for (int64_t i = 0; i < winnow_network_node_count(network_.get()); ++i) {
    winnow_node_info info;
    winnow_error error;
    require(winnow_network_node(network_.get(), i, &info, &error), error);
    if (info.operation == WINNOW_RELU) relus += info.channels * info.height * info.width;
  }
  std::vector<uint64_t> words(static_cast<size_t>(shape_.size * ((relus + 63) / 64)));
  const winnow_call c = call();
  winnow_error error;
  require(winnow_patterns(plan_.get(), &c, words.data(), static_cast<int64_t>(words.size()), units, &error), error);
  return words;
}

}  // namespace winnow::bench
