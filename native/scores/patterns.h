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
  // regions, units [jobs], nullptr: not wanted.
  Patterns(const Plan& plan, const winnow_call& call, Kernels kernels, int64_t* regions, int64_t* units = nullptr);

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
  // Distinct patterns of units over the samples.
  int64_t distinct_units(const JobPatterns& patterns) const;
  bool blocks_units(const winnow_job& job) const;

  const Plan& plan_;
  const winnow_call& call_;
  Kernels kernels_;
  int64_t *regions_, *units_;
  std::vector<PatternLayout> layouts_;             // by job
  std::vector<std::vector<WeightClass>> classes_;  // by job
};

}  // namespace winnow
