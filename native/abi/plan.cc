#include "plan/plan.h"

#include <algorithm>

#include "abi/guard.h"
#include "network/shapes.h"
#include "scores/scores.h"
#include "winnow/scores.h"

using namespace winnow;

namespace {

int64_t elements_of(const Network& network, uint32_t roles) {
  int64_t elements = 0;
  for (const Tensor& tensor : network.tensors()) elements += (roles >> tensor.role & 1u) != 0 ? tensor.elements : 0;
  return elements;
}

constexpr uint32_t kLearned = 1u << WINNOW_CONVOLUTION_WEIGHT | 1u << WINNOW_CONVOLUTION_BIAS | 1u << WINNOW_LINEAR_WEIGHT |
                              1u << WINNOW_LINEAR_BIAS | 1u << WINNOW_NORM_SCALE | 1u << WINNOW_NORM_SHIFT;

void require_roles(uint32_t roles) {
  if (roles == 0 || (roles & ~kLearned) != 0) {
    throw Failure(WINNOW_INVALID, "roles must be a non-empty set of learned roles (mask " + std::to_string(kLearned) +
                                      ") but was " + std::to_string(roles));
  }
}

// Where a backward pass's gradients go; nullptr where they are not wanted.
struct Sinks {
  const winnow_gradient_sink* parameters = nullptr;
  const winnow_gradient_sink* input = nullptr;
};

Sinks sort_sinks(const winnow_gradient_sink* sinks, int64_t count) {
  if (count < 1 || count > 2) {
    throw Failure(WINNOW_UNSUPPORTED, "one sink of parameters and one of the input per call in this build, but got " +
                                          std::to_string(count) + " sinks");
  }
  Sinks sorted;
  for (int64_t s = 0; s < count; ++s) {
    const winnow_gradient_sink& sink = sinks[s];
    const bool input = sink.kind == WINNOW_SINK_INPUT_COPY;
    if (!input && sink.kind != WINNOW_SINK_GRAM && sink.kind != WINNOW_SINK_COPY) {
      throw Failure(WINNOW_UNSUPPORTED, "sink kind " + std::to_string(sink.kind) + " is not in this build");
    }
    if (!input) require_roles(sink.roles);
    const winnow_gradient_sink*& place = input ? sorted.input : sorted.parameters;
    if (place != nullptr) throw Failure(WINNOW_UNSUPPORTED, "one sink of each kind per call in this build");
    place = &sink;
  }
  return sorted;
}

// `count` numbers of a plan's number type, from element `first`.
void copy_row(const Plan& plan, const void* values, int64_t first, int64_t count, double* out) {
  if (plan.dtype() == WINNOW_F64) {
    std::copy_n(static_cast<const double*>(values) + first, count, out);
  } else {
    std::copy_n(static_cast<const float*>(values) + first, count, out);
  }
}

}  // namespace

winnow_status winnow_plan_create(const winnow_device* device, const winnow_network* network, const winnow_plan_options* options,
                                 winnow_plan** plan, winnow_error* error) {
  return guard(error, [&] {
    require(device, "device");
    require(network, "network");
    require(options, "options");
    require(plan, "plan");
    require_size(options->size, sizeof *options, "winnow_plan_options");
    *plan = new winnow_plan{Plan::create(device->device, network->network, *options)};
  });
}

void winnow_plan_destroy(winnow_plan* plan) { delete plan; }

int32_t winnow_supports(int32_t operation, int32_t pass, int32_t dtype, int32_t kind) {
  const bool known = operation >= WINNOW_INPUT && operation <= WINNOW_NOISE && (dtype == WINNOW_F32 || dtype == WINNOW_F64);
  const bool passes = pass == WINNOW_PASS_FORWARD || pass == WINNOW_PASS_BACKWARD;
  return known && passes && kind == WINNOW_CPU && plan_supports(static_cast<winnow_operation>(operation)) ? 1 : 0;
}

winnow_status winnow_plan_bytes(const winnow_plan* plan, int32_t pass, int64_t cotangents, int64_t* bytes,
                                winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(bytes, "bytes");
    if (pass != WINNOW_PASS_FORWARD && pass != WINNOW_PASS_BACKWARD) {
      throw Failure(WINNOW_UNSUPPORTED, "pass must be forward or backward in this build but was " + std::to_string(pass));
    }
    if (cotangents < 0 || cotangents > 1 << 20) {
      throw Failure(WINNOW_INVALID, "cotangents must be in [0, 1048576] but was " + std::to_string(cotangents));
    }
    *bytes = plan->plan->bytes(static_cast<winnow_pass>(pass), cotangents);
  });
}

winnow_status winnow_plan_describe(const winnow_plan* plan, char* text, int64_t capacity, int64_t* needed,
                                   winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    copy_text(plan->plan->describe(), text, capacity, needed);
  });
}

winnow_status winnow_forward(winnow_plan* plan, const winnow_call* call, double* logits, int64_t capacity,
                             winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    if (call->job_count == 0) return;
    require(logits, "logits");
    const int64_t samples = largest_input(*call);
    const int64_t outputs = p.graph()[p.graph().output()].shape.elements();
    require_capacity(capacity, {call->job_count, checked_multiply(samples, outputs, "logits of a job")}, "logits");
    p.forward(*call, logits, samples);
  });
}

winnow_status winnow_backward(winnow_plan* plan, const winnow_call* call, const winnow_cotangents* cotangents,
                              const winnow_gradient_sink* sinks, int64_t sink_count, winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    require(cotangents, "cotangents");
    require(sinks, "sinks");
    const Sinks to = sort_sinks(sinks, sink_count);
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    p.check(*cotangents, *call);
    if ((cotangents->want_input_gradient != 0) != (to.input != nullptr)) {
      throw Failure(WINNOW_INVALID, "an input gradient that is wanted and a sink of kind 8 go together");
    }
    if (call->job_count == 0) return;
    const int64_t count = cotangents->count, input = p.batch() * p.graph()[0].shape.elements();
    const uint32_t roles = to.parameters == nullptr ? 0 : to.parameters->roles;
    const int64_t elements = elements_of(p.graph().network(), roles);
    const bool as_gram = to.parameters != nullptr && to.parameters->kind == WINNOW_SINK_GRAM;
    const int64_t each = count * (as_gram ? count : elements);
    if (to.parameters != nullptr) {
      require(to.parameters->values, "sink values");
      require_capacity(to.parameters->capacity, {call->job_count, each}, "sink values");
    }
    if (to.input != nullptr) {
      require(to.input->values, "sink values");
      require_capacity(to.input->capacity, {call->job_count, count * input}, "sink values");
    }
    p.gradients(*call, *cotangents, roles, [&](const JobGradients& gradients) {
      for (int64_t l = 0; l < count; ++l) {
        const int64_t row = l * gradients.pitch();
        if (to.parameters != nullptr && !as_gram) {
          copy_row(p, gradients.rows, row, elements, to.parameters->values + gradients.job * each + l * elements);
        }
        if (to.input != nullptr) {
          copy_row(p, gradients.rows, row + elements, input, to.input->values + (gradients.job * count + l) * input);
        }
      }
      if (as_gram) p.gram(gradients, to.parameters->values + gradients.job * each);
    });
  });
}

winnow_status winnow_ntk(winnow_plan* plan, const winnow_call* call, uint32_t roles, double* kernel, int64_t capacity,
                         winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    if (p.batch() < 2) throw Failure(WINNOW_INVALID, "batch must be >= 2 for a kernel but was " + std::to_string(p.batch()));
    require_roles(roles);
    p.check(*call);
    winnow_cotangents cotangents = {};
    cotangents.size = sizeof cotangents;
    cotangents.kind = WINNOW_COTANGENT_ONES_ON_ROW;
    cotangents.node = cotangents.stop = -1;
    cotangents.count = p.batch();
    p.check(cotangents, *call);
    if (call->job_count == 0) return;
    require(kernel, "kernel");
    require_capacity(capacity, {call->job_count, p.batch() * p.batch()}, "kernel");
    neural_tangent_kernel(p, *call, cotangents, roles, kernel);
  });
}
