// What enters a backward pass at the output, made for one job after its forward pass.
#pragma once

#include <vector>

#include "plan/state.h"
#include "winnow/plan.h"

namespace winnow {

// Logits of one sample become its loss's gradient: softmax - onehot.
void cross_entropy_gradient(double* logits, int64_t outputs, int64_t label);

// Whether cotangent l is zero outside sample l.
bool of_one_sample(const winnow_cotangents& cotangents);

template <typename T>
class Seeds {
 public:
  // `tangents`: of the values; nullptr where nothing asks for the cotangents' tangents.
  Seeds(const Graph& graph, const Layout& layout, const State<T>& state, const winnow_cotangents& cotangents,
        const winnow_call& call, const winnow_job& job, const State<T>* tangents = nullptr);

  // Cotangent l as [block][channel][row][pixel][lane].
  void write(int64_t l, T* gradient) const { write(l, residuals_, gradient); }
  // Its tangent: only a loss changes with the values.
  void write_tangent(int64_t l, T* gradient) const;

 private:
  void write(int64_t l, const std::vector<double>& residuals, T* gradient) const;

  const Graph& graph_;
  const Layout& layout_;
  winnow_cotangents cotangents_;
  // Cross entropy: softmax - onehot of the logits, and its derivative, [batch][outputs].
  std::vector<double> residuals_, residual_tangents_;
};

}  // namespace winnow
