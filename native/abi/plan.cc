#include "plan/plan.h"

#include "abi/guard_call.h"
#include "network/shapes.h"
#include "scores/scores.h"
#include "scores/sinks.h"
#include "winnow/scores.h"

using namespace winnow;

namespace {

void require_logits(const Plan& p, const winnow_call& call, int64_t capacity, const char* what) {
  const int64_t outputs = p.graph()[p.graph().output()].shape.elements();
  require_capacity(capacity, {call.job_count, checked_multiply(largest_input(call), outputs, "logits of a job")}, what);
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

winnow_status winnow_plan_bytes(const winnow_plan* plan, int32_t pass, int64_t cotangents, int64_t* bytes,
                                winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(bytes, "bytes");
    if (pass < WINNOW_PASS_FORWARD || pass > WINNOW_PASS_BACKWARD_TANGENT) {
      throw Failure(WINNOW_INVALID, "pass must be in [0, 3] but was " + std::to_string(pass));
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
  return guard_call(plan, call, error, [&](Plan& p) {
    if (call->job_count == 0) return;
    require(logits, "logits");
    require_logits(p, *call, capacity, "logits");
    p.forward(*call, logits, largest_input(*call));
  });
}

winnow_status winnow_backward(winnow_plan* plan, const winnow_call* call, const winnow_cotangents* cotangents,
                              const winnow_gradient_sink* sinks, int64_t sink_count, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(cotangents, "cotangents");
    require(sinks, "sinks");
    Sinks to(sinks, sink_count);
    p.check(*cotangents, *call);
    to.open(p, *call, *cotangents);
    if (call->job_count == 0) return;
    p.gradients(
        *call, *cotangents, to.roles(), to.portion(), [&](const JobGradients& gradients) { to.take(gradients); }, nullptr);
  });
}

winnow_status winnow_forward_tangent(winnow_plan* plan, const winnow_call* call, const winnow_directions* directions,
                                     double* logits, double* tangents, int64_t capacity, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(directions, "directions");
    p.check(*directions, *call);
    if (call->job_count == 0) return;
    require(tangents, "tangents");
    require_logits(p, *call, capacity, "tangents");
    p.tangents(*call, *directions, logits, tangents, largest_input(*call));
  });
}

winnow_status winnow_backward_tangent(winnow_plan* plan, const winnow_call* call, const winnow_directions* directions,
                                      const winnow_cotangents* cotangents, const winnow_gradient_sink* sinks,
                                      int64_t sink_count, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(directions, "directions");
    require(cotangents, "cotangents");
    require(sinks, "sinks");
    Sinks to(sinks, sink_count);
    if ((to.roles() & kSaliencies) != 0) {
      throw Failure(WINNOW_UNSUPPORTED, "a sink of kind 7 has no tangents in this build");
    }
    p.check(*directions, *call);
    p.check(*cotangents, *call);
    to.open(p, *call, *cotangents);
    if (call->job_count == 0) return;
    p.gradient_tangents(*call, *directions, *cotangents, to.roles(), [&](const JobGradients& rows) { to.take(rows); });
  });
}

winnow_status winnow_ntk(winnow_plan* plan, const winnow_call* call, uint32_t roles, double* kernel, int64_t capacity,
                         winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    if (p.batch() < 2) throw Failure(WINNOW_INVALID, "batch must be >= 2 for a kernel but was " + std::to_string(p.batch()));
    require_roles(roles);
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
