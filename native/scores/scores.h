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
// regions [jobs]
void linear_regions(Plan& plan, const winnow_call& call, int64_t* regions);
// multiplicities [taps]; a job's kernel [samples][samples] is at kernel + job * each
void activation_kernel(Plan& plan, const winnow_call& call, const std::vector<int64_t>& multiplicities, int64_t each,
                       int64_t* kernel);

}  // namespace winnow
