#include "scores/scores.h"

#include <algorithm>

#include "abi/guard.h"
#include "scores/distinct.h"
#include "winnow/scores.h"

using namespace winnow;

winnow_status winnow_linear_regions(winnow_plan* plan, const winnow_call* call, int64_t* regions, int64_t capacity,
                                    winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    if (call->job_count == 0) return;
    require(regions, "regions");
    if (capacity < call->job_count) {
      throw Failure(WINNOW_INVALID,
                    "regions needs " + std::to_string(call->job_count) + " elements but has " + std::to_string(capacity));
    }
    linear_regions(p, *call, regions);
  });
}

winnow_status winnow_patterns(winnow_plan* plan, const winnow_call* call, uint64_t* patterns, int64_t capacity, int64_t* units,
                              winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    require(units, "units");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    *units = 0;
    for (const Tap& tap : p.taps()) *units += p.graph()[tap.value].shape.elements();
    if (call->job_count == 0) return;
    require(patterns, "patterns");
    const int64_t words = std::max<int64_t>(1, (*units + 63) / 64);
    const int64_t samples = largest_input(*call);
    int64_t each, needed;
    if (__builtin_mul_overflow(samples, words, &each) || __builtin_mul_overflow(each, call->job_count, &needed) ||
        capacity < needed) {
      throw Failure(WINNOW_INVALID, "patterns needs " + std::to_string(call->job_count) + " x " + std::to_string(samples) +
                                        " x " + std::to_string(words) + " words but has " + std::to_string(capacity));
    }
    p.patterns(*call, p.taps(), true, [&](const JobPatterns& part) {
      std::copy_n(part.patterns, p.batch() * words, patterns + part.job * each + part.batch_index * p.batch() * words);
    });
  });
}

winnow_status winnow_distinct_rows(const uint64_t* rows, int64_t n, int64_t words, int64_t* distinct, winnow_error* error) {
  return guard(error, [&] {
    require(distinct, "distinct");
    if (n < 0 || n > INT64_MAX / 32) throw Failure(WINNOW_INVALID, "n must be >= 0 but was " + std::to_string(n));
    if (words < 1) throw Failure(WINNOW_INVALID, "words must be >= 1 but was " + std::to_string(words));
    if (n > 0) require(rows, "rows");
    *distinct = distinct_rows(rows, n, words);
  });
}
