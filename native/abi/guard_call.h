// A call of the C interface on a plan.
#pragma once

#include "abi/guard.h"
#include "plan/plan.h"

namespace winnow {

// Runs `body` with the plan, which refuses every other call meanwhile; the call has been checked. No exception passes.
template <typename Body>
winnow_status guard_call(winnow_plan* plan, const winnow_call* call, winnow_error* error, Body&& body) noexcept {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    body(p);
  });
}

}  // namespace winnow
