#include "scores/scores.h"

namespace winnow {

void gram(const Plan& plan, const JobGradients& gradients, double* out) {
  const int64_t n = gradients.cotangents;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      out[i * n + j] = out[j * n + i] = plan.dot(gradients.rows, gradients.pitch(), gradients.elements, i, j);
    }
  }
}

void neural_tangent_kernel(Plan& plan, const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles,
                           double* kernel) {
  plan.gradients(call, cotangents, roles, [&](const JobGradients& gradients) {
    gram(plan, gradients, kernel + gradients.job * gradients.cotangents * gradients.cotangents);
  });
}

}  // namespace winnow
