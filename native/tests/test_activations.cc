// What is read of activations and of their gradients, beside plain loops in double over the reference network's values.
#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "check.h"
#include "cpu_variants.h"
#include "machine_device.h"
#include "machine_under_test.h"
#include "plan/plan.h"
#include "runtime/device.h"
#include "test_networks.h"
#include "winnow/random.h"
#include "winnow/scores.h"

using namespace winnow;
using namespace winnow::test;

namespace {

std::shared_ptr<const Device> device_of(const std::string& variant, int64_t threads) {
  if (variant == kMachine) return machine_device(MachineUnderTest::get().table());
  return open_device({sizeof(winnow_device_options), WINNOW_CPU, 0, threads, variant.c_str(), 0, nullptr});
}

// A network, two rows and parameter sets of it, and labelled images; job j has row j and set j of them.
struct Case {
  std::shared_ptr<const Network> network;
  int64_t batch;
  winnow_norm_mode mode;
  std::vector<ReferenceRow> rows;
  std::vector<Parameters> parameters;
  std::vector<double> images;  // one batch, or two that share nothing
  std::vector<int64_t> labels;

  Case(std::shared_ptr<const Network> network_, int64_t batch_, winnow_norm_mode mode_, Draws& draws, int64_t batches = 1)
      : network(std::move(network_)), batch(batch_), mode(mode_) {
    for (int64_t k = 0; k < 2; ++k) {
      rows.push_back(random_row(draws, *network));
      parameters.push_back(random_parameters(draws, network));
    }
    images = random_images(draws, *network, batches * batch);
    const int64_t outputs = network->nodes()[static_cast<size_t>(network->output())].shape.elements();
    for (int64_t n = 0; n < batch; ++n) labels.push_back(draws.integer(0, outputs - 1));
  }

  ReferenceNetwork<double> reference(size_t job, int64_t index = 0) const {
    ReferenceNetwork<double> reference(*network, parameters[job], rows[job],
                                       std::vector<int32_t>(network->nodes().size(), mode), batch);
    const int64_t size = batch * network->nodes()[0].shape.elements();
    reference.forward({images.begin() + index * size, images.begin() + (index + 1) * size});
    return reference;
  }
};

// A plan of a case's network, and its jobs as a call.
class Native {
 public:
  Native(const Case& c, const std::string& variant, winnow_dtype dtype, int64_t threads) : case_(c) {
    winnow_plan_options options = {};
    options.size = sizeof options;
    options.batch = c.batch;
    options.dtype = dtype;
    plan = {Plan::create(device_of(variant, threads), c.network, options)};
    const Shape& shape = c.network->nodes()[0].shape;
    input_ = {c.images.data(),
              static_cast<int64_t>(c.images.size()) / shape.elements(),
              shape.channels,
              shape.height,
              shape.width,
              WINNOW_F64,
              0};
    for (size_t j = 0; j < c.rows.size(); ++j) {
      const auto at = static_cast<int64_t>(j);
      jobs_.push_back({at, at, 0, 0, at});
      streams_.push_back({7, static_cast<uint64_t>(at)});
      coefficients_.insert(coefficients_.end(), c.rows[j].coefficients.begin(), c.rows[j].coefficients.end());
      states_.insert(states_.end(), c.rows[j].states.begin(), c.rows[j].states.end());
      owned_.push_back(std::make_unique<winnow_parameters>(winnow_parameters{c.parameters[j]}));
      sets_.push_back(owned_.back().get());
    }
    call.size = sizeof call;
    call.jobs = jobs_.data(), call.job_count = static_cast<int64_t>(jobs_.size());
    call.coefficients = coefficients_.data(), call.states = states_.data();
    call.row_count = static_cast<int64_t>(jobs_.size());
    call.parameters = sets_.data(), call.parameters_count = static_cast<int64_t>(sets_.size());
    call.inputs = &input_, call.input_count = 1;
    call.streams = streams_.data(), call.stream_count = static_cast<int64_t>(streams_.size());
    call.targets = c.labels.data(), call.target_count = 1;
    call.norm_mode = c.mode;
  }

  // Takes the jobs' streams.
  void silence() {
    for (winnow_job& job : jobs_) job.stream = -1;
  }

  // [job][cotangent][channels of the layers whose weights have the roles]
  std::vector<double> saliencies(winnow_cotangent_kind kind, uint32_t roles) {
    int64_t channels = 0;
    for (const Tensor& tensor : case_.network->tensors()) {
      if (tensor.of_layer() && (roles >> tensor.role & 1u) != 0) channels += tensor.shape[0];
    }
    winnow_cotangents cotangents = {};
    cotangents.size = sizeof cotangents;
    cotangents.kind = kind;
    cotangents.node = cotangents.stop = -1;
    cotangents.count = kind == WINNOW_COTANGENT_CROSS_ENTROPY ? 1 : case_.batch;
    std::vector<double> values(static_cast<size_t>(call.job_count * cotangents.count * channels) + 1, NAN);
    const winnow_gradient_sink sink = {WINNOW_SINK_FISHER, roles, values.data(), static_cast<int64_t>(values.size()) - 1};
    winnow_error error = {};
    if (winnow_backward(&plan, &call, &cotangents, &sink, 1, &error) != WINNOW_OK) note(error.text);
    values.pop_back();
    return values;
  }

  // [job][batch][taps], taps the values after every node, in order.
  std::vector<double> read(winnow_activation_kind kind) {
    std::vector<winnow_tap> taps;
    int64_t each = 0;
    for (size_t n = 0; n < case_.network->nodes().size(); ++n) {
      const Shape& shape = case_.network->nodes()[n].shape;
      taps.push_back({static_cast<int64_t>(n), WINNOW_TAP_AFTER, 1});
      each += kind == WINNOW_ACTIVATION_COPY      ? case_.batch * shape.elements()
              : kind == WINNOW_ACTIVATION_MOMENTS ? 2 * shape.channels
              : kind == WINNOW_ACTIVATION_ROWS
                  ? std::min(case_.batch * shape.height * shape.width, shape.channels) * shape.channels
                  : shape.channels * (shape.channels + 1);
    }
    std::vector<double> values(static_cast<size_t>(call.job_count * input_.samples / case_.batch * each), NAN);
    const winnow_activation_sink sink = {
        kind, 0, taps.data(), static_cast<int64_t>(taps.size()), values.data(), static_cast<int64_t>(values.size())};
    winnow_error error = {};
    if (winnow_activations(&plan, &call, &sink, 1, &error) != WINNOW_OK) note(error.text);
    return values;
  }

  // [job][each]; empty, with the text in `refused`, where the call is.
  std::vector<double> block_products(const std::vector<int64_t>& features, int64_t each, std::string* refused = nullptr) {
    std::vector<double> products(static_cast<size_t>(call.job_count * each), -1);
    winnow_error error = {};
    if (winnow_block_products(&plan, &call, features.data(), static_cast<int64_t>(features.size()), products.data(),
                              static_cast<int64_t>(products.size()), &error) == WINNOW_OK) {
      return products;
    }
    refused == nullptr ? note(error.text) : void(*refused = error.text);
    return {};
  }

  // Of each job: distinct answers of the units, WINNOW_COUNTS counts, distinct answers of the units of every ReLU.
  std::vector<std::vector<int64_t>> unit_patterns() {
    const size_t jobs = case_.rows.size(), taps = plan.plan->taps().size();
    std::vector<int64_t> distinct(jobs, -1), counts(jobs * WINNOW_COUNTS, -1), by_tap(jobs * taps + 1, -1);
    winnow_readings readings = {};
    readings.size = sizeof readings;
    readings.unit_patterns = distinct.data(), readings.unit_patterns_capacity = static_cast<int64_t>(distinct.size());
    readings.pattern_counts = counts.data(), readings.pattern_counts_capacity = static_cast<int64_t>(counts.size());
    readings.tap_patterns = by_tap.data(), readings.tap_patterns_capacity = static_cast<int64_t>(jobs * taps);
    winnow_error error = {};
    if (winnow_read(&plan, &call, &readings, &error) != WINNOW_OK) note(error.text);
    std::vector<std::vector<int64_t>> found;
    for (size_t j = 0; j < jobs; ++j) {
      std::vector<int64_t>& own = found.emplace_back(1, distinct[j]);
      own.insert(own.end(), counts.begin() + static_cast<int64_t>(j * WINNOW_COUNTS),
                 counts.begin() + static_cast<int64_t>((j + 1) * WINNOW_COUNTS));
      own.insert(own.end(), by_tap.begin() + static_cast<int64_t>(j * taps),
                 by_tap.begin() + static_cast<int64_t>((j + 1) * taps));
    }
    return found;
  }

  winnow_plan plan;
  winnow_call call = {};

 private:
  const Case& case_;
  winnow_images input_ = {};
  std::vector<winnow_job> jobs_;
  std::vector<winnow_random_stream> streams_;
  std::vector<double> coefficients_;
  std::vector<int32_t> states_;
  std::vector<std::unique_ptr<winnow_parameters>> owned_;
  std::vector<winnow_parameters*> sets_;
};

bool runs_backward(winnow_operation operation) {
  return operation != WINNOW_NOISE && winnow_supports(operation, WINNOW_PASS_BACKWARD, WINNOW_F64, WINNOW_CPU) == 1;
}

// Gradient of each sample's cross-entropy by the logits, all samples or one: [batch][outputs], scaled.
std::vector<double> residuals(const Case& c, const std::vector<double>& logits, int64_t only, double scale) {
  std::vector<double> all(logits.size());
  const auto outputs = static_cast<int64_t>(logits.size()) / c.batch;
  for (int64_t n = 0; n < c.batch; ++n) {
    if (only >= 0 && n != only) continue;
    const double* z = logits.data() + n * outputs;
    const double most = *std::max_element(z, z + outputs);
    double total = 0;
    for (int64_t k = 0; k < outputs; ++k) total += std::exp(z[k] - most);
    for (int64_t k = 0; k < outputs; ++k) {
      all[static_cast<size_t>(n * outputs + k)] =
          scale * (std::exp(z[k] - most) / total - (k == c.labels[static_cast<size_t>(n)] ? 1 : 0));
    }
  }
  return all;
}

struct Bounded {
  double value, bound;
};

// The saliencies of one cotangent, and how far roundings of `relative` may move them: a delta is a difference of numbers as large as
// the gradients elsewhere, as in test_plan.cc.
std::vector<Bounded> plain_saliencies(const Case& c, const ReferenceNetwork<double>& reference,
                                      const std::vector<double>& cotangent, uint32_t roles, double relative) {
  const ReferenceGradients<double> gradients = reference.backward(cotangent);
  double largest = 0;
  for (const auto& tensor : gradients.tensors) {
    for (const double g : tensor) largest = std::max(largest, std::fabs(g));
  }
  for (const auto& value : gradients.values) {
    for (const double g : value) largest = std::max(largest, std::fabs(g));
  }
  std::vector<Bounded> saliencies;
  for (const Tensor& tensor : c.network->tensors()) {
    if (!tensor.of_layer() || (roles >> tensor.role & 1u) == 0) continue;
    const Shape& shape = c.network->nodes()[static_cast<size_t>(tensor.node)].shape;
    const std::vector<double>&a = reference.value(tensor.node), &delta = gradients.values[static_cast<size_t>(tensor.node)];
    const int64_t pixels = shape.height * shape.width;
    for (int64_t channel = 0; channel < shape.channels; ++channel) {
      Bounded sum = {0, 0};
      for (int64_t n = 0; reference.exists(tensor.node) && n < c.batch; ++n) {
        double product = 0, off = 0;
        for (int64_t i = 0; i < pixels; ++i) {
          const auto at = static_cast<size_t>((n * shape.channels + channel) * pixels + i);
          product += a[at] * delta[at];
          off += std::fabs(a[at]) * relative * (std::fabs(delta[at]) + largest);
        }
        sum.value += product * product;
        sum.bound += off * (2 * std::fabs(product) + off);
      }
      saliencies.push_back({sum.value / static_cast<double>(2 * c.batch), sum.bound / static_cast<double>(2 * c.batch)});
    }
  }
  return saliencies;
}

constexpr uint32_t kLayers = 1u << WINNOW_CONVOLUTION_WEIGHT | 1u << WINNOW_LINEAR_WEIGHT;

}  // namespace

// Every operation, geometry and norm mode; a float32 plan goes forward in double for the cotangents of rows, so that signs agree.
TEST(saliencies_of_random_networks) {
  const int64_t batches[] = {2, 7, 16, 17};
  int64_t compared = 0, seen = 0;
  for (uint64_t k = 0; k < networks_of(40); ++k) {
    Draws draws(seed(), 900 + k);
    const Case c(random_network(draws, runs_backward).network(), batches[k % 4], static_cast<winnow_norm_mode>(k % 3), draws);
    const uint32_t roles = k % 5 == 4 ? 1u << WINNOW_CONVOLUTION_WEIGHT : kLayers;
    for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
      const double relative = dtype == WINNOW_F64 ? 1e-10 : 1e-5;
      for (const winnow_cotangent_kind kind : {WINNOW_COTANGENT_CROSS_ENTROPY, WINNOW_COTANGENT_CROSS_ENTROPY_ROWS}) {
        const bool rows = kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
        std::vector<Bounded> expected;
        std::vector<bool> comparable;
        for (size_t j = 0; j < c.rows.size(); ++j) {
          const ReferenceNetwork<double> reference = c.reference(j);
          const std::vector<double>& logits = reference.value(c.network->output());
          for (int64_t l = 0; l < (rows ? c.batch : 1); ++l) {
            const std::vector<double> cotangent =
                residuals(c, logits, rows ? l : -1, rows ? 1 : 1 / static_cast<double>(c.batch));
            for (const Bounded& one : plain_saliencies(c, reference, cotangent, roles, relative)) {
              expected.push_back(one);
              comparable.push_back((rows || dtype == WINNOW_F64) && reference.margin() >= 1e-11 && reference.steepness() <= 60);
            }
          }
        }
        std::vector<double> first;
        for (const std::string variant : cpu_variant_names()) {
          note("network " + std::to_string(k) + " " + variant + (dtype == WINNOW_F64 ? " f64" : " f32"));
          const std::vector<double> one = Native(c, variant, dtype, 1).saliencies(kind, roles);
          CHECK_EQUAL(one.size(), expected.size());
          for (size_t i = 0; i < expected.size(); ++i) {
            ++seen;
            if (!comparable[i]) continue;
            ++compared;
            CHECK_NEAR(one[i], expected[i].value, expected[i].bound);
          }
          const std::vector<double> many = Native(c, variant, dtype, 3).saliencies(kind, roles);
          CHECK(one.size() == many.size() && std::memcmp(one.data(), many.data(), one.size() * sizeof(double)) == 0);
        }
      }
    }
  }
  std::printf("saliencies: %lld of %lld compared\n", static_cast<long long>(compared), static_cast<long long>(seen));
  CHECK(compared * 2 > seen);
}

// One 1x1 convolution and nothing else: logits are z_k = w_k x, so that a delta of channel k is w_k x (softmax_k - hot_k) / n.
TEST(saliency_of_a_linear_network) {
  NetworkBuilder b({1, 1, 1});
  b.convolution("layer", 0, 2, 1, 1, 0);
  Draws draws(seed(), 990);
  const Case c(b.network(), 3, WINNOW_NORM_BATCH, draws);
  const std::vector<double> actual = Native(c, "portable", WINNOW_F64, 1).saliencies(WINNOW_COTANGENT_CROSS_ENTROPY, kLayers);
  for (size_t j = 0; j < 2; ++j) {
    const std::vector<double> w = c.parameters[j].values(0).copy();
    for (size_t channel = 0; channel < 2; ++channel) {
      double sum = 0;
      for (size_t n = 0; n < 3; ++n) {
        const double x = c.images[n], share = 1 / (1 + std::exp((w[1 - channel] - w[channel]) * x));
        const double hot = c.labels[n] == static_cast<int64_t>(channel) ? 1 : 0;
        sum += std::pow(w[channel] * x * (share - hot) / 3, 2);
      }
      CHECK_NEAR(actual[j * 2 + channel], sum / 6, 1e-14);
    }
  }
}

namespace {

bool runs_forward(winnow_operation operation) {
  return operation != WINNOW_NOISE && winnow_supports(operation, WINNOW_PASS_FORWARD, WINNOW_F64, WINNOW_CPU) == 1;
}

// What a sink of `kind` holds of one batch's values, by its definition; empty for a node that the row does not have.
std::vector<double> reduced(const std::vector<double>& value, const Shape& shape, int64_t batch, winnow_activation_kind kind) {
  const int64_t channels = shape.channels, pixels = shape.height * shape.width;
  if (kind == WINNOW_ACTIVATION_COPY) {
    return value.empty() ? std::vector<double>(static_cast<size_t>(batch * shape.elements())) : value;
  }
  const int64_t size = kind == WINNOW_ACTIVATION_MOMENTS ? 2 * channels : channels * (channels + 1);
  std::vector<double> sums(static_cast<size_t>(size));
  const auto at = [&](int64_t n, int64_t c, int64_t i) { return value[static_cast<size_t>((n * channels + c) * pixels + i)]; };
  for (int64_t n = 0; !value.empty() && n < batch; ++n) {
    for (int64_t i = 0; i < pixels; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        sums[static_cast<size_t>(c)] += at(n, c, i);
        if (kind == WINNOW_ACTIVATION_MOMENTS) sums[static_cast<size_t>(channels + c)] += at(n, c, i) * at(n, c, i);
        for (int64_t d = 0; kind == WINNOW_ACTIVATION_GRAM && d < channels; ++d) {
          sums[static_cast<size_t>(channels + c * channels + d)] += at(n, c, i) * at(n, d, i);
        }
      }
    }
  }
  return sums;
}

}  // namespace

namespace {

// The same of ROWS, of which job `job` draws where they begin: every position of the matrix in its order, and then those wanted.
std::vector<double> drawn_rows(const std::vector<double>& value, const Node& node, int64_t batch, uint64_t job) {
  const Shape& shape = node.shape;
  std::vector<std::vector<double>> matrix;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t x = 0; x < shape.width; ++x) {
      for (int64_t y = 0; y < shape.height; ++y) {
        std::vector<double>& row = matrix.emplace_back();
        for (int64_t c = 0; c < shape.channels; ++c) {
          const auto at = static_cast<size_t>(((n * shape.channels + c) * shape.height + y) * shape.width + x);
          row.push_back(value.empty() ? 0 : value[at]);
        }
      }
    }
  }
  const auto all = static_cast<int64_t>(matrix.size()), wanted = std::min(all, shape.channels);
  uint64_t bits = 0;
  const uint64_t stream = winnow_random_substream(winnow_random_substream(job, "rows"), node.name.c_str());
  winnow_random_bits(7, stream, 0, 1, &bits, nullptr);
  int64_t starts = 0;  // how many multiples of the width leave enough rows behind them
  while (starts * shape.width + wanted <= all) ++starts;
  const int64_t first = static_cast<int64_t>(bits % static_cast<uint64_t>(starts)) * shape.width;
  std::vector<double> rows;
  for (int64_t r = first; r < first + wanted; ++r) {
    rows.insert(rows.end(), matrix[static_cast<size_t>(r)].begin(), matrix[static_cast<size_t>(r)].end());
  }
  return rows;
}

}  // namespace

// Every node of random networks, two batches, rows that skip operations and rows that block them.
TEST(activations_of_random_networks) {
  const int64_t batches[] = {2, 7, 16, 17};
  for (uint64_t k = 0; k < networks_of(16); ++k) {
    Draws draws(seed(), 1000 + k);
    Case c(random_network(draws, runs_forward).network(), batches[k % 4], static_cast<winnow_norm_mode>(k % 3), draws, 2);
    for (size_t i = 0; i < c.rows[1].states.size(); i += 2) c.rows[1].states[i] = WINNOW_BLOCK;
    for (const winnow_activation_kind kind :
         {WINNOW_ACTIVATION_COPY, WINNOW_ACTIVATION_MOMENTS, WINNOW_ACTIVATION_GRAM, WINNOW_ACTIVATION_ROWS}) {
      std::vector<double> expected, bounds;
      for (size_t j = 0; j < 2; ++j) {
        for (int64_t batch = 0; batch < 2; ++batch) {
          const ReferenceNetwork<double> reference = c.reference(j, batch);
          double most = 1;  // of the network's values: what a norm divides may be a small difference of large ones
          for (size_t n = 0; n < c.network->nodes().size(); ++n) {
            for (const double x : reference.value(static_cast<int64_t>(n))) most = std::max(most, std::fabs(x));
          }
          for (size_t n = 0; n < c.network->nodes().size(); ++n) {
            const Shape& shape = c.network->nodes()[n].shape;
            const bool there = reference.exists(static_cast<int64_t>(n));
            const std::vector<double> value = there ? reference.value(static_cast<int64_t>(n)) : std::vector<double>();
            const bool copied = kind == WINNOW_ACTIVATION_COPY || kind == WINNOW_ACTIVATION_ROWS;
            const std::vector<double> sums = kind == WINNOW_ACTIVATION_ROWS
                                                 ? drawn_rows(value, c.network->nodes()[n], c.batch, j)
                                                 : reduced(value, shape, c.batch, kind);
            const double terms = static_cast<double>(c.batch * shape.height * shape.width);
            const double scale = copied ? most : terms * most * most;
            expected.insert(expected.end(), sums.begin(), sums.end());
            bounds.resize(expected.size(), !there ? 0 : reference.steepness() > 60 ? INFINITY : scale);
          }
        }
      }
      for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
        std::vector<const char*> devices = cpu_variant_names();
        devices.push_back(kMachine);
        for (const std::string variant : devices) {
          note("network " + std::to_string(k) + " kind " + std::to_string(kind) + " " + variant +
               (dtype == WINNOW_F64 ? " f64" : " f32"));
          const std::vector<double> one = Native(c, variant, dtype, 1).read(kind);
          CHECK_EQUAL(one.size(), expected.size());
          for (size_t i = 0; i < expected.size(); ++i) {
            CHECK_NEAR(one[i], expected[i], bounds[i] * (dtype == WINNOW_F64 ? 1e-12 : 1e-4));
          }
          const std::vector<double> many = Native(c, variant, dtype, 3).read(kind);
          CHECK(one.size() == many.size() && std::memcmp(one.data(), many.data(), one.size() * sizeof(double)) == 0);
        }
      }
    }
  }
}

// Answers of the units, counted from the reference's values; in double, signs are the reference's but for a unit at 0.
TEST(unit_patterns_of_random_networks) {
  int64_t compared = 0;
  for (uint64_t k = 0; k < networks_of(40); ++k) {
    Draws draws(seed(), 1100 + k);
    const int64_t batch = k % 4 == 3 ? 70 : 2 + static_cast<int64_t>(k % 4) * 3;
    Case c(random_network(draws, runs_forward).network(), batch, static_cast<winnow_norm_mode>(k % 3), draws);
    for (size_t i = 0; k % 2 == 1 && i < c.rows[1].states.size(); i += 2) c.rows[1].states[i] = WINNOW_BLOCK;
    std::vector<std::vector<int64_t>> expected;
    for (size_t j = 0; j < 2; ++j) {
      const ReferenceNetwork<double> reference = c.reference(j);
      std::set<std::vector<bool>> all;
      std::vector<std::vector<bool>> rows(static_cast<size_t>(batch));
      int64_t constant = 0, active = 0;
      std::vector<int64_t> by_tap;
      for (size_t n = 0; n < c.network->nodes().size(); ++n) {
        const Node& node = c.network->nodes()[n];
        const auto index = static_cast<int64_t>(n);
        if (node.operation != WINNOW_RELU) continue;
        std::set<std::vector<bool>> own;
        const int64_t units = reference.exists(index) || reference.counts(index) ? node.shape.elements() : 0;
        for (int64_t u = 0; u < units; ++u) {
          std::vector<bool> column(static_cast<size_t>(batch));
          for (int64_t s = 0; reference.exists(index) && s < batch; ++s) {
            column[static_cast<size_t>(s)] = reference.value(index)[static_cast<size_t>(s * units + u)] > 0;
            rows[static_cast<size_t>(s)].push_back(column[static_cast<size_t>(s)]);
          }
          const int64_t on = std::count(column.begin(), column.end(), true);
          constant += on == 0 || on == batch;
          active += on;
          own.insert(column);
        }
        by_tap.push_back(static_cast<int64_t>(own.size()));
        all.insert(own.begin(), own.end());
      }
      int64_t largest = 0;
      for (const auto& row : rows) largest = std::max<int64_t>(largest, std::count(rows.begin(), rows.end(), row));
      std::vector<int64_t>& numbers = expected.emplace_back();
      if (reference.margin() < 1e-11) continue;
      numbers = {static_cast<int64_t>(all.size()), largest, constant, active};
      numbers.insert(numbers.end(), by_tap.begin(), by_tap.end());
    }
    for (const std::string variant : cpu_variant_names()) {
      note("network " + std::to_string(k) + " " + variant);
      const std::vector<std::vector<int64_t>> one = Native(c, variant, WINNOW_F64, 1).unit_patterns();
      for (size_t j = 0; j < 2; ++j) {
        if (expected[j].empty()) continue;
        ++compared;
        CHECK(one[j] == expected[j]);
      }
      CHECK(one == Native(c, variant, WINNOW_F64, 3).unit_patterns());
    }
  }
  CHECK(compared > networks_of(40));
}

TEST(activation_sinks_are_checked) {
  NetworkBuilder b({1, 2, 2});
  const int64_t conv = b.convolution("conv", 0, 2, 1, 1, 0);
  b.weighted_sum("sum", {conv, conv}, {-1, -1});
  Draws draws(seed(), 1200);
  const Case c(b.network(), 2, WINNOW_NORM_BATCH, draws);
  Native native(c, "portable", WINNOW_F64, 1);
  std::vector<double> values(100);
  const auto expect = [&](const winnow_tap& tap, int32_t kind, int64_t capacity, const char* text) {
    const winnow_activation_sink sink = {kind, 0, &tap, 1, values.data(), capacity};
    winnow_error error = {};
    CHECK_EQUAL(winnow_activations(&native.plan, &native.call, &sink, 1, &error), WINNOW_INVALID);
    CHECK_CONTAINS(std::string(error.text), text);
  };
  expect({3, WINNOW_TAP_AFTER, 1}, 0, 100, "sink 0 tap 0 node must be in [0, 2] but was 3");
  expect({2, WINNOW_TAP_BEFORE, 1}, 0, 100, "node sum has 2 inputs");
  expect({1, 2, 1}, 0, 100, "side must be 0 (before) or 1 (after) but was 2");
  expect({1, WINNOW_TAP_AFTER, 1}, 4, 100, "kind must be in [0, 3] but was 4");
  expect({1, WINNOW_TAP_AFTER, 1}, 0, 31, "activation sink values needs 2 x 1 x 16 elements but has 31");
  native.silence();
  expect({1, WINNOW_TAP_AFTER, 1}, 3, 100, "job 0 needs a stream that rows are drawn from");
}

namespace {

// Random signs [n][c][h][w] of a node, as the header says.
std::vector<double> signs_of(uint64_t job, const Node& node, int64_t batch) {
  const uint64_t stream = winnow_random_substream(winnow_random_substream(job, "rademacher"), node.name.c_str());
  const int64_t count = batch * node.shape.elements();
  std::vector<uint64_t> bits(static_cast<size_t>((count + 63) / 64));
  winnow_random_bits(7, stream, 0, static_cast<int64_t>(bits.size()), bits.data(), nullptr);
  std::vector<double> signs;
  for (int64_t e = 0; e < count; ++e) signs.push_back((bits[static_cast<size_t>(e / 64)] >> (e % 64) & 1u) != 0 ? 1 : -1);
  return signs;
}

}  // namespace

// Blocks whose Jacobians are known. A convolution of one tap sends back the transpose of its weights times the signs; an average of
// four pixels a quarter of the sign to each, which are channels of their own in the product; a pool of one pixel the signs.
TEST(block_products_of_linear_blocks) {
  constexpr int64_t kChannels = 3, kSide = 4;
  NetworkBuilder b({2, kSide, kSide});
  const int64_t stem = b.convolution("stem", 0, kChannels, 1, 1, 0);
  const int64_t mix = b.convolution("mix", stem, kChannels, 1, 1, 0);
  const int64_t half = b.average_pool("half", mix, {{2, 2}, {2, 2}, {0, 0}, true});
  const int64_t same = b.max_pool("same", half, {{1, 1}, {1, 1}, {0, 0}, true});
  b.convolution("output", same, 2, 1, 1, 0);
  const std::vector<int64_t> features = {stem, mix, half, same};
  constexpr int64_t kMix = 1 + kChannels * kChannels, kHalf = 1 + 4 * kChannels * kChannels, kEach = 2 * kMix + kHalf;
  for (const int64_t batch : {int64_t{2}, int64_t{17}}) {
    Draws draws(seed(), 1300 + static_cast<uint64_t>(batch));
    const Case c(b.network(), batch, WINNOW_NORM_BATCH, draws);
    const auto& nodes = c.network->nodes();
    std::vector<double> expected;
    for (uint64_t job = 0; job < c.rows.size(); ++job) {
      const std::vector<double> weights = c.parameters[job].values(1).copy();  // of mix, [out][in]
      for (const int64_t node : {mix, half, same}) {
        const Shape& shape = nodes[static_cast<size_t>(node)].shape;
        const std::vector<double> r = signs_of(job, nodes[static_cast<size_t>(node)], batch);
        const int64_t pixels = shape.height * shape.width;
        const auto sign = [&](int64_t n, int64_t k, int64_t i) {
          return r[static_cast<size_t>((n * kChannels + k) * pixels + i)];
        };
        double difference = node == half ? INFINITY : 0;
        std::vector<double> product;
        for (int64_t row = 0; row < (node == half ? 4 : 1) * kChannels; ++row) {
          for (int64_t k = 0; k < kChannels; ++k) {
            double sum = 0;
            for (int64_t n = 0; n < batch; ++n) {
              for (int64_t i = 0; i < pixels; ++i) {
                double g = node == half ? sign(n, row / 4, i) / 4 : node == same ? sign(n, row, i) : 0;
                for (int64_t o = 0; node == mix && o < kChannels; ++o) {
                  g += weights[static_cast<size_t>(o * kChannels + row)] * sign(n, o, i);
                }
                if (node == mix) difference = std::max(difference, std::fabs(g - sign(n, row, i)));
                sum += g * sign(n, k, i);
              }
            }
            product.push_back(sum);
          }
        }
        expected.push_back(difference);
        expected.insert(expected.end(), product.begin(), product.end());
      }
    }
    for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
      for (const std::string variant : cpu_variant_names()) {
        note("batch " + std::to_string(batch) + " " + variant + (dtype == WINNOW_F64 ? " f64" : " f32"));
        const std::vector<double> one = Native(c, variant, dtype, 1).block_products(features, kEach);
        CHECK_EQUAL(one.size(), expected.size());
        for (size_t i = 0; i < one.size(); ++i) {
          if (std::isinf(expected[i])) {
            CHECK_EQUAL(one[i], expected[i]);
          } else {  // sums of batch * 16 terms of at most 3 weights each
            CHECK_NEAR(one[i], expected[i], static_cast<double>(batch) * 16 * 3 * (dtype == WINNOW_F64 ? 1e-15 : 1e-6));
          }
        }
        const std::vector<double> many = Native(c, variant, dtype, 3).block_products(features, kEach);
        CHECK(one.size() == many.size() && std::memcmp(one.data(), many.data(), one.size() * sizeof(double)) == 0);
      }
    }
  }
}

// Equal operations are one value, but signs are those of the node that was asked for.
TEST(block_products_of_equal_features) {
  constexpr int64_t kChannels = 2, kEach = 1 + kChannels * kChannels;
  NetworkBuilder b({2, 3, 4});
  const int64_t stem = b.convolution("stem", 0, kChannels, 1, 1, 0);
  const std::vector<int64_t> equal = {b.relu("first", stem), b.relu("second", stem)};
  b.convolution("output", b.weighted_sum("sum", equal, {-1, -1}), 2, 1, 1, 0);
  Draws draws(seed(), 1400);
  const Case c(b.network(), 3, WINNOW_NORM_BATCH, draws);
  Native native(c, "portable", WINNOW_F64, 1);
  for (const int64_t relu : equal) {
    const Node& node = c.network->nodes()[static_cast<size_t>(relu)];
    note(node.name);
    const std::vector<double> products = native.block_products({stem, relu}, kEach);
    CHECK_EQUAL(products.size(), c.rows.size() * kEach);
    for (uint64_t job = 0; job < c.rows.size(); ++job) {
      const std::vector<double> r = signs_of(job, node, c.batch), value = c.reference(job).value(relu);
      const int64_t pixels = node.shape.height * node.shape.width;
      for (int64_t row = 0; row < kChannels; ++row) {
        for (int64_t k = 0; k < kChannels; ++k) {
          double sum = 0;
          for (int64_t n = 0; n < c.batch; ++n) {
            for (int64_t i = 0; i < pixels; ++i) {
              const auto from = static_cast<size_t>((n * kChannels + row) * pixels + i);
              const auto to = static_cast<size_t>((n * kChannels + k) * pixels + i);
              if (value[from] > 0) sum += r[from] * r[to];
            }
          }
          CHECK_EQUAL(products[static_cast<size_t>(static_cast<int64_t>(job) * kEach + 1 + row * kChannels + k)], sum);
        }
      }
    }
  }
}

TEST(block_products_are_checked) {
  NetworkBuilder b({2, 4, 4});
  const int64_t stem = b.convolution("stem", 0, 2, 1, 1, 0);
  const int64_t mix = b.convolution("mix", stem, 2, 1, 1, 0);
  const int64_t past = b.weighted_sum("past", {mix, stem}, {-1, -1});
  Draws draws(seed(), 1400);
  const Case c(b.network(), 2, WINNOW_NORM_BATCH, draws);
  Native native(c, "portable", WINNOW_F64, 1);
  const auto expect = [&](const std::vector<int64_t>& features, int64_t each, const char* text) {
    std::string refused;
    CHECK(native.block_products(features, each, &refused).empty());
    CHECK_CONTAINS(refused, text);
  };
  expect({stem}, 5, "features must be in [2, 4] but were 1");
  expect({stem, 4}, 5, "feature 1 must be a node in [0, 3] but was 4");
  expect({mix, stem}, 5, "feature 1 (stem) must come after feature 0 (mix)");
  expect({stem, mix, past}, 10, "node past reads past feature 1 (mix): the blocks must follow one another");
  expect({stem, past}, 4, "products needs 2 x 5 elements but has 8");
  native.silence();
  expect({stem, past}, 5, "job 0 needs a stream of random signs");
}
