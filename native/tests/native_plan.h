// Plans through the C interface beside the reference network: the tables that jobs index into, and one plan on a device of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "cpu_variants.h"
#include "machine_device.h"
#include "machine_under_test.h"
#include "runtime/device.h"
#include "test_networks.h"
#include "winnow/winnow.h"

namespace winnow::test {

constexpr uint32_t kAllRoles =
    WINNOW_NTK_ROLES | 1u << WINNOW_CONVOLUTION_BIAS | 1u << WINNOW_LINEAR_BIAS | 1u << WINNOW_NORM_SHIFT;

inline void require_ok(winnow_status status, const winnow_error& error) {
  CHECK_EQUAL(status, WINNOW_OK);
  if (status != WINNOW_OK) CHECK_EQUAL(std::string(error.text), std::string());
}

template <typename T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* handle) const { Destroy(handle); }
};
using DeviceHandle = std::unique_ptr<winnow_device, Destroyer<winnow_device, winnow_device_close>>;
using NetworkHandle = std::unique_ptr<winnow_network, Destroyer<winnow_network, winnow_network_destroy>>;
using ParametersHandle = std::unique_ptr<winnow_parameters, Destroyer<winnow_parameters, winnow_parameters_destroy>>;
using PlanHandle = std::unique_ptr<winnow_plan, Destroyer<winnow_plan, winnow_plan_destroy>>;

// Everything that jobs index into.
struct Tables {
  std::shared_ptr<const Network> network;
  std::vector<int64_t> blob;
  int64_t batch;
  winnow_norm_mode mode;
  std::vector<Parameters> parameters;
  std::vector<std::vector<double>> inputs;
  std::vector<ReferenceRow> rows;
  std::vector<int64_t> targets;  // [2, batch]
  std::vector<winnow_random_stream> streams;
  std::vector<winnow_job> jobs;

  int64_t input_elements() const { return network->nodes()[0].shape.elements(); }
  int64_t outputs() const { return network->nodes()[static_cast<size_t>(network->output())].shape.elements(); }
  int64_t samples(int64_t input) const {
    return static_cast<int64_t>(inputs[static_cast<size_t>(input)].size()) / input_elements();
  }
};

// Inputs 0 and 1 hold one batch, input 2 two.
inline Tables make_tables(const std::vector<int64_t>& blob, int64_t batch, winnow_norm_mode mode, Draws& draws) {
  Tables t;
  t.blob = blob;
  t.network = Network::decode(blob.data(), static_cast<int64_t>(blob.size() * 8));
  t.batch = batch;
  t.mode = mode;
  for (int64_t k = 0; k < 2; ++k) t.parameters.push_back(random_parameters(draws, t.network));
  for (int64_t k = 0; k < 3; ++k) t.inputs.push_back(random_images(draws, *t.network, (k == 2 ? 2 : 1) * batch));
  for (int64_t k = 0; k < 3; ++k) t.rows.push_back(random_row(draws, *t.network));
  for (int64_t k = 0; k < 2 * batch; ++k) t.targets.push_back(draws.integer(0, t.outputs() - 1));
  for (int64_t k = 0; k < 2; ++k) t.streams.push_back({draws.bits(), draws.bits()});
  t.jobs = {{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}, {2, 0, 1, 0, 0}, {0, 1, 0, 1, 1}};
  return t;
}

using Reference = ReferenceNetwork<double>;

template <typename T = double>
ReferenceNetwork<T> reference_of(const Tables& t, const winnow_job& job) {
  return {*t.network, t.parameters[static_cast<size_t>(job.parameters)], t.rows[static_cast<size_t>(job.row)],
          std::vector<int32_t>(t.network->nodes().size(), t.mode), t.batch};
}

inline const std::vector<double>& logits_of(const Tables& t, const Reference& reference) {
  return reference.value(t.network->output());
}

// How far the nearest ReLU input is from its kink, relative to the largest of its node; zeros, as where every operation is
// skipped, are exact and do not count.
inline double margin_of(const Tables& t, const Reference& reference) {
  double margin = INFINITY;
  for (size_t n = 0; n < t.network->nodes().size(); ++n) {
    const Node& node = t.network->nodes()[n];
    if (node.operation != WINNOW_RELU || !reference.exists(static_cast<int64_t>(n))) continue;
    const double cap = std::get<ReluAttributes>(node.attributes).cap;
    double most = 0;
    for (const double value : reference.value(node.inputs[0])) most = std::max(most, std::fabs(value));
    for (const double value : reference.value(node.inputs[0])) {
      if (value != 0) margin = std::min(margin, std::fabs(value) / most);
      if (cap > 0) margin = std::min(margin, std::fabs(value - cap) / most);
    }
  }
  return margin;
}

inline std::vector<double> batch_of(const Tables& t, const winnow_job& job, int64_t index) {
  const std::vector<double>& all = t.inputs[static_cast<size_t>(job.input)];
  const int64_t size = t.batch * t.input_elements();
  return {all.begin() + index * size, all.begin() + (index + 1) * size};
}

inline const winnow_random_stream* stream_of(const Tables& t, const winnow_job& job) {
  return job.stream < 0 ? nullptr : &t.streams[static_cast<size_t>(job.stream)];
}

inline void run(const Tables& t, const winnow_job& job, int64_t batch, Reference& reference) {
  reference.forward(batch_of(t, job, batch), stream_of(t, job), batch * t.batch);
}

struct Cotangents {
  winnow_cotangent_kind kind;
  int64_t count;
  std::vector<double> values;  // GIVEN only
};

// Directions of a call's jobs; -1: no change.
struct Directions {
  std::vector<Parameters> parameters;
  std::vector<std::vector<double>> inputs;
  std::vector<int64_t> parameters_of, input_of;  // [jobs]
  uint32_t roles;
};

// A plan on a device of its own, and the tables as a winnow_call.
class Native {
 public:
  Native(const Tables& tables, const char* variant, winnow_dtype dtype, int64_t threads, int64_t byte_budget = 0)
      : tables_(tables) {
    winnow_device* device = nullptr;
    if (std::string(variant) == kMachine) {
      device = new winnow_device{machine_device(MachineUnderTest::get().table())};
    } else {
      winnow_device_options device_options = {};
      device_options.size = sizeof device_options;
      device_options.threads = threads;
      device_options.variant = variant;
      device_options.byte_budget = byte_budget;
      require_ok(winnow_device_open(&device_options, &device, &error_), error_);
    }
    device_.reset(device);
    winnow_network* network = nullptr;
    require_ok(winnow_network_create(tables.blob.data(), static_cast<int64_t>(tables.blob.size() * 8), &network, &error_),
               error_);
    network_.reset(network);
    for (const Parameters& values : tables.parameters)
      parameters_.push_back(owned_parameters_.emplace_back(set_of(values)).get());
    winnow_plan_options options = plan_options(tables.batch, dtype);
    winnow_plan* plan = nullptr;
    require_ok(winnow_plan_create(device, network, &options, &plan, &error_), error_);
    plan_.reset(plan);
    for (const std::vector<double>& input : tables.inputs) images_.push_back(images(input));
    for (const ReferenceRow& row : tables.rows) {
      states_.insert(states_.end(), row.states.begin(), row.states.end());
      coefficients_.insert(coefficients_.end(), row.coefficients.begin(), row.coefficients.end());
    }
  }

  static winnow_plan_options plan_options(int64_t batch, winnow_dtype dtype) {
    winnow_plan_options options = {};
    options.size = sizeof options;
    options.batch = batch;
    options.dtype = dtype;
    return options;
  }

  winnow_call call(const std::vector<winnow_job>& jobs) {
    winnow_call call = {};
    call.size = sizeof call;
    call.jobs = jobs.data();
    call.job_count = static_cast<int64_t>(jobs.size());
    call.coefficients = coefficients_.data();
    call.states = states_.data();
    call.row_count = static_cast<int64_t>(tables_.rows.size());
    call.parameters = parameters_.data();
    call.parameters_count = static_cast<int64_t>(parameters_.size());
    call.inputs = images_.data();
    call.input_count = static_cast<int64_t>(images_.size());
    call.targets = tables_.targets.data();
    call.target_count = 2;
    call.streams = tables_.streams.data();
    call.stream_count = static_cast<int64_t>(tables_.streams.size());
    call.norm_mode = tables_.mode;
    return call;
  }

  static winnow_cotangents cotangents(const Cotangents& given) {
    winnow_cotangents c = {};
    c.size = sizeof c;
    c.kind = given.kind;
    c.dtype = WINNOW_F64;
    c.node = c.stop = -1;
    c.count = given.count;
    c.values = given.values.empty() ? nullptr : given.values.data();
    return c;
  }

  // [job][samples of the largest input][outputs]; NaN where nothing was written.
  std::vector<double> forward(const std::vector<winnow_job>& jobs) {
    int64_t samples = 0;
    for (const winnow_job& job : jobs) samples = std::max(samples, tables_.samples(job.input));
    std::vector<double> logits(jobs.size() * static_cast<size_t>(samples * tables_.outputs()), NAN);
    const winnow_call c = call(jobs);
    require_ok(winnow_forward(plan(), &c, logits.data(), static_cast<int64_t>(logits.size()), &error_), error_);
    return logits;
  }

  std::vector<double> backward(const std::vector<winnow_job>& jobs, const Cotangents& given, winnow_gradient_sink_kind kind,
                               uint32_t roles) {
    int64_t width = given.count;
    if (kind == WINNOW_SINK_COPY) {
      width = 0;
      for (const Tensor& tensor : tables_.network->tensors()) width += (roles >> tensor.role & 1u) != 0 ? tensor.elements : 0;
    }
    std::vector<double> values(jobs.size() * static_cast<size_t>(given.count * width), NAN);
    values.reserve(values.size() + 1);  // never null
    const winnow_call c = call(jobs);
    const winnow_cotangents entering = cotangents(given);
    const winnow_gradient_sink sink = {kind, roles, values.data(), static_cast<int64_t>(values.size())};
    require_ok(winnow_backward(plan(), &c, &entering, &sink, 1, &error_), error_);
    return values;
  }

  // Of one pass: the sinks [kind][...], the activation kernel and the regions.
  struct Read {
    std::vector<std::vector<double>> sinks;
    std::vector<int64_t> kernel, regions;
  };
  Read read(const std::vector<winnow_job>& jobs, const Cotangents& given, const std::vector<winnow_gradient_sink_kind>& kinds,
            bool with_patterns) {
    int64_t tensors = 0;
    for (const Tensor& tensor : tables_.network->tensors()) tensors += tensor.role <= WINNOW_NORM_SHIFT ? 1 : 0;
    Read read;
    for (const winnow_gradient_sink_kind kind : kinds) {
      const int64_t each = kind == WINNOW_SINK_GRAM       ? given.count * given.count
                           : kind == WINNOW_SINK_COPY     ? given.count * tables_.network->parameters()
                           : kind == WINNOW_SINK_SIGN_SUM ? tables_.network->parameters()
                                                          : given.count * tensors;
      read.sinks.emplace_back(jobs.size() * static_cast<size_t>(each), NAN).reserve(1);
    }
    std::vector<winnow_gradient_sink> sinks;
    for (size_t k = 0; k < kinds.size(); ++k) {
      sinks.push_back({kinds[k], kAllRoles, read.sinks[k].data(), static_cast<int64_t>(read.sinks[k].size())});
    }
    const winnow_call c = call(jobs);
    const winnow_cotangents entering = cotangents(given);
    winnow_readings readings = {};
    readings.size = sizeof readings;
    if (!kinds.empty()) {
      readings.cotangents = &entering;
      readings.sinks = sinks.data();
      readings.sink_count = static_cast<int64_t>(sinks.size());
    }
    if (with_patterns) {
      read.kernel.resize(jobs.size() * static_cast<size_t>(tables_.batch * tables_.batch));
      read.regions.resize(jobs.size());
      readings.kernel = read.kernel.data();
      readings.kernel_capacity = static_cast<int64_t>(read.kernel.size());
      readings.regions = read.regions.data();
      readings.regions_capacity = static_cast<int64_t>(read.regions.size());
    }
    require_ok(winnow_read(plan(), &c, &readings, &error_), error_);
    return read;
  }

  // Gradients of all parameters [job][count][parameters], and of the input [job][count][batch, c, h, w].
  std::pair<std::vector<double>, std::vector<double>> to_the_input(const std::vector<winnow_job>& jobs,
                                                                   const Cotangents& given) {
    return copies(jobs, given, [&](const winnow_call& c, const winnow_cotangents& entering, const auto& sinks) {
      return winnow_backward(plan(), &c, &entering, sinks, 2, &error_);
    });
  }

  // What `pass` leaves in sinks of all parameters and of the input.
  template <typename Pass>
  std::pair<std::vector<double>, std::vector<double>> copies(const std::vector<winnow_job>& jobs, const Cotangents& given,
                                                             Pass pass) {
    const size_t rows = jobs.size() * static_cast<size_t>(given.count);
    std::vector<double> values(rows * static_cast<size_t>(tables_.network->parameters()), NAN);
    std::vector<double> inputs(rows * static_cast<size_t>(tables_.batch * tables_.input_elements()), NAN);
    values.reserve(values.size() + 1);  // never null
    const winnow_call c = call(jobs);
    winnow_cotangents entering = cotangents(given);
    entering.want_input_gradient = 1;
    const winnow_gradient_sink sinks[] = {{WINNOW_SINK_INPUT_COPY, 0, inputs.data(), static_cast<int64_t>(inputs.size())},
                                          {WINNOW_SINK_COPY, kAllRoles, values.data(), static_cast<int64_t>(values.size())}};
    require_ok(pass(c, entering, sinks), error_);
    return {std::move(values), std::move(inputs)};
  }

  std::vector<double> ntk(const std::vector<winnow_job>& jobs, uint32_t roles) {
    std::vector<double> kernel(jobs.size() * static_cast<size_t>(tables_.batch * tables_.batch), NAN);
    const winnow_call c = call(jobs);
    require_ok(winnow_ntk(plan(), &c, roles, kernel.data(), static_cast<int64_t>(kernel.size()), &error_), error_);
    return kernel;
  }

  std::vector<uint64_t> patterns(const std::vector<winnow_job>& jobs, int64_t samples, int64_t words, int64_t* units) {
    std::vector<uint64_t> bits(jobs.size() * static_cast<size_t>(samples * words));
    const winnow_call c = call(jobs);
    require_ok(winnow_patterns(plan(), &c, bits.data(), static_cast<int64_t>(bits.size()), units, &error_), error_);
    return bits;
  }

  std::vector<int64_t> regions(const std::vector<winnow_job>& jobs) {
    std::vector<int64_t> counts(jobs.size(), -1);
    const winnow_call c = call(jobs);
    require_ok(winnow_linear_regions(plan(), &c, counts.data(), static_cast<int64_t>(counts.size()), &error_), error_);
    return counts;
  }

  std::vector<int64_t> activation_kernel(const std::vector<winnow_job>& jobs, int64_t samples,
                                         const std::vector<int64_t>& multiplicities) {
    std::vector<int64_t> kernel(jobs.size() * static_cast<size_t>(samples * samples), -1);
    const winnow_call c = call(jobs);
    require_ok(winnow_activation_kernel(plan(), &c, multiplicities.empty() ? nullptr : multiplicities.data(),
                                        static_cast<int64_t>(multiplicities.size()), kernel.data(),
                                        static_cast<int64_t>(kernel.size()), &error_),
               error_);
    return kernel;
  }

  // Directions as the interface takes them; they outlive what it returns.
  winnow_directions directions(const Directions& given) {
    moves_.clear();
    moved_.clear();
    moving_images_.clear();
    for (const Parameters& parameters : given.parameters) moves_.push_back(set_of(parameters));
    for (const ParametersHandle& move : moves_) moved_.push_back(move.get());
    for (const std::vector<double>& input : given.inputs) moving_images_.push_back(images(input));
    winnow_directions d = {};
    d.size = sizeof d;
    d.parameters = moved_.data();
    d.parameters_count = static_cast<int64_t>(moved_.size());
    d.inputs = moving_images_.data();
    d.input_count = static_cast<int64_t>(moving_images_.size());
    d.parameters_of = given.parameters_of.empty() ? nullptr : given.parameters_of.data();
    d.input_of = given.input_of.empty() ? nullptr : given.input_of.data();
    d.roles = given.roles;
    return d;
  }

  // Logits and their tangents, [job][samples of the largest input][outputs]; NaN where nothing was written.
  std::pair<std::vector<double>, std::vector<double>> tangents(const std::vector<winnow_job>& jobs, const Directions& given) {
    int64_t samples = 0;
    for (const winnow_job& job : jobs) samples = std::max(samples, tables_.samples(job.input));
    std::vector<double> logits(jobs.size() * static_cast<size_t>(samples * tables_.outputs()), NAN), changes = logits;
    const winnow_call c = call(jobs);
    const winnow_directions d = directions(given);
    require_ok(
        winnow_forward_tangent(plan(), &c, &d, logits.data(), changes.data(), static_cast<int64_t>(changes.size()), &error_),
        error_);
    return {std::move(logits), std::move(changes)};
  }

  // Hessian-vector products by all parameters [job][count][parameters] and by the input [job][count][batch, c, h, w].
  std::pair<std::vector<double>, std::vector<double>> hessian(const std::vector<winnow_job>& jobs, const Directions& given,
                                                              const Cotangents& cotangent) {
    return copies(jobs, cotangent, [&](const winnow_call& c, const winnow_cotangents& entering, const auto& sinks) {
      const winnow_directions d = directions(given);
      return winnow_backward_tangent(plan(), &c, &d, &entering, sinks, 2, &error_);
    });
  }

  winnow_plan* plan() { return plan_.get(); }
  winnow_device* device() { return device_.get(); }
  winnow_network* network() { return network_.get(); }

 private:
  ParametersHandle set_of(const Parameters& values) {
    winnow_parameters* parameters = nullptr;
    require_ok(winnow_parameters_create(network(), &parameters, &error_), error_);
    for (int64_t i = 0; i < static_cast<int64_t>(tables_.network->tensors().size()); ++i) {
      const std::vector<double> tensor = values.values(i).copy();
      require_ok(winnow_parameters_set(parameters, i, tensor.data(), static_cast<int64_t>(tensor.size()), &error_), error_);
    }
    return ParametersHandle(parameters);
  }

  winnow_images images(const std::vector<double>& values) const {
    const Shape& shape = tables_.network->nodes()[0].shape;
    return {values.data(),
            static_cast<int64_t>(values.size()) / shape.elements(),
            shape.channels,
            shape.height,
            shape.width,
            WINNOW_F64,
            0};
  }

  const Tables& tables_;
  winnow_error error_ = {};
  DeviceHandle device_;
  NetworkHandle network_;
  std::vector<ParametersHandle> owned_parameters_;
  std::vector<winnow_parameters*> parameters_, moved_;
  std::vector<ParametersHandle> moves_;
  PlanHandle plan_;
  std::vector<winnow_images> images_, moving_images_;
  std::vector<int32_t> states_;
  std::vector<double> coefficients_;
};

inline double largest_of(const double* values, int64_t count) {
  double most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

// The cotangents of a kind, from the reference's own logits.
template <typename T>
std::vector<std::vector<T>> expand(const Tables& t, const winnow_job& job, const Cotangents& given,
                                   const std::vector<T>& logits) {
  using std::exp;
  const int64_t outputs = t.outputs();
  std::vector<std::vector<T>> all(static_cast<size_t>(given.count), std::vector<T>(logits.size()));
  for (int64_t l = 0; l < given.count; ++l) {
    for (int64_t n = 0; n < t.batch; ++n) {
      const T* row = logits.data() + n * outputs;
      const T most = *std::max_element(row, row + outputs);
      T total = 0;
      for (int64_t k = 0; k < outputs; ++k) total += exp(row[k] - most);
      for (int64_t k = 0; k < outputs; ++k) {
        const auto i = static_cast<size_t>(n * outputs + k);
        const T hot = t.targets[static_cast<size_t>(job.target * t.batch + n)] == k ? T{1} : T{0};
        const T residual = exp(row[k] - most) / total - hot;
        T& value = all[static_cast<size_t>(l)][i];
        switch (given.kind) {
          case WINNOW_COTANGENT_ONES_ON_ROW:
            value = n == l ? T{1} : T{0};
            break;
          case WINNOW_COTANGENT_ONES:
            value = 1;
            break;
          case WINNOW_COTANGENT_CROSS_ENTROPY:
            value = residual / static_cast<T>(t.batch);
            break;
          case WINNOW_COTANGENT_CROSS_ENTROPY_ROWS:
            value = n == l ? residual : T{0};
            break;
          default:
            value = given.values[static_cast<size_t>(l) * logits.size() + i];
        }
      }
    }
  }
  return all;
}

// Every kind that enters at the output.
inline std::vector<Cotangents> all_kinds(const Tables& t, Draws& draws) {
  std::vector<double> given(static_cast<size_t>(3 * t.batch * t.outputs()));
  for (double& value : given) value = draws.normal();
  return {{WINNOW_COTANGENT_ONES_ON_ROW, t.batch, {}},
          {WINNOW_COTANGENT_ONES, 1, {}},
          {WINNOW_COTANGENT_GIVEN, 3, given},
          {WINNOW_COTANGENT_CROSS_ENTROPY, 1, {}},
          {WINNOW_COTANGENT_CROSS_ENTROPY_ROWS, t.batch, {}}};
}

template <typename Value>
void check_same_bits(const std::vector<Value>& actual, const std::vector<Value>& expected, const std::string& what) {
  check(actual.size() == expected.size() && std::memcmp(actual.data(), expected.data(), expected.size() * sizeof(Value)) == 0,
        __FILE__, __LINE__, what + " differs");
}

}  // namespace winnow::test
