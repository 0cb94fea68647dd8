// Descriptions nobody should write, and calls nobody should make, from a seed: whatever decodes gets parameters, a plan and every
// pass. Nothing may crash, hang or come to INTERNAL, and every refusal must say why. Buffers have exactly the sizes that are
// claimed, so the address sanitizer sees one element too many.
//
//   fuzz_network [--count N | --seconds S] [--seed K] [--first I]
//
// Case I of seed K is the same whatever ran before it: a failure prints the line that replays it.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "test_networks.h"
#include "winnow/winnow.h"

using namespace winnow;
using namespace winnow::test;

namespace {

char replay[128];  // of the case under way, also for the alarm

[[noreturn]] void fail(const std::string& text) {
  std::printf("%s\nreplay: %s\n", text.c_str(), replay);
  std::fflush(stdout);
  std::abort();
}

void on_alarm(int) {
  const char text[] = "a case hangs; replay: ";
  if (write(STDOUT_FILENO, text, sizeof text - 1) > 0 && write(STDOUT_FILENO, replay, std::strlen(replay)) > 0) {
  }
  _exit(1);
}

struct Tally {
  int64_t decoded = 0, planned = 0, calls = 0, calls_done = 0;
} tally;

// Any status but INTERNAL, with a text where it is not OK.
bool accept(winnow_status status, const winnow_error& error, const char* what) {
  if (status == WINNOW_OK) return true;
  if (status < WINNOW_OK || status >= WINNOW_DEVICE_FAILED)
    fail(std::string(what) + " came to " + winnow_status_name(status) + ": " + error.text);
  if (error.text[0] == '\0') fail(std::string(what) + " was refused without a word");
  return false;
}

int64_t odd_number(Draws& d) {
  const int64_t odd[] = {0,
                         1,
                         -1,
                         2,
                         7,
                         8,
                         16,
                         64,
                         1 << 20,
                         (1 << 20) + 1,
                         INT64_MAX,
                         INT64_MIN,
                         INT64_MAX / 8,
                         int64_t{1} << 32,
                         int64_t{1} << 40,
                         bits_of(1e-5),
                         bits_of(INFINITY),
                         bits_of(std::nan("")),
                         bits_of(1e300)};
  return d.chance(0.7) ? odd[d.integer(0, 18)] : static_cast<int64_t>(d.bits());
}

void mutate(Draws& d, std::vector<int64_t>& words) {
  const int64_t times = d.integer(0, 4);
  for (int64_t k = 0; k < times && !words.empty(); ++k) {
    const auto size = static_cast<int64_t>(words.size());
    const auto at = static_cast<size_t>(d.integer(0, size - 1)), other = static_cast<size_t>(d.integer(0, size - 1));
    switch (d.integer(0, 8)) {
      case 0:
        words[at] = odd_number(d);
        break;
      case 1:
        words[at] += d.chance(0.5) && words[at] < INT64_MAX ? 1 : words[at] > INT64_MIN ? -1 : 0;
        break;
      case 2:
        words[at] = static_cast<int64_t>(static_cast<uint64_t>(words[at]) ^ (uint64_t{1} << d.integer(0, 63)));
        break;
      case 3:
        std::swap(words[at], words[other]);
        break;
      case 4:
        words[at] = words[other];
        break;
      case 5:
        words.insert(words.begin() + static_cast<int64_t>(at), odd_number(d));
        break;
      case 6:
        words.erase(words.begin() + static_cast<int64_t>(at));
        break;
      case 7:
        words[at] = d.integer(0, 20);
        break;
      default:
        words.resize(at);
    }
  }
  // A header that tells the truth lets the rest be looked at.
  if (words.size() > 2 && d.chance(0.9)) words[2] = static_cast<int64_t>(words.size() * 8);
}

std::vector<int64_t> random_blob(Draws& d) {
  std::vector<int64_t> words;
  const int64_t kind = d.integer(0, 9);
  if (kind == 0) {
    for (int64_t k = d.integer(0, 40); k > 0; --k) words.push_back(odd_number(d));
    if (words.size() > 8 && d.chance(0.8)) {
      const int64_t header[] = {WINNOW_NETWORK_MAGIC, 1, 0, 2, 1, 0, 8, 0};
      std::copy(header, header + 8, words.begin());
    }
  } else if (kind == 1) {
    const NetworkBuilder b = nb201_supernet({d.integer(1, 3), 4, 4}, d.integer(1, 3), 1, d.integer(1, 2), d.chance(0.5), 3);
    words = b.blob(b.last());
  } else {
    const NetworkBuilder b = random_network(d, [](winnow_operation) { return true; });
    words = b.blob(d.chance(0.9) ? b.last() : d.integer(0, b.last()));
  }
  mutate(d, words);
  return words;
}

// What the calls are made of; each table may be wrong in one place.
class Calls {
 public:
  Calls(Draws& d, const winnow_network* network, const std::vector<winnow_device*>& devices) : d_(d), network_(network) {
    device_ = devices[static_cast<size_t>(d.integer(0, static_cast<int64_t>(devices.size()) - 1))];
  }
  ~Calls() {
    winnow_plan_destroy(plan_);
    winnow_parameters_destroy(parameters_);
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  void run() {
    if (!make_parameters() || !make_plan()) return;
    ++tally.planned;
    describe();
    for (int64_t k = d_.integer(1, 3); k > 0; --k) one_call();
  }

 private:
  bool rarely() { return d_.chance(0.03); }

  bool make_parameters() {
    winnow_error error = {};
    if (!accept(winnow_parameters_create(network_, &parameters_, &error), error, "parameters_create")) return false;
    std::vector<winnow_recipe> recipes;
    for (int32_t role = 0; role <= WINNOW_RUNNING_VARIANCE; ++role) {
      if (d_.chance(role < WINNOW_RUNNING_MEAN ? 0.02 : 0.8)) continue;
      const bool wild = rarely();
      winnow_recipe recipe = {role, static_cast<int32_t>(d_.integer(wild ? -1 : 0, wild ? 3 : 2)),
                              static_cast<int32_t>(d_.integer(wild ? -1 : 0, wild ? 3 : 2)), wild ? 1 : 0,
                              wild             ? std::nan("")
                              : d_.chance(0.1) ? 1e20
                                               : 1.0};
      if (role == WINNOW_RUNNING_VARIANCE && !wild) recipe.distribution = WINNOW_CONSTANT;
      recipes.push_back(recipe);
    }
    accept(
        winnow_parameters_fill(parameters_, nullptr, recipes.data(), static_cast<int64_t>(recipes.size()), d_.bits(), d_.bits(), &error),
        error, "parameters_fill");
    const int64_t tensor = d_.integer(-1, winnow_network_tensor_count(network_));
    std::vector<double> values(static_cast<size_t>(d_.integer(1, 20)), rarely() ? std::nan("") : 0.5);
    accept(winnow_parameters_set(parameters_, tensor, values.data(), static_cast<int64_t>(values.size()), &error), error,
           "parameters_set");
    accept(winnow_parameters_get(parameters_, tensor, values.data(), static_cast<int64_t>(values.size()), &error), error,
           "parameters_get");
    return true;
  }

  bool make_plan() {
    winnow_plan_options options = {};
    options.size = rarely() ? 3 : static_cast<int64_t>(sizeof options);
    options.batch = rarely() ? odd_number(d_) : d_.integer(1, 18);
    batch_ = options.batch;
    options.dtype = rarely() ? 2 : static_cast<int32_t>(d_.integer(0, 1));
    options.timing = rarely() ? 2 : static_cast<int32_t>(d_.integer(0, 1));
    std::vector<winnow_tap> taps;
    if (d_.chance(0.2)) {
      for (int64_t k = d_.integer(0, 4); k > 0; --k) {
        taps.push_back({d_.integer(rarely() ? -1 : 0, winnow_network_node_count(network_) - (rarely() ? 0 : 1)),
                        rarely() ? 0 : WINNOW_TAP_AFTER, rarely() ? 0 : 1});
      }
      options.taps = taps.data();
      options.tap_count = static_cast<int64_t>(taps.size());
    }
    winnow_error error = {};
    return accept(winnow_plan_create(device_, network_, &options, &plan_, &error), error, "plan_create");
  }

  void describe() {
    winnow_error error = {};
    int64_t needed = 0, bytes = 0;
    if (accept(winnow_plan_describe(plan_, nullptr, 0, &needed, &error), error, "plan_describe")) {
      std::vector<char> text(static_cast<size_t>(needed));
      accept(winnow_plan_describe(plan_, text.data(), needed, &needed, &error), error, "plan_describe");
    }
    accept(winnow_plan_bytes(plan_, static_cast<int32_t>(d_.integer(-1, 4)), odd_number(d_), &bytes, &error), error,
           "plan_bytes");
  }

  static int32_t stop_at_once(void*, int64_t, int64_t) { return 1; }

  void one_call() {
    const int64_t choices = winnow_network_choice_count(network_), nodes = winnow_network_node_count(network_);
    winnow_node_info first = {}, last = {};
    winnow_network_node(network_, 0, &first, nullptr);
    const int64_t output = network_->network->output();
    winnow_network_node(network_, output, &last, nullptr);
    const int64_t outputs = last.channels * last.height * last.width;

    winnow_call call = {};
    call.size = rarely() ? 1 : static_cast<int64_t>(sizeof call);
    call.row_count = d_.integer(1, 3);
    std::vector<double> coefficients;
    std::vector<int32_t> states;
    for (int64_t k = 0; k < call.row_count * choices; ++k) {
      coefficients.push_back(d_.chance(0.001) ? INFINITY : d_.normal());
      states.push_back(d_.chance(0.001)  ? 4
                       : d_.chance(0.02) ? WINNOW_BLOCK
                       : d_.chance(0.7)  ? WINNOW_RUN
                       : d_.chance(0.5)  ? WINNOW_SKIP
                                         : WINNOW_MUTE);
    }
    call.coefficients = coefficients.data();
    call.states = states.data();
    winnow_parameters* sets[] = {parameters_};
    call.parameters = sets;
    call.parameters_count = 1;

    const int64_t batches = d_.chance(0.8) ? 1 : 2;
    winnow_images images = {nullptr,
                            batches * batch_ + (rarely() ? 1 : 0),
                            first.channels,
                            first.height + (rarely() ? 1 : 0),
                            first.width,
                            static_cast<int32_t>(d_.integer(0, rarely() ? 2 : 1)),
                            0};
    const auto pixels = static_cast<size_t>(images.samples * images.channels * images.height * images.width);
    std::vector<float> singles(pixels);
    std::vector<double> doubles(pixels);
    for (size_t k = 0; k < pixels; ++k) singles[k] = static_cast<float>(doubles[k] = d_.normal());
    if (rarely() && pixels > 0) singles[0] = NAN, doubles[0] = NAN;
    images.values = images.dtype == WINNOW_F32 ? static_cast<const void*>(singles.data()) : doubles.data();
    call.inputs = &images;
    call.input_count = 1;
    std::vector<int64_t> targets;
    for (int64_t k = 0; k < 2 * batch_; ++k) targets.push_back(rarely() ? odd_number(d_) : d_.integer(0, outputs - 1));
    call.targets = targets.data();
    call.target_count = 2;
    const winnow_random_stream streams[] = {{d_.bits(), d_.bits()}, {d_.bits(), d_.bits()}};
    call.streams = streams;
    call.stream_count = rarely() ? odd_number(d_) : 2;
    if (call.stream_count > 2) call.stream_count = 2;
    std::vector<winnow_job> jobs;
    for (int64_t k = d_.integer(0, 4); k > 0; --k) {
      jobs.push_back({d_.integer(rarely() ? -1 : 0, rarely() ? 9 : call.row_count - 1), rarely() ? odd_number(d_) : 0,
                      rarely() ? 1 : 0, d_.integer(rarely() ? -5 : -1, rarely() ? 2 : 1),
                      d_.integer(rarely() ? -2 : 0, rarely() ? 2 : 1)});
    }
    call.jobs = rarely() ? nullptr : jobs.data();
    call.job_count = rarely() ? odd_number(d_) : static_cast<int64_t>(jobs.size());
    if (call.job_count > static_cast<int64_t>(jobs.size()))
      call.job_count = static_cast<int64_t>(jobs.size());  // the caller's own lie
    call.norm_mode = static_cast<int32_t>(d_.integer(rarely() ? -1 : 0, rarely() ? 3 : 2));
    std::vector<int32_t> modes(static_cast<size_t>(nodes), static_cast<int32_t>(d_.integer(0, 2)));
    if (d_.chance(0.2)) call.norm_modes = modes.data();
    call.update_statistics = rarely() ? 2 : d_.chance(0.2) ? 1 : 0;
    if (rarely()) call.progress = stop_at_once;
    const int32_t cancel = 1;
    if (rarely()) call.cancel = &cancel;

    winnow_error error = {};
    ++tally.calls;
    bool done = false;
    const auto count = static_cast<int64_t>(jobs.size());
    switch (d_.integer(0, 5)) {
      case 0: {
        std::vector<double> logits(shrunk(count * images.samples * outputs));
        done = accept(winnow_forward(plan_, &call, logits.data(), size(logits), &error), error, "forward");
        break;
      }
      case 1: {
        std::vector<double> kernel(shrunk(count * batch_ * batch_));
        const uint32_t roles = rarely() ? static_cast<uint32_t>(d_.bits()) : WINNOW_NTK_ROLES;
        done = accept(winnow_ntk(plan_, &call, roles, kernel.data(), size(kernel), &error), error, "ntk");
        break;
      }
      case 2: {
        std::vector<int64_t> regions(shrunk(count));
        done = accept(winnow_linear_regions(plan_, &call, regions.data(), size(regions), &error), error, "linear_regions");
        break;
      }
      case 3: {
        int64_t units = 0;
        for (int64_t n = 0; n < nodes; ++n) {
          winnow_node_info node;
          winnow_network_node(network_, n, &node, nullptr);
          if (node.operation == WINNOW_RELU) units += node.channels * node.height * node.width;
        }
        std::vector<uint64_t> patterns(shrunk(count * images.samples * std::max<int64_t>(1, (units + 63) / 64)));
        done = accept(winnow_patterns(plan_, &call, patterns.data(), size(patterns), &units, &error), error, "patterns");
        break;
      }
      case 4: {
        std::vector<int64_t> kernel(shrunk(count * images.samples * images.samples)), multiplicities;
        for (int64_t n = 0; n < nodes; ++n) {
          winnow_node_info node;
          winnow_network_node(network_, n, &node, nullptr);
          if (node.operation == WINNOW_RELU) multiplicities.push_back(rarely() ? odd_number(d_) : d_.integer(0, 3));
        }
        const bool own = d_.chance(0.3);
        done = accept(
            winnow_activation_kernel(plan_, &call, own ? nullptr : multiplicities.data(),
                                     own ? 0 : size(multiplicities) - (rarely() ? 1 : 0), kernel.data(), size(kernel), &error),
            error, "activation_kernel");
        break;
      }
      default: {
        winnow_cotangents cotangents = {};
        cotangents.size = rarely() ? 0 : static_cast<int64_t>(sizeof cotangents);
        cotangents.kind = static_cast<int32_t>(d_.integer(rarely() ? -1 : 0, rarely() ? 6 : 4));
        cotangents.dtype = static_cast<int32_t>(d_.integer(0, rarely() ? 2 : 1));
        cotangents.node = rarely() ? d_.integer(-2, nodes) : -1;
        cotangents.stop = rarely() ? 0 : -1;
        const bool rows =
            cotangents.kind == WINNOW_COTANGENT_ONES_ON_ROW || cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
        cotangents.count = rarely()                                    ? d_.integer(-1, 3)
                           : rows                                      ? batch_
                           : cotangents.kind == WINNOW_COTANGENT_GIVEN ? d_.integer(1, 9)
                                                                       : 1;
        const int64_t held = std::max<int64_t>(0, cotangents.count);
        std::vector<double> given(static_cast<size_t>(held * batch_ * outputs), 1.0);
        cotangents.values = rarely() ? nullptr : given.data();
        const bool to_input = d_.chance(0.3);
        cotangents.want_input_gradient = to_input != rarely() ? 1 : 0;
        const int32_t kind = rarely() ? static_cast<int32_t>(d_.integer(-1, 9)) : static_cast<int32_t>(d_.integer(0, 1));
        const uint32_t roles = rarely() ? static_cast<uint32_t>(d_.bits()) : static_cast<uint32_t>(d_.integer(1, 63));
        int64_t width = held;
        if (kind != WINNOW_SINK_GRAM) {
          width = 0;
          for (const Tensor& t : network_->network->tensors()) width += roles >> t.role & 1 ? t.elements : 0;
        }
        std::vector<double> values(shrunk(count * held * width));
        std::vector<double> inputs(shrunk(count * held * batch_ * network_->network->nodes()[0].shape.elements()));
        const winnow_gradient_sink sinks[] = {{kind, roles, values.data(), size(values)},
                                              {WINNOW_SINK_INPUT_COPY, 0, inputs.data(), size(inputs)}};
        const int64_t sink_count = rarely() ? d_.integer(0, 2) : to_input ? 2 : 1;
        if (d_.chance(0.5)) {
          done = accept(winnow_backward(plan_, &call, &cotangents, sinks, sink_count, &error), error, "backward");
          break;
        }
        winnow_directions directions = {};
        directions.size = rarely() ? 0 : static_cast<int64_t>(sizeof directions);
        directions.parameters = rarely() ? nullptr : sets;
        directions.parameters_count = rarely() ? odd_number(d_) : 1;
        if (directions.parameters_count > 1) directions.parameters_count = 1;  // the caller's own lie
        directions.inputs = rarely() ? nullptr : &images;
        directions.input_count = d_.integer(0, 1);
        std::vector<int64_t> of;
        for (int64_t k = 0; k < 2 * count; ++k) of.push_back(rarely() ? odd_number(d_) : d_.integer(-1, 0));
        directions.parameters_of = d_.chance(0.2) ? nullptr : of.data();
        directions.input_of = d_.chance(0.5) ? nullptr : of.data() + count;
        directions.roles = roles;
        if (d_.chance(0.7)) {
          done = accept(winnow_backward_tangent(plan_, &call, &directions, &cotangents, sinks, sink_count, &error), error,
                        "backward_tangent");
          break;
        }
        std::vector<double> tangents(shrunk(count * images.samples * outputs)), logits(tangents.size());
        done = accept(winnow_forward_tangent(plan_, &call, &directions, d_.chance(0.5) ? logits.data() : nullptr,
                                             tangents.data(), size(tangents), &error),
                      error, "forward_tangent");
      }
    }
    tally.calls_done += done;
  }

  size_t shrunk(int64_t elements) { return static_cast<size_t>(std::max<int64_t>(0, elements - (rarely() ? 1 : 0))); }
  template <typename T>
  static int64_t size(const std::vector<T>& values) {
    return static_cast<int64_t>(values.size());
  }

  Draws& d_;
  const winnow_network* network_;
  const winnow_device* device_;
  winnow_parameters* parameters_ = nullptr;
  winnow_plan* plan_ = nullptr;
  int64_t batch_ = 0;
};

// Small enough that a case takes milliseconds.
bool affordable(const winnow_network* network) {
  const Network& n = *network->network;
  double elements = 0;
  for (const Node& node : n.nodes()) elements += static_cast<double>(node.shape.elements());
  for (const Tensor& tensor : n.tensors()) elements += static_cast<double>(tensor.elements);
  return elements < 2e5 && n.macs() < 300000;
}

void one_case(Draws& d, const std::vector<winnow_device*>& devices) {
  const std::vector<int64_t> words = random_blob(d);
  const auto bytes = static_cast<int64_t>(words.size() * 8);
  winnow_network* network = nullptr;
  winnow_error error = {};
  const bool decoded =
      accept(winnow_network_create(words.data(), d.chance(0.98) ? bytes : d.integer(-1, bytes), &network, &error), error,
             words.empty() ? "network_create of nothing" : "network_create");
  if (decoded != (network != nullptr)) fail("a network without OK, or OK without a network");
  if (!decoded) return;
  ++tally.decoded;
  for (int64_t n = -1; n <= winnow_network_node_count(network); ++n) {
    winnow_node_info node;
    winnow_tensor_info tensor;
    accept(winnow_network_node(network, n, &node, &error), error, "network_node");
    accept(winnow_network_tensor(network, n, &tensor, &error), error, "network_tensor");
  }
  if (affordable(network)) Calls(d, network, devices).run();
  winnow_network_destroy(network);
}

}  // namespace

int main(int argc, char** argv) {
  int64_t count = -1, first = 0;
  double seconds = 0;
  uint64_t seed = 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc || (option != "--count" && option != "--seconds" && option != "--seed" && option != "--first")) {
      std::fprintf(stderr, "usage: %s [--count N | --seconds S] [--seed K] [--first I]\n", argv[0]);
      return 2;
    }
    if (option == "--count") count = std::atoll(argv[i + 1]);
    if (option == "--seconds") seconds = std::atof(argv[i + 1]);
    if (option == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--first") first = std::atoll(argv[i + 1]);
  }
  if (count < 0 && seconds <= 0) count = 2000;
  signal(SIGALRM, on_alarm);

  std::vector<winnow_device*> devices;
  for (const Variant variant : kVariants) {
    for (const int64_t threads : {1, 2}) {
      winnow_device_options options = {};
      options.size = sizeof options;
      options.threads = threads;
      options.variant = variant_name(variant);
      options.byte_budget = int64_t{64} << 20;
      winnow_device* device = nullptr;
      if (winnow_device_open(&options, &device, nullptr) == WINNOW_OK) devices.push_back(device);
    }
  }
  const auto start = std::chrono::steady_clock::now();
  int64_t done = 0;
  for (int64_t index = first; count < 0 || done < count; ++index, ++done) {
    if (seconds > 0 && std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds) break;
    std::snprintf(replay, sizeof replay, "fuzz_network --count 1 --seed %" PRIu64 " --first %" PRId64 "\n", seed, index);
    alarm(120);
    Draws draws(seed, static_cast<uint64_t>(index));
    one_case(draws, devices);
  }
  alarm(0);
  for (winnow_device* device : devices) winnow_device_close(device);
  std::printf("seed %" PRIu64 ": %" PRId64 " descriptions, %" PRId64 " decoded, %" PRId64 " planned, %" PRId64 " of %" PRId64
              " calls ran\n",
              seed, done, tally.decoded, tally.planned, tally.calls_done, tally.calls);
  return done > 0 && (count == 1 || tally.calls_done > 0) ? 0 : 1;
}
