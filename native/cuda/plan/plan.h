// Plans on a machine (cuda/machine.h).
//
// A call's passes, a job's batch each, run in chunks of as many as the device holds, and of each chunk every operation runs once
// for all passes and all their cotangents: the wide axis of a launch is (pass, cotangent, channels, samples, pixels). A chunk's
// launches are made once, recorded and repeated for the next chunk and the next call of the same shape; what differs from pass
// to pass, the row of choices, the weights and the images, lies in tables that are uploaded before.
#pragma once

#include <memory>

#include "cuda/machine.h"
#include "plan/plan.h"

namespace winnow {

// Throws Failure(INVALID, UNSUPPORTED, OUT_OF_MEMORY, DEVICE_FAILED).
std::unique_ptr<Plan> make_machine_plan(const winnow_machine_table& table, int32_t index, std::shared_ptr<const Device> device,
                                        std::shared_ptr<const Network> network, const winnow_plan_options& options);

}  // namespace winnow
