#include "scores/scores.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "abi/guard_call.h"
#include "kernels/bits.h"
#include "plan/blocks.h"
#include "scores/activations.h"
#include "scores/distinct.h"
#include "scores/patterns.h"
#include "scores/sinks.h"
#include "winnow/scores.h"

using namespace winnow;

namespace {

constexpr int64_t kMostMultiplicity = int64_t{1} << 20;

// How often each tap counts: as it was asked for, else as the plan's taps say.
std::vector<int64_t> multiplicities_of(const Plan& plan, const int64_t* multiplicities, int64_t tap_count) {
  std::vector<int64_t> weights;
  for (const Tap& tap : plan.taps()) weights.push_back(tap.multiplicity);
  if (multiplicities != nullptr || tap_count != 0) {
    require(multiplicities, "multiplicities");
    if (tap_count != static_cast<int64_t>(weights.size())) {
      throw Failure(WINNOW_INVALID,
                    "tap_count must be the plan's " + std::to_string(weights.size()) + " but was " + std::to_string(tap_count));
    }
    weights.assign(multiplicities, multiplicities + tap_count);
  }
  for (size_t t = 0; t < weights.size(); ++t) {
    if (weights[t] < 0 || weights[t] > kMostMultiplicity) {
      throw Failure(WINNOW_INVALID, "multiplicity of tap " + std::to_string(t) + " must be in [0, " +
                                        std::to_string(kMostMultiplicity) + "] but was " + std::to_string(weights[t]));
    }
  }
  return weights;
}

// Room of what is wanted of the patterns.
void check_patterns(const winnow_readings& readings, const winnow_call& call, const Plan& plan) {
  if (readings.kernel != nullptr) {
    const int64_t samples = largest_input(call);
    require_capacity(readings.kernel_capacity, {call.job_count, samples, samples}, "kernel");
  }
  if (readings.regions != nullptr) require_capacity(readings.regions_capacity, {call.job_count}, "regions");
  if (readings.unit_patterns != nullptr) {
    require_capacity(readings.unit_patterns_capacity, {call.job_count}, "unit_patterns");
  }
  if (readings.tap_patterns != nullptr) {
    const auto taps = static_cast<int64_t>(plan.taps().size());
    require_capacity(readings.tap_patterns_capacity, {call.job_count, taps}, "tap_patterns");
  }
  if (readings.pattern_counts != nullptr) {
    require_capacity(readings.pattern_counts_capacity, {call.job_count, WINNOW_COUNTS}, "pattern_counts");
  }
}

}  // namespace

winnow_status winnow_linear_regions(winnow_plan* plan, const winnow_call* call, int64_t* regions, int64_t capacity,
                                    winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    if (call->job_count == 0) return;
    require(regions, "regions");
    require_capacity(capacity, {call->job_count}, "regions");
    const Patterns patterns(p, *call, {nullptr, 0, {}}, regions);
    p.patterns(*call, patterns.reader());
  });
}

winnow_status winnow_synaptic_flow(winnow_plan* plan, const winnow_call* call, double* flow, int64_t capacity,
                                   winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    if (call->job_count == 0) return;
    require(flow, "flow");
    require_capacity(capacity, {call->job_count}, "flow");
    synaptic_flow(p, *call, flow);
  });
}

winnow_status winnow_patterns(winnow_plan* plan, const winnow_call* call, uint64_t* patterns, int64_t capacity, int64_t* units,
                              winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(units, "units");
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
    p.patterns(*call, {layouts, [&](const JobPatterns& part) {
                         std::copy_n(part.rows, part.samples * words, patterns + part.job * each);
                       }});
  });
}

winnow_status winnow_activation_kernel(winnow_plan* plan, const winnow_call* call, const int64_t* multiplicities,
                                       int64_t tap_count, int64_t* kernel, int64_t capacity, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    const std::vector<int64_t> weights = multiplicities_of(p, multiplicities, tap_count);
    if (call->job_count == 0) return;
    require(kernel, "kernel");
    const int64_t samples = largest_input(*call);
    require_capacity(capacity, {call->job_count, samples, samples}, "kernel");
    const Patterns patterns(p, *call, {kernel, samples * samples, weights}, nullptr);
    p.patterns(*call, patterns.reader());
  });
}

winnow_status winnow_read(winnow_plan* plan, const winnow_call* call, const winnow_readings* readings, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(readings, "readings");
    require_size(readings->size, sizeof *readings, "winnow_readings");
    const winnow_cotangents* cotangents = readings->cotangents;
    const Patterns::Units units = {readings->unit_patterns, readings->tap_patterns, readings->pattern_counts};
    const bool of_patterns = readings->kernel != nullptr || readings->regions != nullptr || units.wanted();
    if (cotangents == nullptr && (readings->sinks != nullptr || readings->sink_count != 0)) {
      throw Failure(WINNOW_INVALID, "sinks without cotangents receive nothing");
    }
    if (cotangents == nullptr && !of_patterns) throw Failure(WINNOW_INVALID, "nothing is read of the pass");
    std::unique_ptr<Sinks> to;
    if (cotangents != nullptr) {
      require(readings->sinks, "sinks");
      to = std::make_unique<Sinks>(readings->sinks, readings->sink_count);
    }
    if (to != nullptr) {
      p.check(*cotangents, *call);
      to->open(p, *call, *cotangents);
      if (of_patterns && !p.reads_patterns(*cotangents)) {
        throw Failure(WINNOW_UNSUPPORTED, "patterns beside " + std::to_string(cotangents->count) +
                                              " cotangents of a float32 plan: their forward pass runs in double");
      }
    }
    const std::vector<int64_t> weights = multiplicities_of(p, readings->multiplicities, readings->tap_count);
    check_patterns(*readings, *call, p);
    if (call->job_count == 0) return;
    const int64_t samples = largest_input(*call);
    const Patterns patterns(p, *call, {readings->kernel, samples * samples, weights}, readings->regions, units);
    const PatternReader reader = patterns.reader();
    if (to == nullptr) {
      p.patterns(*call, reader);
      return;
    }
    p.gradients(
        *call, *cotangents, to->roles(), to->portion(), [&](const JobGradients& gradients) { to->take(gradients); },
        of_patterns ? &reader : nullptr);
  });
}

winnow_status winnow_activations(winnow_plan* plan, const winnow_call* call, const winnow_activation_sink* sinks,
                                 int64_t sink_count, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    const ActivationSinks to(p, *call, sinks, sink_count);
    if (call->job_count == 0) return;
    p.activations(*call, to.values(), [&](const JobActivations& activations) { to.take(activations); });
  });
}

winnow_status winnow_block_products(winnow_plan* plan, const winnow_call* call, const int64_t* features, int64_t count,
                                    double* products, int64_t capacity, winnow_error* error) {
  return guard_call(plan, call, error, [&](Plan& p) {
    require(features, "features");
    const Blocks blocks(p.graph(), features, count);
    for (int64_t j = 0; j < call->job_count; ++j) {
      const winnow_job& job = call->jobs[j];
      const std::string which = "job " + std::to_string(j);
      if (job.stream < 0) throw Failure(WINNOW_INVALID, which + " needs a stream of random signs");
      if (call->inputs[job.input].samples != p.batch()) {
        throw Failure(WINNOW_INVALID, which + ": a backward pass takes exactly one batch of " + std::to_string(p.batch()) +
                                          " samples but the input has " + std::to_string(call->inputs[job.input].samples));
      }
    }
    if (call->job_count == 0) return;
    require(products, "products");
    require_capacity(capacity, {call->job_count, blocks.each}, "products");
    p.block_products(*call, blocks, products);
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
