// What plans take of memory: known before anything is, kept to the budget, and without a trace in the numbers.
#include <malloc.h>

#include <fstream>
#include <string>

#include "native_plan.h"

using namespace winnow;
using namespace winnow::test;

namespace {

// Bytes in kB of a line of this process's status.
int64_t status_bytes(const std::string& line) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kilobytes = 0;
    if (word == line + ":" && status >> kilobytes) return kilobytes << 10;
  }
  return -1;
}

// Resident bytes that `body` had at most beyond those before it; -1 where the system does not tell.
template <typename Body>
int64_t peak_of(Body body) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak becomes what is resident now
  const int64_t before = status_bytes("VmRSS");
  if (before < 0 || status_bytes("VmHWM") > before + (int64_t{1} << 20)) return -1;
  body();
  return status_bytes("VmHWM") - before;
}

// 3x3 convolutions and pools between ReLUs, a depthwise one and one of one tap under norms.
NetworkBuilder mixed_network() {
  NetworkBuilder b({3, 12, 12}, 0);
  const int64_t stem = b.relu("stem_relu", b.batch_norm("stem_norm", b.convolution("stem", 0, 6, 3, 1, 1)));
  const int64_t depthwise = b.convolution("depthwise", stem, {6, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 6, false});
  const int64_t first = b.batch_norm("first_norm", b.convolution("first", depthwise, 6, 1, 1, 0));
  const int64_t second = b.batch_norm("second_norm", b.convolution("second", stem, 6, 3, 1, 1));
  const int64_t pool = b.average_pool("pool", stem, {{3, 3}, {1, 1}, {1, 1}, false});
  const int64_t sum = b.weighted_sum("sum", {first, second, pool}, {-1, -1, -1});
  b.linear("linear", b.global_average_pool("gap", b.relu("last", b.batch_norm("last_norm", sum))), 4);
  return b;
}

int64_t bytes_of(Native& native, winnow_pass pass, int64_t cotangents) {
  winnow_error error = {};
  int64_t bytes = 0;
  require_ok(winnow_plan_bytes(native.plan(), pass, cotangents, &bytes, &error), error);
  return bytes;
}

}  // namespace

// With what winnow_plan_bytes says a job runs; with less in smaller blocks of cotangents and on fewer threads, as near as sums in
// another order are and to the same bits on any number of threads; with too little it is refused.
TEST(a_tight_budget_is_kept) {
  constexpr int64_t kBatch = 24;
  Draws draws(seed(), 3);
  const NetworkBuilder b = mixed_network();
  const Tables t = make_tables(b.blob(b.last()), kBatch, WINNOW_NORM_BATCH, draws);
  const std::vector<winnow_job> jobs = {t.jobs[0], t.jobs[1], t.jobs[3]};
  const char* const variant = cpu_variant_names().back();
  for (const winnow_dtype dtype : {WINNOW_F32, WINNOW_F64}) {
    Native roomy(t, variant, dtype, 1);
    const std::vector<double> expected = roomy.ntk(jobs, kAllRoles);
    const auto size = static_cast<int64_t>(expected.size());
    const double allowed = (dtype == WINNOW_F32 ? 1e-6 : 1e-14) * largest_of(expected.data(), size);
    const int64_t bytes = bytes_of(roomy, WINNOW_PASS_BACKWARD, kBatch);
    int64_t refused = 0, run = 0;
    for (int64_t budget = bytes; budget > bytes / 2; budget -= bytes / 16) {
      std::vector<double> before;
      for (const int64_t threads : {1, 3}) {
        note("a budget of " + std::to_string(budget) + " of " + std::to_string(bytes) + ", threads " + std::to_string(threads));
        Native tight(t, variant, dtype, threads, budget);
        std::vector<double> kernels(expected.size());
        const winnow_call call = tight.call(jobs);
        winnow_error error = {};
        const winnow_status status = winnow_ntk(tight.plan(), &call, kAllRoles, kernels.data(), size, &error);
        if (status == WINNOW_OUT_OF_MEMORY) {
          CHECK(budget < bytes);
          CHECK_CONTAINS(std::string(error.text), "but the byte budget is " + std::to_string(budget));
          ++refused;
          continue;
        }
        require_ok(status, error);
        for (size_t i = 0; i < kernels.size(); ++i) CHECK_NEAR(kernels[i], expected[i], allowed);
        CHECK(before.empty() || kernels == before);
        before = kernels;
        ++run;
      }
    }
    CHECK(refused > 0 && run > 2);
  }
}

// A linear layer of a million weights: its sums by lane are larger than all gradients of values together.
TEST(bytes_bound_what_is_taken) {
  constexpr int64_t kBatch = 8;
  NetworkBuilder wide({1024, 1, 1});
  wide.linear("head", wide.relu("relu", wide.linear("wide", 0, 1024)), 10);
  NetworkBuilder deep({3, 32, 32});
  int64_t value = 0;
  for (int64_t k = 0; k < 6; ++k) {
    const std::string name = std::to_string(k);
    value =
        deep.relu("relu" + name, deep.batch_norm("norm" + name, deep.convolution("convolution" + name, value, 48, 3, 1, 1)));
  }
  deep.linear("linear", deep.global_average_pool("gap", value), 10);
  for (const NetworkBuilder* b : {&wide, &deep}) {
    Draws draws(seed(), 4);
    const Tables t = make_tables(b->blob(b->last()), kBatch, WINNOW_NORM_BATCH, draws);
    Native native(t, "portable", WINNOW_F32, 1);
    const int64_t said = bytes_of(native, WINNOW_PASS_BACKWARD, kBatch);
    const int64_t taken = kSanitized ? -1 : peak_of([&] { native.ntk({t.jobs[0]}, kAllRoles); });
    if (taken < 0) {
      std::printf("bytes_bound_what_is_taken skipped: %s\n",
                  kSanitized ? "sanitizers take memory of their own" : "no peak here");
      return;
    }
    std::printf("%" PRId64 " MiB of %" PRId64 " that winnow_plan_bytes says\n", taken >> 20, said >> 20);
    CHECK(taken <= said + (int64_t{4} << 20));
    CHECK(taken >= said / 4);
    // A second call of the same kind takes none.
    CHECK(peak_of([&] { native.ntk({t.jobs[0]}, kAllRoles); }) < int64_t{1} << 20);
  }
}

TEST(bytes_past_the_largest_number_are_refused) {
  constexpr int64_t kWide = int64_t{1} << 20;
  NetworkBuilder b({kWide, 1, 1});
  b.linear("second", b.linear("first", 0, kWide, false), kWide, false);
  const std::vector<int64_t> blob = b.blob(b.last());
  winnow_error error = {};
  winnow_device_options options = {};
  options.size = sizeof options;
  options.threads = 1;
  options.byte_budget = INT64_MAX;
  winnow_device* device = nullptr;
  require_ok(winnow_device_open(&options, &device, &error), error);
  const DeviceHandle owned_device(device);
  winnow_network* network = nullptr;
  require_ok(winnow_network_create(blob.data(), static_cast<int64_t>(blob.size() * 8), &network, &error), error);
  const NetworkHandle owned_network(network);
  const winnow_plan_options plan_options = Native::plan_options(1, WINNOW_F64);
  winnow_plan* plan = nullptr;
  require_ok(winnow_plan_create(device, network, &plan_options, &plan, &error), error);
  const PlanHandle owned_plan(plan);
  int64_t bytes = 0;
  require_ok(winnow_plan_bytes(plan, WINNOW_PASS_BACKWARD, 1, &bytes, &error), error);
  CHECK(bytes > kWide * kWide * 2 * 8);
  CHECK_EQUAL(winnow_plan_bytes(plan, WINNOW_PASS_BACKWARD, kWide, &bytes, &error), WINNOW_OUT_OF_MEMORY);
  CHECK_CONTAINS(std::string(error.text), "2^63");
}
