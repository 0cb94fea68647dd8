#include "evaluation.h"

#include <cmath>
#include <stdexcept>

namespace winnow::bench {
namespace {

constexpr uint64_t kSeed = 1, kWeights = 1, kImages = 2;
constexpr int64_t kChoices = 30;

}  // namespace

void require(winnow_status status, const winnow_error& error) {
  if (status != WINNOW_OK) throw std::runtime_error(std::string(winnow_status_name(status)) + ": " + error.text);
}

Device open_device(const std::string& variant, int64_t threads) {
  const winnow_device_options options = {
      sizeof options, WINNOW_CPU, 0, threads, variant.empty() ? nullptr : variant.c_str(), 0};
  winnow_device* device = nullptr;
  winnow_error error;
  require(winnow_device_open(&options, &device, &error), error);
  return Device(device);
}

Evaluation::Evaluation(const winnow_device* device, const Shape& shape, winnow_dtype dtype, bool timing) : shape_(shape) {
  winnow_error error;
  const std::vector<int64_t> blob = supernet(shape);
  winnow_network* network = nullptr;
  require(winnow_network_create(blob.data(), static_cast<int64_t>(blob.size() * 8), &network, &error), error);
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
  require(winnow_parameters_fill(parameters, recipes, static_cast<int64_t>(std::size(recipes)), kSeed, kWeights, &error),
          error);

  std::vector<double> normal(static_cast<size_t>(shape.samples * shape.image_channels() * shape.side * shape.side));
  require(winnow_random_normal(kSeed, kImages, 0, static_cast<int64_t>(normal.size()), normal.data(), &error), error);
  pixels_.assign(normal.begin(), normal.end());
  images_ = {pixels_.data(), shape.samples, shape.image_channels(), shape.side, shape.side, WINNOW_F32, 0};

  // Four live operations share an edge equally; `none` is absent.
  for (int64_t choice = 0; choice < kChoices; ++choice) {
    const bool live = choice % 5 != 0;
    coefficients_.push_back(live ? 0.25 : 0);
    states_.push_back(live ? WINNOW_RUN : WINNOW_SKIP);
  }
}

double Evaluation::flop() const {
  const double forward = 2.0 * static_cast<double>(macs()) * static_cast<double>(shape_.samples);
  return shape_.score == "ntk" ? forward * static_cast<double>(1 + 2 * shape_.batch) : forward;
}

winnow_call Evaluation::call() {
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = &job_, call.job_count = 1;
  call.coefficients = coefficients_.data(), call.states = states_.data(), call.row_count = 1;
  call.parameters = sets_, call.parameters_count = 1;
  call.inputs = &images_, call.input_count = 1;
  call.norm_mode = WINNOW_NORM_BATCH;
  return call;
}

void Evaluation::run() {
  if (shape_.score == "ntk") {
    tangent_kernel();
  } else {
    regions();
  }
}

std::vector<double> Evaluation::tangent_kernel() {
  std::vector<double> kernel(static_cast<size_t>(shape_.batch * shape_.batch));
  const winnow_call c = call();
  winnow_error error;
  require(winnow_ntk(plan_.get(), &c, WINNOW_NTK_ROLES, kernel.data(), static_cast<int64_t>(kernel.size()), &error), error);
  return kernel;
}

int64_t Evaluation::regions() {
  int64_t count = 0;
  const winnow_call c = call();
  winnow_error error;
  require(winnow_linear_regions(plan_.get(), &c, &count, 1, &error), error);
  return count;
}

std::vector<uint64_t> Evaluation::patterns(int64_t* units) {
  int64_t relus = 0;
  for (int64_t i = 0; i < winnow_network_node_count(network_.get()); ++i) {
    winnow_node_info info;
    winnow_error error;
    require(winnow_network_node(network_.get(), i, &info, &error), error);
    if (info.operation == WINNOW_RELU) relus += info.channels * info.height * info.width;
  }
  std::vector<uint64_t> words(static_cast<size_t>(shape_.samples * ((relus + 63) / 64)));
  const winnow_call c = call();
  winnow_error error;
  require(winnow_patterns(plan_.get(), &c, words.data(), static_cast<int64_t>(words.size()), units, &error), error);
  return words;
}

}  // namespace winnow::bench
