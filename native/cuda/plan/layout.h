// What the rows of a call run together, and where all of it lies in a pass's and a task's memory (kernels/kernel.h).
//
// Rows differ in which operations they have. The launches of a call are those of the union of its rows; each pass switches off
// by a table of slots what its own row does not have. So a round of candidates is one list of launches, however they differ.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "plan/program.h"

namespace winnow {

// Memory for values that live from one step to another, handed on when nobody reads it any more.
class Lifetimes {
 public:
  // Elements for steps [first, last]; `first` never decreases from call to call. Returns where they begin.
  int64_t place(int64_t elements, int64_t first, int64_t last);
  int64_t elements() const { return elements_; }

 private:
  struct Live {
    int64_t offset, end, last;
  };
  std::vector<Live> live_;
  int64_t elements_ = 0;
};

class MachineLayout {
 public:
  // Of the rows that the jobs of a call use; `wanted` as in Program.
  MachineLayout(const Graph& graph, int64_t batch, const std::vector<int32_t>& states, const std::vector<int64_t>& wanted,
                bool backward);

  const Program& all() const { return all_; }
  int64_t batch() const { return batch_; }

  // A pass's values, elements; -1 where it has none: not run, or a norm that is applied where it is read.
  int64_t value(int64_t v) const { return values_[static_cast<size_t>(v)]; }
  int64_t value_elements() const { return value_elements_; }
  // First channel of a norm among those of all norms; -1 for others.
  int64_t norm(int64_t v) const { return norms_[static_cast<size_t>(v)]; }
  int64_t norm_channels() const { return norm_channels_; }

  // A task's gradients, elements. Of a value whose gradient is another's, that one's; of a convolution under a norm, the norm's.
  int64_t gradient(int64_t v) const { return gradients_[static_cast<size_t>(v)]; }
  bool stored(int64_t v) const;  // its gradient has memory of its own
  int64_t gradient_elements() const { return lifetimes_.elements(); }
  // Channels of values whose gradients are added up, [task]; -1 for others.
  int64_t sum(int64_t v) const { return sums_[static_cast<size_t>(v)]; }
  int64_t sum_channels() const { return sum_channels_; }
  // Correlations of a source's weight groups, doubles of a task.
  int64_t correlation(int64_t source, size_t group) const { return correlations_.at({source, group}); }
  int64_t correlation_elements() const { return correlation_elements_; }
  // Sums over a convolution's input under a norm, doubles of a pass: of x at `first`, of x z at `second`.
  std::pair<int64_t, int64_t> prepared(int64_t v) const { return prepared_.at(v); }
  int64_t prepared_elements() const { return prepared_elements_; }

  // Slots: whether a pass runs a value; whether its gradient flows and what the buffer it lies in is taken times; whether a sum
  // adds a value, and times what; whether a value takes a sum's gradient, and times what.
  int32_t runs(int64_t v) const { return static_cast<int32_t>(v); }
  int32_t flows(int64_t v) const { return static_cast<int32_t>(size_ + v); }
  int32_t term(int64_t sum, int64_t value) const { return terms_.at({sum, value}); }
  int32_t sent(int64_t sum, int64_t value) const { return term(sum, value) + term_count_; }
  int32_t slots() const { return static_cast<int32_t>(2 * size_) + 2 * term_count_; }
  // Fills a pass's slots for one row.
  void fill(const Program& row, uint8_t* present, double* factor) const;
  // The distinct values that a sum adds in any row.
  std::vector<int64_t> inputs(int64_t sum) const;

 private:
  void lay_values();
  void lay_gradients();
  void lay_sums();

  const Graph& graph_;
  int64_t batch_, size_;
  Program all_;
  std::vector<int64_t> values_, norms_, gradients_, sums_;
  int64_t value_elements_ = 0, norm_channels_ = 0, sum_channels_ = 0, correlation_elements_ = 0, prepared_elements_ = 0;
  Lifetimes lifetimes_;
  std::map<std::pair<int64_t, size_t>, int64_t> correlations_;
  std::map<int64_t, std::pair<int64_t, int64_t>> prepared_;
  std::map<std::pair<int64_t, int64_t>, int32_t> terms_;
  int32_t term_count_ = 0;
};

// What any of the rows does with each choice: it runs where one of them runs it.
std::vector<int32_t> union_of(const std::vector<const int32_t*>& rows, int64_t choices);

}  // namespace winnow
