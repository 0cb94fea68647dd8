#include "plan/plan.h"

#include <algorithm>
#include <string>

#include "plan/cpu_plan.h"
#include "runtime/backend.h"
#include "runtime/failure.h"

namespace winnow {

std::vector<std::unique_ptr<Program>> Plan::make_programs(const winnow_call& call, const std::vector<int64_t>& wanted,
                                                          bool backward) const {
  std::vector<std::unique_ptr<Program>> programs(static_cast<size_t>(std::max<int64_t>(1, call.row_count)));
  const int64_t choices = graph_.network().choices();
  for (int64_t j = 0; j < call.job_count; ++j) {
    const size_t row = program_index(call.jobs[j]);
    const auto at = static_cast<int64_t>(row) * choices;
    if (programs[row] == nullptr) {
      programs[row] = std::make_unique<Program>(graph_, call.states == nullptr ? nullptr : call.states + at,
                                                call.coefficients == nullptr ? nullptr : call.coefficients + at, wanted,
                                                backward, dtype_ == WINNOW_F32);
    }
    const int64_t noise = programs[row]->noise();
    if (noise >= 0 && call.jobs[j].stream < 0) {
      throw Failure(WINNOW_INVALID, "job " + std::to_string(j) + " runs node " +
                                        graph_.network().nodes()[static_cast<size_t>(graph_[noise].node())].name +
                                        ", which adds noise: it needs a stream");
    }
  }
  return programs;
}

std::vector<int64_t> Plan::tapped() const {
  std::vector<int64_t> values;
  for (const Tap& tap : taps_) values.push_back(tap.value);
  return values;
}

std::vector<int64_t> gradient_offsets(const Network& network, uint32_t roles, int64_t& elements) {
  std::vector<int64_t> offsets;
  elements = 0;
  for (const Tensor& tensor : network.tensors()) {
    const bool part = (roles >> tensor.role & 1u) != 0;
    offsets.push_back(part ? elements : -1);
    if (part) elements += tensor.elements;
  }
  return offsets;
}

std::unique_ptr<Plan> Plan::create(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                                   const winnow_plan_options& options) {
  if (options.dtype != WINNOW_F32 && options.dtype != WINNOW_F64) {
    throw Failure(WINNOW_INVALID, "dtype must be 0 (f32) or 1 (f64) but was " + std::to_string(options.dtype));
  }
  if (device->backend != nullptr) return device->backend->plan(device, std::move(network), options);
  return cpu_plan(std::move(device), std::move(network), options);
}

namespace {

int64_t checked_batch(int64_t batch) {
  if (batch < 1 || batch > 1 << 20) {
    throw Failure(WINNOW_INVALID, "batch must be in [1, 1048576] but was " + std::to_string(batch));
  }
  return batch;
}

}  // namespace

Plan::Plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network, const winnow_plan_options& options,
           Differentiation differentiation)
    : device_(std::move(device)),
      graph_(std::move(network), differentiation),
      dtype_(static_cast<winnow_dtype>(options.dtype)),
      element_bytes_(options.dtype == WINNOW_F64 ? 8 : 4),
      batch_(checked_batch(options.batch)) {
  const auto& nodes = graph_.network().nodes();
  if (options.timing != 0 && options.timing != 1) {
    throw Failure(WINNOW_INVALID, "timing must be 0 or 1 but was " + std::to_string(options.timing));
  }
  if (options.timing == 1) timing_ = std::make_shared<Timing>(graph_.size());
  if (options.tap_count < 0 || options.tap_count > 1 << 20) {
    throw Failure(WINNOW_INVALID, "tap_count must be in [0, 1048576] but was " + std::to_string(options.tap_count));
  }
  if (options.taps == nullptr && options.tap_count > 0) throw Failure(WINNOW_INVALID, "taps must not be null");
  if (options.taps == nullptr) {
    for (size_t n = 0; n < nodes.size(); ++n) {
      const auto node = static_cast<int64_t>(n);
      if (nodes[n].operation == WINNOW_RELU) taps_.push_back({node, graph_.value_of(node), 1});
    }
    return;
  }
  for (int64_t t = 0; t < options.tap_count; ++t) {
    const winnow_tap& tap = options.taps[t];
    const std::string what = "tap " + std::to_string(t);
    if (tap.node < 0 || tap.node >= static_cast<int64_t>(nodes.size()) ||
        nodes[static_cast<size_t>(tap.node)].operation != WINNOW_RELU) {
      throw Failure(WINNOW_INVALID, what + " must be a RELU node but was node " + std::to_string(tap.node));
    }
    if (tap.multiplicity < 1) {
      throw Failure(WINNOW_INVALID, what + " multiplicity must be >= 1 but was " + std::to_string(tap.multiplicity));
    }
    if (tap.side != WINNOW_TAP_AFTER) throw Failure(WINNOW_UNSUPPORTED, what + ": only values after the ReLU in this build");
    taps_.push_back({tap.node, graph_.value_of(tap.node), tap.multiplicity});
  }
}

winnow_state Plan::state_of(const winnow_call& call, const winnow_job& job, int64_t node) const {
  const int64_t choice = graph_.network().nodes()[static_cast<size_t>(node)].choice;
  return choice < 0 ? WINNOW_RUN : static_cast<winnow_state>(call.states[job.row * graph_.network().choices() + choice]);
}

bool Plan::has(const winnow_call& call, const winnow_job& job, int64_t node) const {
  const winnow_state state = state_of(call, job, node);
  return state == WINNOW_RUN || state == WINNOW_MUTE;
}

Plan::Busy::Busy(Plan& plan) : plan_(plan) {
  if (plan.busy_.exchange(true)) throw Failure(WINNOW_INVALID, "the plan is running another call");
  if (plan.timing_ != nullptr) plan.timing_->clear();
}

void Plan::activations(const winnow_call&, const std::vector<int64_t>&, const std::function<void(const JobActivations&)>&) {
  throw Failure(WINNOW_UNSUPPORTED, "activations are not read from this device in this build");
}

void Plan::block_products(const winnow_call&, const Blocks&, double*) {
  throw Failure(WINNOW_UNSUPPORTED, "this device has no block products yet");
}

void Plan::grams(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, double* out) {
  gradients(call, cotangents, roles, [&](const JobGradients& gradients) {
    gram(gradients, out + gradients.job * gradients.cotangents * gradients.cotangents);
  });
}

namespace {

[[noreturn]] void no_tangents() { throw Failure(WINNOW_UNSUPPORTED, "this device has no passes with tangents yet"); }

}  // namespace

void Plan::tangents(const winnow_call&, const winnow_directions&, double*, double*, int64_t) { no_tangents(); }

void Plan::gradient_tangents(const winnow_call&, const winnow_directions&, const winnow_cotangents&, uint32_t,
                             const std::function<void(const JobGradients&)>&) {
  no_tangents();
}

std::string Plan::describe() const {
  static const char* const kGradients[] = {"none", "own", "alias", "transient", "virtual"};
  std::string text =
      "{" + facts() + ", \"dtype\": \"" + (dtype_ == WINNOW_F64 ? "f64" : "f32") + "\", \"batch\": " + std::to_string(batch_);
  if (timing_ != nullptr) text += ", \"nanoseconds\": " + timing_->json(-1);
  text += ", \"values\": [";
  for (int64_t v = 0; v < graph_.size(); ++v) {
    const Value& value = graph_[v];
    text += std::string(v == 0 ? "" : ", ") + "{\"value\": " + std::to_string(v) + ", \"nodes\": [";
    int64_t macs = 0;
    for (size_t k = 0; k < value.nodes.size(); ++k) {
      text += (k == 0 ? "" : ", ") + std::to_string(value.nodes[k]);
      macs += graph_.network().nodes()[static_cast<size_t>(value.nodes[k])].macs;
    }
    text += "], \"operation\": " + std::to_string(value.operation) + ", \"shape\": [" + std::to_string(value.shape.channels) +
            ", " + std::to_string(value.shape.height) + ", " + std::to_string(value.shape.width) +
            "], \"stored\": " + (value.lazy ? "false" : "true") + ", \"gradient\": \"" +
            kGradients[static_cast<int>(value.gradient)] + "\", \"flops\": " + std::to_string(2 * macs * batch_);
    if (timing_ != nullptr) text += ", \"nanoseconds\": " + timing_->json(v);
    text += "}";
  }
  return text + "]}";
}

}  // namespace winnow
