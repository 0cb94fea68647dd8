// What becomes of the gradients of a backward pass; include/winnow/plan.h says what each sink holds.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "plan/plan.h"
#include "winnow/plan.h"

namespace winnow {


class Sinks {
 public:
  // Throws INVALID, UNSUPPORTED.
  Sinks(const winnow_gradient_sink* sinks, int64_t count);
  // Their room against a checked call; throws INVALID. The sinks are ready for `take`.
  void open(const Plan& plan, const winnow_call& call, const winnow_cotangents& cotangents);

  // Tensors of which gradients are wanted, and saliencies.
  uint32_t roles() const { return roles_ | (find(WINNOW_SINK_FISHER) != nullptr ? kSaliencies : 0); }
  // Sums of products need every cotangent of a job, other sinks a block.
  Portion portion() const { return all_at_once_ ? Portion::kJob : Portion::kBlock; }
  // Thread-safe for different portions.
  void take(const JobGradients& gradients);

 private:
  const winnow_gradient_sink* find(winnow_gradient_sink_kind kind) const;
  // Doubles of one job.
  int64_t size_of(const winnow_gradient_sink& sink) const;
  template <typename T>
  void take_rows(const JobGradients& gradients);
  template <typename T>
  void sum(const winnow_gradient_sink& sink, const JobGradients& gradients, int64_t l, const T* row) const;
  template <typename T>
  void add_signs(const winnow_gradient_sink& sink, const JobGradients& gradients);

  std::vector<winnow_gradient_sink> sinks_;
  uint32_t roles_ = 0;
  bool all_at_once_ = false;
  const Plan* plan_ = nullptr;
  const winnow_call* call_ = nullptr;
  int64_t cotangents_ = 0, elements_ = 0, tensors_ = 0, channels_ = 0;
  std::array<std::mutex, 16> signs_;  // of jobs; blocks of one job add to the same sums
};

}  // namespace winnow
