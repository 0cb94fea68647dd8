// The plan of the CPU: jobs in waves over the threads (waves.h), each with a state of its own, workers with a workspace each.
#pragma once

#include <memory>

#include "plan/plan.h"

namespace winnow {

// Throws as Plan::create.
std::unique_ptr<Plan> cpu_plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                               const winnow_plan_options& options);

}  // namespace winnow
