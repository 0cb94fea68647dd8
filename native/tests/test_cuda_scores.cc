// Scores of a machine's plans against the CPU's double plan, on the supernets that are searched: rounds of candidates, each
// without one operation, in one call. Small networks where the machine is the emulation, the published ones on a GPU.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "cuda/backend.h"
#include "machine_under_test.h"
#include "plan/plan.h"
#include "runtime/device.h"
#include "scores/patterns.h"
#include "test_networks.h"
#include "winnow/winnow.h"

using namespace winnow;
using namespace winnow::test;

namespace {

template <typename T, void (*close)(T*)>
struct Closer {
  void operator()(T* handle) const { close(handle); }
};
using DeviceHandle = std::unique_ptr<winnow_device, Closer<winnow_device, winnow_device_close>>;

void require_ok(winnow_status status, const winnow_error& error) {
  if (status != WINNOW_OK) {
    std::printf("%s: %s\n", winnow_status_name(status), error.text);
    std::abort();  // nothing after it means anything
  }
}

bool emulated() { return MachineUnderTest::get().emulated(); }

DeviceHandle host_device() {
  winnow_device_options options = {};
  options.size = sizeof options;
  return DeviceHandle(new winnow_device{open_device(options)});
}

// `bytes` 0: as many as there are.
DeviceHandle device_of(int64_t bytes = 0) {
  const DeviceHandle host = host_device();
  auto device = std::make_shared<Device>(*host->device);
  device->byte_budget = bytes > 0 ? bytes : INT64_MAX;
  device->backend = open_machine(MachineUnderTest::get().table(), 0);
  return DeviceHandle(new winnow_device{device});
}

struct Supernet {
  const char* name;
  std::shared_ptr<const Network> network;
  std::vector<int64_t> blob;
  int64_t batch, batches;  // a batch of a tangent kernel; batches of a count of regions
  double coefficient;

  Supernet(const char* title, const NetworkBuilder& builder, int64_t samples, int64_t count, double weight)
      : name(title),
        network(builder.network()),
        blob(builder.blob(builder.last())),
        batch(samples),
        batches(count),
        coefficient(weight) {}
};

std::vector<Supernet> kernel_supernets() {
  const bool small = emulated();
  const Shape images = small ? Shape{3, 8, 8} : Shape{3, 32, 32};
  return {{"NAS-Bench-201", nb201_supernet(images, 3, 1, 3, true, 10), small ? 4 : 32, 1, 0.2},
          {"DARTS", darts_supernet(images, true, 10), small ? 3 : 14, 1, 0.125}};
}

std::vector<Supernet> region_supernets() {
  const bool small = emulated();
  return {{"NAS-Bench-201, thin", nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10), small ? 20 : 1000, 3, 0.2},
          {"DARTS, thin", darts_supernet({3, 3, 3}, false, 10), small ? 10 : 1000, 3, 0.125}};
}

// A supernet on a device, with weights and images of its own; `jobs` candidates, evenly spread over the choices.
class Round {
 public:
  Round(const Supernet& supernet, const DeviceHandle& device, winnow_dtype dtype, int64_t jobs) : supernet_(supernet) {
    winnow_error error = {};
    winnow_network* network = nullptr;
    require_ok(winnow_network_create(supernet.blob.data(), static_cast<int64_t>(supernet.blob.size() * 8), &network, &error),
               error);
    network_.reset(network);
    const winnow_plan_options options = {sizeof options, supernet.batch, dtype, 0, nullptr, 0};
    winnow_plan* plan = nullptr;
    require_ok(winnow_plan_create(device.get(), network, &options, &plan, &error), error);
    plan_.reset(plan);
    winnow_parameters* parameters = nullptr;
    require_ok(winnow_parameters_create(network, &parameters, &error), error);
    parameters_.reset(parameters);
    const double he = std::sqrt(2.0);
    const winnow_recipe recipes[] = {{WINNOW_CONVOLUTION_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, he},
                                     {WINNOW_LINEAR_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, he},
                                     {WINNOW_LINEAR_BIAS, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0},
                                     {WINNOW_NORM_SCALE, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 1},
                                     {WINNOW_NORM_SHIFT, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0}};
    require_ok(winnow_parameters_fill(parameters, nullptr, recipes, 5, test::seed(), 1, &error), error);
    sets_[0] = parameters;
    const Shape image = supernet.network->nodes()[0].shape;
    const int64_t samples = supernet.batch * supernet.batches;
    std::vector<double> normal(static_cast<size_t>(samples * image.elements()));
    require_ok(winnow_random_normal(test::seed(), 2, 0, static_cast<int64_t>(normal.size()), normal.data(), &error), error);
    pixels_.assign(normal.begin(), normal.end());
    // The last of several batches is the first again: rows of different batches are equal.
    const int64_t of_batch = supernet.batch * image.elements();
    if (supernet.batches > 1) std::copy_n(pixels_.begin(), of_batch, pixels_.end() - of_batch);
    images_ = {pixels_.data(), samples, image.channels, image.height, image.width, WINNOW_F32, 0};
    const int64_t choices = supernet.network->choices();
    for (int64_t j = 0; j < jobs; ++j) {
      for (int64_t c = 0; c < choices; ++c) {
        const bool pruned = c == j * choices / jobs;
        coefficients_.push_back(pruned ? 0 : supernet.coefficient);
        states_.push_back(pruned ? WINNOW_SKIP : WINNOW_RUN);
      }
      jobs_.push_back({j, 0, 0, -1, -1});
    }
  }

  // Of one candidate with all its cotangents at a time.
  int64_t bytes(winnow_pass pass = WINNOW_PASS_BACKWARD) const {
    int64_t value = 0;
    winnow_error error = {};
    require_ok(winnow_plan_bytes(plan_.get(), pass, supernet_.batch, &value, &error), error);
    return value;
  }
  std::vector<double> kernels() {
    const int64_t n = supernet_.batch;
    std::vector<double> values(jobs_.size() * static_cast<size_t>(n * n));
    const winnow_call c = call();
    winnow_error error = {};
    require_ok(winnow_ntk(plan_.get(), &c, WINNOW_NTK_ROLES, values.data(), static_cast<int64_t>(values.size()), &error),
               error);
    return values;
  }
  std::vector<int64_t> regions() {
    std::vector<int64_t> counts(jobs_.size());
    const winnow_call c = call();
    winnow_error error = {};
    require_ok(winnow_linear_regions(plan_.get(), &c, counts.data(), static_cast<int64_t>(counts.size()), &error), error);
    return counts;
  }
  // The same where no row may reach the host; `chunks`: how many pieces the call was cut into.
  std::vector<int64_t> regions_of_the_machine(int64_t* chunks) {
    std::vector<int64_t> counts(jobs_.size(), -1);
    winnow_call c = call();
    *chunks = 0;
    c.progress_user = chunks;
    c.progress = [](void* user, int64_t, int64_t) { return ++*static_cast<int64_t*>(user), 0; };
    const Patterns patterns(*plan_->plan, c, {nullptr, 0, {}}, counts.data());
    PatternReader reader = patterns.reader();
    reader.done = [](const JobPatterns&) { CHECK(false); };
    plan_->plan->patterns(c, reader);
    return counts;
  }
  // Distinct ones among rows of `patterns`, job by job, on the host.
  std::vector<int64_t> distinct(const std::vector<uint64_t>& patterns, int64_t units) const {
    const int64_t words = (units + 63) / 64;
    std::vector<int64_t> counts(jobs_.size());
    for (size_t j = 0; j < jobs_.size(); ++j) {
      const uint64_t* rows = patterns.data() + static_cast<int64_t>(j) * images_.samples * words;
      CHECK_EQUAL(winnow_distinct_rows(rows, images_.samples, words, &counts[j], nullptr), WINNOW_OK);
    }
    return counts;
  }
  std::vector<uint64_t> patterns(int64_t* units) {
    int64_t most = 0;
    for (const Node& node : supernet_.network->nodes()) most += node.operation == WINNOW_RELU ? node.shape.elements() : 0;
    std::vector<uint64_t> words(jobs_.size() * static_cast<size_t>(images_.samples * ((most + 63) / 64)));
    const winnow_call c = call();
    winnow_error error = {};
    require_ok(winnow_patterns(plan_.get(), &c, words.data(), static_cast<int64_t>(words.size()), units, &error), error);
    return words;
  }

 private:
  winnow_call call() {
    winnow_call c = {};
    c.size = sizeof c;
    c.jobs = jobs_.data(), c.job_count = static_cast<int64_t>(jobs_.size());
    c.coefficients = coefficients_.data(), c.states = states_.data(), c.row_count = c.job_count;
    c.parameters = sets_, c.parameters_count = 1;
    c.inputs = &images_, c.input_count = 1;
    c.norm_mode = WINNOW_NORM_BATCH;
    return c;
  }

  const Supernet& supernet_;
  std::unique_ptr<winnow_network, Closer<winnow_network, winnow_network_destroy>> network_;
  std::unique_ptr<winnow_plan, Closer<winnow_plan, winnow_plan_destroy>> plan_;
  std::unique_ptr<winnow_parameters, Closer<winnow_parameters, winnow_parameters_destroy>> parameters_;
  winnow_parameters* sets_[1];
  std::vector<float> pixels_;
  winnow_images images_;
  std::vector<double> coefficients_;
  std::vector<int32_t> states_;
  std::vector<winnow_job> jobs_;
};

int64_t candidates() { return emulated() ? 3 : 20; }

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0, scale = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    // A NaN must not pass: it would lose every comparison.
    largest = std::isfinite(a[i] - b[i]) ? std::max(largest, std::fabs(a[i] - b[i])) : INFINITY;
    scale = std::max(scale, std::fabs(b[i]));
  }
  return largest / scale;
}

int64_t different_bits(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), int64_t{0}, std::plus<int64_t>(),
                            [](uint64_t x, uint64_t y) { return int64_t{__builtin_popcountll(x ^ y)}; });
}

}  // namespace

// Signs come from a forward pass in double, so only rounding is left: an entry is a sum of N products of gradients that are sums of
// up to N rounded terms over paths of some hundred operations, and errors of N independent roundings grow as sqrt N. With
// N = n h w <= 32768 and eps = 6e-8: sqrt(N) eps = 1.1e-5 for one operation; gradients of both factors, 2e-5. In double the same
// with eps = 1.1e-16 is 4e-14, and the double plan of the CPU has as much: 1e-12 leaves room for neither to be exact.
TEST(tangent_kernels_are_the_cpu_s) {
  for (const Supernet& supernet : kernel_supernets()) {
    note(supernet.name);
    const DeviceHandle device = device_of(), host = host_device();
    const std::vector<double> exact = Round(supernet, host, WINNOW_F64, candidates()).kernels();
    CHECK_NEAR(largest_difference(Round(supernet, device, WINNOW_F32, candidates()).kernels(), exact), 0, 2e-5);
    CHECK_NEAR(largest_difference(Round(supernet, device, WINNOW_F64, candidates()).kernels(), exact), 0, 1e-12);
  }
}

// In double no unit of these networks is close enough to zero for two orders of summation to disagree about its sign: exact. In
// single precision a unit within some 1e-5 of zero may; with units spread like normal numbers that is about one in 10^5.
TEST(regions_are_the_cpu_s) {
  for (const Supernet& supernet : region_supernets()) {
    note(supernet.name);
    const DeviceHandle device = device_of(), host = host_device();
    Round exact(supernet, host, WINNOW_F64, candidates()), wide(supernet, device, WINNOW_F64, candidates()),
        narrow(supernet, device, WINNOW_F32, candidates());
    CHECK(wide.regions() == exact.regions());
    int64_t units = 0;
    const std::vector<uint64_t> patterns = exact.patterns(&units);
    CHECK(wide.patterns(&units) == patterns);
    const double all = static_cast<double>(units * supernet.batch * supernet.batches * candidates());
    CHECK_NEAR(static_cast<double>(different_bits(narrow.patterns(&units), patterns)), 0, 1e-4 * all);
  }
}

// The count is of the rows that the machine packed, whichever pieces the call is cut into: a device that holds one pass or two
// meets a job's three batches in different ones.
TEST(regions_are_counted_on_the_machine) {
  for (const Supernet& supernet : region_supernets()) {
    note(supernet.name);
    for (const winnow_dtype dtype : {WINNOW_F32, WINNOW_F64}) {
      const DeviceHandle device = device_of();
      Round round(supernet, device, dtype, candidates());
      int64_t units = 0, chunks = 0;
      const std::vector<uint64_t> patterns = round.patterns(&units);
      const std::vector<int64_t> expected = round.distinct(patterns, units);
      CHECK(round.regions_of_the_machine(&chunks) == expected);
      CHECK(round.regions() == expected);
      CHECK_EQUAL(chunks, 1);
      for (const int64_t passes : {1, 2, 4}) {
        const DeviceHandle smaller = device_of(round.bytes(WINNOW_PASS_FORWARD) * (2 * passes + 1) / 2);
        CHECK(Round(supernet, smaller, dtype, candidates()).regions_of_the_machine(&chunks) == expected);
        CHECK_EQUAL(chunks, (candidates() * supernet.batches + passes - 1) / passes);
      }
    }
  }
}

// Neither repeating a call, nor another plan, nor a device that holds only a part of the round at a time changes a bit.
TEST(same_bytes_from_run_to_run) {
  for (const Supernet& supernet : kernel_supernets()) {
    note(supernet.name);
    const DeviceHandle device = device_of();
    Round round(supernet, device, WINNOW_F32, candidates());
    const std::vector<double> first = round.kernels();
    CHECK(round.kernels() == first);
    CHECK(Round(supernet, device, WINNOW_F32, candidates()).kernels() == first);
    for (const int64_t bytes : {round.bytes(), round.bytes() - 1}) {
      const DeviceHandle smaller = device_of(bytes);
      CHECK(Round(supernet, smaller, WINNOW_F32, candidates()).kernels() == first);
    }
  }
  for (const Supernet& supernet : region_supernets()) {
    note(supernet.name);
    const DeviceHandle device = device_of();
    Round round(supernet, device, WINNOW_F32, candidates());
    int64_t units = 0;
    const std::vector<uint64_t> first = round.patterns(&units);
    CHECK(round.patterns(&units) == first);
    CHECK(Round(supernet, device, WINNOW_F32, candidates()).patterns(&units) == first);
  }
}
