// What is counted of the activation patterns of a call's jobs; the mathematics is in include/winnow/scores.h.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "winnow/plan.h"

namespace winnow {

class Patterns {
 public:
  // Activation kernels: a job's [samples][samples] is at values + job * each; nullptr: not wanted. multiplicities [taps].
  struct Kernels {
    int64_t* values;
    int64_t each;
    std::vector<int64_t> multiplicities;
  };
  // Of the units' answers to the samples; nullptr: not wanted.
  struct Units {
    int64_t* distinct;  // [jobs]
    int64_t* by_tap;    // [jobs][taps]
    int64_t* counts;    // [jobs][WINNOW_COUNTS]
    bool wanted() const { return distinct != nullptr || by_tap != nullptr || counts != nullptr; }
  };
  // regions [jobs], nullptr: not wanted.
  Patterns(const Plan& plan, const winnow_call& call, Kernels kernels, int64_t* regions,
           Units units = {nullptr, nullptr, nullptr});

  // Valid as long as this.
  PatternReader reader() const;

 private:
  // Units that count equally often, in whole words of a row.
  struct WeightClass {
    int64_t weight, first_word, units;
  };
  // Gives every value the sum of its taps' multiplicities and puts values of equal weight side by side.
  void lay_out(const winnow_job& job);
  // Agreement of units that are constant: those of blocked operations.
  int64_t constant_agreement(const winnow_job& job) const;
  void count(const JobPatterns& patterns) const;
  void count_units(const JobPatterns& patterns) const;

  const Plan& plan_;
  const winnow_call& call_;
  Kernels kernels_;
  int64_t* regions_;
  Units units_;
  std::vector<PatternLayout> layouts_;             // by job
  std::vector<std::vector<WeightClass>> classes_;  // by job
};

}  // namespace winnow
