#include "scores/scores.h"

#include <algorithm>
#include <vector>

#include "abi/guard.h"
#include "kernels/bits.h"
#include "scores/distinct.h"
#include "winnow/scores.h"

using namespace winnow;

namespace {

constexpr int64_t kMostMultiplicity = int64_t{1} << 20;

}  // namespace

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
    require_capacity(capacity, {call->job_count}, "regions");
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
    PatternLayout layout;
    std::vector<int64_t> first;
    for (const Tap& tap : p.taps()) {
      first.push_back(layout.bits);
      layout.bits += p.graph()[tap.value].shape.elements();
    }
    *units = layout.bits;
    if (call->job_count == 0) return;
    require(patterns, "patterns");
    const int64_t words = layout.words(), samples = largest_input(*call);
    require_capacity(capacity, {call->job_count, samples, words}, "patterns", "words");
    const int64_t each = samples * words;
    std::vector<PatternLayout> layouts(static_cast<size_t>(call->job_count), layout);
    for (int64_t j = 0; j < call->job_count; ++j) {
      for (size_t t = 0; t < first.size(); ++t) {
        const Tap& tap = p.taps()[t];
        if (p.has(*call, call->jobs[j], tap.node)) layouts[static_cast<size_t>(j)].parts.push_back({tap.value, first[t]});
      }
    }
    p.patterns(*call, layouts,
               [&](const JobPatterns& part) { std::copy_n(part.rows, part.samples * words, patterns + part.job * each); });
  });
}

winnow_status winnow_activation_kernel(winnow_plan* plan, const winnow_call* call, const int64_t* multiplicities,
                                       int64_t tap_count, int64_t* kernel, int64_t capacity, winnow_error* error) {
  return guard(error, [&] {
    require(plan, "plan");
    require(call, "call");
    Plan& p = *plan->plan;
    const Plan::Busy busy(p);
    p.check(*call);
    std::vector<int64_t> weights;
    for (const Tap& tap : p.taps()) weights.push_back(tap.multiplicity);
    if (multiplicities != nullptr || tap_count != 0) {
      require(multiplicities, "multiplicities");
      if (tap_count != static_cast<int64_t>(weights.size())) {
        throw Failure(WINNOW_INVALID, "tap_count must be the plan's " + std::to_string(weights.size()) + " but was " +
                                          std::to_string(tap_count));
      }
      weights.assign(multiplicities, multiplicities + tap_count);
    }
    for (size_t t = 0; t < weights.size(); ++t) {
      if (weights[t] < 0 || weights[t] > kMostMultiplicity) {
        throw Failure(WINNOW_INVALID, "multiplicity of tap " + std::to_string(t) + " must be in [0, " +
                                          std::to_string(kMostMultiplicity) + "] but was " + std::to_string(weights[t]));
      }
    }
    if (call->job_count == 0) return;
    require(kernel, "kernel");
    const int64_t samples = largest_input(*call);
    require_capacity(capacity, {call->job_count, samples, samples}, "kernel");
    activation_kernel(p, *call, weights, samples * samples, kernel);
  });
}

winnow_status winnow_hamming_gram(const winnow_device* device, const uint64_t* code, int64_t n, int64_t words, int64_t u,
                                  int64_t* kernel, int64_t capacity, winnow_error* error) {
  return guard(error, [&] {
    require(device, "device");
    if (n < 0 || n > INT32_MAX) throw Failure(WINNOW_INVALID, "n must be in [0, 2^31) but was " + std::to_string(n));
    if (words < 0 || words > INT64_MAX / 64 || u < 0 || u > 64 * words) {
      throw Failure(WINNOW_INVALID,
                    "u must be in [0, 64 words] but was " + std::to_string(u) + " of " + std::to_string(words) + " words");
    }
    require_capacity(capacity, {n, n}, "kernel");
    if (n == 0) return;
    if (words > 0) require(code, "code");
    require(kernel, "kernel");
    std::fill(kernel, kernel + n * n, int64_t{0});
    bit_kernels_of(device->device->variant).hamming_gram({code, n, words, words, u, 1, kernel});
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
