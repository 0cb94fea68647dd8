// Scores as compositions of plan passes; the mathematics is in include/winnow/scores.h.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "winnow/plan.h"

namespace winnow {

// kernel [jobs][n][n]
void neural_tangent_kernel(Plan& plan, const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles,
                           double* kernel);
// flows [jobs]
void synaptic_flow(Plan& plan, const winnow_call& call, double* flows);

}  // namespace winnow
