// The backward pass with tangents of one job: for a cotangent the gradient of every value and its derivative along the direction
// that a forward pass with tangents went, that is the product of the Hessian with the direction.
//
// Both go through BackwardPass as the two cotangents of a block, as far as operations send back the same of either; what the
// change of an operation itself adds to the tangent is added here. With g the gradient of an output y and ' for tangents:
//   convolution   x: W^T g' + W'^T g            W: sum g' x + g x'
//   norm          x: alpha g + beta x + kappa   (Kernels::norm_gradient), all three change with the sums S1 = sum g and
//                 S2 = sum g xhat, so that x: alpha g' + alpha' g + beta x' + beta' x + kappa';  scale: S2',  shift: S1'
#pragma once

#include <functional>

#include "plan/backward_pass.h"
#include "plan/tangent.h"

namespace winnow {

template <typename T>
class BackwardTangent {
 public:
  // The states hold a forward pass with tangents; `workspace` is for two cotangents. Gradients' tangents go to row `row` of `rows`.
  BackwardTangent(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
                  const Direction& direction, State<T>& values, State<T>& tangents, Workspace<T>& workspace,
                  const GradientRows<T>& rows, int64_t row)
      : graph_(graph),
        layout_(layout),
        kernels_(kernels),
        program_(program),
        direction_(direction),
        values_(values),
        tangents_(tangents),
        workspace_(workspace),
        rows_(rows),
        row_(row),
        both_(graph, layout, kernels, program, values, workspace, row, 2, rows),
        gradient_(graph, layout, kernels, program, values, workspace, row, 1, rows) {}

  // seed(k, gradient) writes the cotangent (k = 0) or its tangent (k = 1) at the output.
  void run(const std::function<void(int64_t, T*)>& seed);

 private:
  void pull(int64_t v, const std::function<void(int64_t, T*)>& seed);
  // Adds to the tangents of a value's gradient what its readers' own changes send back.
  void add_changes(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& tangent);
  void norm(int64_t v);
  void weights(int64_t v);

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const Direction& direction_;
  State<T>& values_;
  State<T>& tangents_;
  Workspace<T>& workspace_;
  const GradientRows<T>& rows_;
  int64_t row_;
  BackwardPass<T> both_, gradient_;  // the gradient is cotangent 0 of the workspace, its tangent cotangent 1
};

}  // namespace winnow
