// The timing mode of plans: numbers that must add up, whatever the machine does meanwhile.
#include <chrono>
#include <memory>
#include <string>

#include "check.h"
#include "test_networks.h"
#include "winnow/winnow.h"

using namespace winnow;
using namespace winnow::test;

namespace {

constexpr int64_t kBatch = 4;

// Sum of the numbers behind `key` in a description: of the totals before "values", or of everything after.
int64_t nanoseconds(const std::string& text, const std::string& key, bool of_values) {
  const size_t values = text.find("\"values\"");
  const std::string part = of_values ? text.substr(values) : text.substr(0, values);
  const std::string name = "\"" + key + "\": ";
  int64_t sum = 0;
  for (size_t at = part.find(name); at != std::string::npos; at = part.find(name, at + 1)) {
    sum += std::strtoll(part.c_str() + at + name.size(), nullptr, 10);
  }
  return sum;
}

// A supernet with drawn weights on one thread.
class Timed {
 public:
  explicit Timed(int32_t timing) {
    winnow_device_options device_options = {};
    device_options.size = sizeof device_options;
    device_options.threads = 1;
    winnow_plan_options plan_options = {};
    plan_options.size = sizeof plan_options;
    plan_options.batch = kBatch;
    plan_options.timing = timing;
    const NetworkBuilder builder = nb201_supernet({3, 8, 8}, 3, 1, 3, true, 10);
    const std::vector<int64_t> blob = builder.blob(builder.last());
    const winnow_recipe recipes[] = {{WINNOW_CONVOLUTION_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, 1.4},
                                     {WINNOW_LINEAR_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, 1},
                                     {WINNOW_LINEAR_BIAS, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0},
                                     {WINNOW_NORM_SCALE, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 1},
                                     {WINNOW_NORM_SHIFT, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0}};
    ok(winnow_device_open(&device_options, &device_, &error_));
    ok(winnow_network_create(blob.data(), static_cast<int64_t>(blob.size() * 8), &network_, &error_));
    ok(winnow_plan_create(device_, network_, &plan_options, &plan_, &error_));
    ok(winnow_parameters_create(network_, &parameters_, &error_));
    ok(winnow_parameters_fill(parameters_, nullptr, recipes, std::size(recipes), seed(), 0, &error_));
    pixels_.resize(kBatch * 3 * 8 * 8);
    ok(winnow_random_normal(seed(), 1, 0, static_cast<int64_t>(pixels_.size()), pixels_.data(), &error_));
    images_ = {pixels_.data(), kBatch, 3, 8, 8, WINNOW_F64, 0};
    coefficients_.resize(static_cast<size_t>(winnow_network_choice_count(network_)), 0.2);
    states_.resize(coefficients_.size(), WINNOW_RUN);
    call_.size = sizeof call_;
    call_.jobs = &job_, call_.job_count = 1;
    call_.coefficients = coefficients_.data(), call_.states = states_.data(), call_.row_count = 1;
    call_.parameters = &parameters_, call_.parameters_count = 1;
    call_.inputs = &images_, call_.input_count = 1;
  }
  ~Timed() {
    winnow_parameters_destroy(parameters_);
    winnow_plan_destroy(plan_);
    winnow_network_destroy(network_);
    winnow_device_close(device_);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

  std::vector<double> kernel() {
    std::vector<double> values(kBatch * kBatch);
    ok(winnow_ntk(plan_, &call_, WINNOW_NTK_ROLES, values.data(), kBatch * kBatch, &error_));
    return values;
  }
  void forward() {
    std::vector<double> logits(kBatch * 10);
    ok(winnow_forward(plan_, &call_, logits.data(), kBatch * 10, &error_));
  }
  void input_gradient() {
    winnow_cotangents ones = {};
    ones.size = sizeof ones;
    ones.kind = WINNOW_COTANGENT_ONES, ones.dtype = WINNOW_F64, ones.node = ones.stop = -1, ones.count = 1;
    ones.want_input_gradient = 1;
    std::vector<double> values(pixels_.size());
    const winnow_gradient_sink sink = {WINNOW_SINK_INPUT_COPY, 0, values.data(), static_cast<int64_t>(values.size())};
    ok(winnow_backward(plan_, &call_, &ones, &sink, 1, &error_));
  }
  std::string description() {
    std::string text(1 << 20, '\0');
    int64_t needed = 0;
    ok(winnow_plan_describe(plan_, text.data(), static_cast<int64_t>(text.size()), &needed, &error_));
    return text.c_str();
  }

 private:
  void ok(winnow_status status) { CHECK_EQUAL(status == WINNOW_OK ? "" : error_.text, std::string()); }

  winnow_error error_ = {};
  winnow_device* device_ = nullptr;
  winnow_network* network_ = nullptr;
  winnow_plan* plan_ = nullptr;
  winnow_parameters* parameters_ = nullptr;
  std::vector<double> pixels_, coefficients_;
  std::vector<int32_t> states_;
  winnow_images images_ = {};
  winnow_job job_ = {0, 0, 0, -1, -1};
  winnow_call call_ = {};
};

}  // namespace

TEST(times_of_values_add_up_to_the_totals_and_to_no_more_than_the_call) {
  Timed timed(1);
  timed.kernel();  // the first allocates
  const auto before = std::chrono::steady_clock::now();
  timed.kernel();
  const int64_t call = std::chrono::nanoseconds(std::chrono::steady_clock::now() - before).count();
  const std::string text = timed.description();
  int64_t all = 0;
  for (const char* phase : {"forward", "prepare", "data", "weights", "norm", "sink"}) {
    const int64_t total = nanoseconds(text, phase, false);
    CHECK_EQUAL(nanoseconds(text, phase, true), total);
    CHECK(total > 0 || std::string(phase) == "norm");  // every norm here is of a convolution: its sums come with the weights
    all += total;
  }
  CHECK(all <= call);
}

TEST(times_are_of_the_last_call) {
  Timed timed(1);
  timed.kernel();
  timed.forward();
  const std::string text = timed.description();
  CHECK(nanoseconds(text, "forward", false) > 0);
  CHECK_EQUAL(nanoseconds(text, "data", false), 0);
}

// A pass to the input runs on a plan of its own.
TEST(passes_to_the_input_are_timed_too) {
  Timed timed(1);
  timed.input_gradient();
  const std::string text = timed.description();
  for (const char* phase : {"forward", "data"}) {
    CHECK(nanoseconds(text, phase, false) > 0);
    CHECK_EQUAL(nanoseconds(text, phase, true), nanoseconds(text, phase, false));
  }
}

TEST(timing_changes_no_bit_and_says_nothing_where_it_is_off) {
  Timed on(1), off(0);
  const std::vector<double> a = on.kernel(), b = off.kernel();
  CHECK(a == b);
  CHECK_EQUAL(off.description().find("nanoseconds"), std::string::npos);
}
