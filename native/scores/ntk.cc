#include "scores/scores.h"

namespace winnow {

void neural_tangent_kernel(Plan& plan, const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles,
                           double* kernel) {
  plan.grams(call, cotangents, roles, kernel);
}

}  // namespace winnow
