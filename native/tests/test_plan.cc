// Plans, through the C interface, against the reference network: every variant, both number types, all norm modes, jobs of
// different rows, parameters and inputs. Bounds: a sum of N rounded terms is off by at most N ulp of the largest partial sum; the
// networks here have paths of some 10^4 operations, which gives 1e-10 in double and 1e-4 in single for logits. Gradients of a
// float32 plan follow a forward pass in double, so their signs are exact and 1e-5 of the largest entry is left.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "native_plan.h"
#include "plan/state.h"

using namespace winnow;
using namespace winnow::test;

namespace {

// On a GPU only it: the CPU's variants are another executable's.
std::vector<const char*> variants() {
  std::vector<const char*> names;
  if (MachineUnderTest::get().emulated()) names = cpu_variant_names();
  names.push_back(kMachine);
  return names;
}

// Those of the CPU, each in both types.
std::vector<std::pair<const char*, winnow_dtype>> variants_and_types() {
  std::vector<std::pair<const char*, winnow_dtype>> all;
  for (const char* variant : cpu_variant_names()) all.insert(all.end(), {{variant, WINNOW_F64}, {variant, WINNOW_F32}});
  return all;
}

using TensorValues = std::vector<std::vector<double>>;  // by tensor of the network

// Expected gradients of one job: [cotangent][tensor][element]; and whether another order of summation gives them too.
struct Expected {
  std::vector<TensorValues> gradients;
  std::vector<std::vector<double>> inputs;  // [cotangent][batch, c, h, w]
  bool comparable;
  double cotangent;  // the largest
};

// Below this distance a rounding may flip a unit, and gradients jump; past this steepness of a norm they are rounding, magnified:
// such a job says nothing. Counted, and must stay rare.
constexpr double kMargin = 1e-11, kSteepness = 60;

Expected expect(const Tables& t, const winnow_job& job, const Cotangents& given) {
  Reference reference = reference_of(t, job);
  run(t, job, 0, reference);
  Expected expected{{}, {}, margin_of(t, reference) >= kMargin && reference.steepness() <= kSteepness, 0};
  for (const std::vector<double>& cotangent : expand(t, job, given, logits_of(t, reference))) {
    ReferenceGradients<double> gradients = reference.backward(cotangent);
    expected.gradients.push_back(std::move(gradients.tensors));
    expected.inputs.push_back(std::move(gradients.input));
    expected.cotangent = std::max(expected.cotangent, largest_of(cotangent.data(), static_cast<int64_t>(cotangent.size())));
  }
  return expected;
}

struct Tally {
  int64_t compared = 0, incomparable = 0;
} tally;

// `actual` [count][elements of the chosen tensors] against the reference, tensor by tensor.
void compare_gradients(const Tables& t, const Expected& expected, const double* actual, uint32_t roles, double relative) {
  double overall = expected.cotangent;
  for (const TensorValues& row : expected.gradients) {
    for (const std::vector<double>& tensor : row) {
      overall = std::max(overall, largest_of(tensor.data(), static_cast<int64_t>(tensor.size())));
    }
  }
  for (const TensorValues& row : expected.gradients) {
    for (size_t i = 0; i < row.size(); ++i) {
      const Tensor& tensor = t.network->tensors()[i];
      if ((roles >> tensor.role & 1u) == 0) continue;
      double most = 0;
      for (const TensorValues& other : expected.gradients) most = std::max(most, largest_of(other[i].data(), tensor.elements));
      // A norm's derivative is a difference of numbers as large as the gradients elsewhere (the bias under a norm has none at
      // all, exactly): hence the second term.
      const double bound = relative * (most + 0.1 * overall);
      double worst = 0;
      for (int64_t e = 0; e < tensor.elements; ++e) {
        const double off = std::fabs(*actual++ - row[i][static_cast<size_t>(e)]);
        worst = off <= worst ? worst : off;  // keeps a NaN
      }
      check(worst <= bound, __FILE__, __LINE__,
            "gradient of " + tensor.name + " is off by " + text_of(worst) + ", allowed " + text_of(bound) + ", largest " +
                text_of(most));
    }
  }
}

// `actual` [count][batch, c, h, w] against the reference.
void compare_inputs(const Tables& t, const Expected& expected, const double* actual, double relative) {
  double overall = expected.cotangent;
  for (const TensorValues& row : expected.gradients) {
    for (const std::vector<double>& tensor : row) {
      overall = std::max(overall, largest_of(tensor.data(), static_cast<int64_t>(tensor.size())));
    }
  }
  const int64_t elements = t.batch * t.input_elements();
  for (const std::vector<double>& row : expected.inputs) {
    const double bound = relative * (largest_of(row.data(), elements) + 0.1 * overall);  // as of a tensor, see above
    double worst = 0;
    for (const double value : row) {
      const double off = std::fabs(*actual++ - value);
      worst = off <= worst ? worst : off;  // keeps a NaN
    }
    check(worst <= bound, __FILE__, __LINE__, "input gradient is off by " + text_of(worst) + ", allowed " + text_of(bound));
  }
}

void compare_gram(const Expected& expected, uint32_t roles, const Network& network, const double* actual, double relative) {
  const size_t count = expected.gradients.size();
  std::vector<double> gram(count * count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) {
      for (size_t k = 0; k < network.tensors().size(); ++k) {
        if ((roles >> network.tensors()[k].role & 1u) == 0) continue;
        const std::vector<double>&a = expected.gradients[i][k], &b = expected.gradients[j][k];
        for (size_t e = 0; e < a.size(); ++e) gram[i * count + j] += a[e] * b[e];
      }
    }
  }
  // Gradients that cancel exactly leave the squares of their roundings.
  const double noise = relative * expected.cotangent;
  const double bound = relative * largest_of(gram.data(), static_cast<int64_t>(gram.size())) +
                       noise * noise * static_cast<double>(network.parameters());
  for (size_t i = 0; i < gram.size(); ++i) CHECK_NEAR(actual[i], gram[i], bound);
}

void check_forward(const Tables& t, Native& native, double relative) {
  std::vector<winnow_job> jobs = t.jobs;
  jobs.push_back({1, 0, 2, -1, 1});  // two batches: the others leave the second half untouched
  const std::vector<double> logits = native.forward(jobs);
  const int64_t half = t.batch * t.outputs();
  for (size_t j = 0; j < jobs.size(); ++j) {
    Reference reference = reference_of(t, jobs[j]);
    for (int64_t b = 0; b < 2; ++b) {
      const double* actual = logits.data() + (static_cast<int64_t>(j) * 2 + b) * half;
      if (b * t.batch >= t.samples(jobs[j].input)) {
        CHECK(std::all_of(actual, actual + half, [](double value) { return std::isnan(value); }));
        continue;
      }
      run(t, jobs[j], b, reference);
      const std::vector<double>& logits_expected = logits_of(t, reference);
      const double bound = relative * std::max(1.0, largest_of(logits_expected.data(), half));
      for (int64_t i = 0; i < half; ++i) CHECK_NEAR(actual[i], logits_expected[static_cast<size_t>(i)], bound);
    }
  }
}

// The definition over the packed patterns: equal bits of two samples, times the multiplicity of the tap that they belong to.
void check_activation_kernel(const Tables& t, Native& native, const std::vector<winnow_job>& jobs,
                             const std::vector<int64_t>& taps, const std::vector<uint64_t>& bits, int64_t words) {
  std::vector<int64_t> weights;
  for (size_t k = 0; k < taps.size(); ++k) weights.push_back(static_cast<int64_t>(k * 7 % 4));  // 0 among them, and equal ones
  const int64_t samples = 2 * t.batch;
  const std::vector<int64_t> once = native.activation_kernel(jobs, samples, {});
  const std::vector<int64_t> kernel = native.activation_kernel(jobs, samples, weights);
  for (size_t j = 0; j < jobs.size(); ++j) {
    const Reference reference = reference_of(t, jobs[j]);
    const int64_t own = t.samples(jobs[j].input);
    const uint64_t* rows = bits.data() + static_cast<int64_t>(j) * samples * words;
    int64_t wrong = 0;
    for (int64_t a = 0; a < own; ++a) {
      for (int64_t b = 0; b < own; ++b) {
        int64_t unit = 0, expected_once = 0, expected = 0;
        for (size_t k = 0; k < taps.size(); ++k) {
          for (int64_t u = 0; u < t.network->nodes()[static_cast<size_t>(taps[k])].shape.elements(); ++u, ++unit) {
            const bool equal = ((rows[a * words + unit / 64] ^ rows[b * words + unit / 64]) >> (unit % 64) & 1u) == 0;
            if (!equal || !reference.counts(taps[k])) continue;
            expected_once += 1;
            expected += weights[k];
          }
        }
        const auto at = static_cast<size_t>(static_cast<int64_t>(j) * samples * samples + a * own + b);
        wrong += once[at] != expected_once;
        if (!weights.empty()) wrong += kernel[at] != expected;
      }
    }
    CHECK_EQUAL(wrong, 0);
  }
}

void check_patterns(const Tables& t, Native& native, winnow_dtype dtype) {
  std::vector<winnow_job> jobs = t.jobs;
  jobs.push_back({1, 0, 2, -1, 1});
  std::vector<int64_t> taps;
  int64_t expected_units = 0;
  for (size_t n = 0; n < t.network->nodes().size(); ++n) {
    if (t.network->nodes()[n].operation != WINNOW_RELU) continue;
    taps.push_back(static_cast<int64_t>(n));
    expected_units += t.network->nodes()[n].shape.elements();
  }
  const int64_t words = std::max<int64_t>(1, (expected_units + 63) / 64), samples = 2 * t.batch;
  int64_t units = -1;
  const std::vector<uint64_t> bits = native.patterns(jobs, samples, words, &units);
  CHECK_EQUAL(units, expected_units);
  check_activation_kernel(t, native, jobs, taps, bits, words);
  const std::vector<int64_t> regions = native.regions(jobs);
  // In float32 a unit within the rounding of the logits may land on either side.
  const double unsure = dtype == WINNOW_F64 ? 1e-11 : 1e-3;
  for (size_t j = 0; j < jobs.size(); ++j) {
    Reference reference = reference_of(t, jobs[j]);
    std::set<std::vector<uint64_t>> distinct;
    const int64_t own = t.samples(jobs[j].input);
    for (int64_t sample = 0; sample < own; ++sample) {
      if (sample % t.batch == 0) run(t, jobs[j], sample / t.batch, reference);
      const uint64_t* row = bits.data() + (static_cast<int64_t>(j) * samples + sample) * words;
      distinct.insert({row, row + words});
      int64_t unit = 0, wrong = 0;
      for (const int64_t tap : taps) {
        const Node& node = t.network->nodes()[static_cast<size_t>(tap)];
        const bool exists = reference.exists(tap);
        const double* in = exists ? reference.value(node.inputs[0]).data() + sample % t.batch * node.shape.elements() : nullptr;
        for (int64_t u = 0; u < node.shape.elements(); ++u, ++unit) {
          const bool bit = (row[unit / 64] >> (unit % 64) & 1u) != 0;
          if (exists && in[u] != 0 && std::fabs(in[u]) < unsure) continue;
          wrong += bit != (exists && in[u] > 0);
        }
      }
      CHECK_EQUAL(wrong, 0);
      for (; unit < 64 * words; ++unit) wrong += (row[unit / 64] >> (unit % 64) & 1u) != 0;
      CHECK_EQUAL(wrong, 0);
    }
    CHECK_EQUAL(regions[j], static_cast<int64_t>(distinct.size()));
  }
}

// One call of all jobs is the calls of each: bit for bit.
void check_jobs_are_apart(const Tables& t, Native& native, const Cotangents& kind, const std::vector<double>& together) {
  std::vector<double> apart;
  for (const winnow_job& job : t.jobs) {
    const std::vector<double> one = native.backward({job}, kind, WINNOW_SINK_COPY, kAllRoles);
    apart.insert(apart.end(), one.begin(), one.end());
  }
  check_same_bits(apart, together, "the gradients of jobs one by one");
}

// Sinks are what plain loops over the copied gradients give, in the order that the header names; and what one pass gives several
// readers is what each reads alone: bit for bit. Of the sinks the one in `turn` is read alone: the others have theirs with other
// cotangents.
void check_readings(const Tables& t, Native& native, winnow_dtype dtype, const Cotangents& kind, size_t turn,
                    const std::vector<double>& gradients) {
  const std::vector<winnow_gradient_sink_kind> kinds = {WINNOW_SINK_NORM, WINNOW_SINK_WEIGHTED, WINNOW_SINK_WEIGHTED_ABS,
                                                        WINNOW_SINK_SIGN_SUM, WINNOW_SINK_COPY};
  std::vector<std::vector<double>> expected(kinds.size());
  const int64_t each = t.network->parameters();
  expected[3].resize(t.jobs.size() * static_cast<size_t>(each));
  expected[4] = gradients;
  const double* g = gradients.data();
  for (size_t j = 0; j < t.jobs.size(); ++j) {
    const Parameters& parameters = t.parameters[static_cast<size_t>(t.jobs[j].parameters)];
    for (int64_t l = 0; l < kind.count; ++l) {
      double* signs = expected[3].data() + static_cast<int64_t>(j) * each;
      for (size_t k = 0; k < t.network->tensors().size(); ++k) {
        const Tensor& tensor = t.network->tensors()[k];
        if (tensor.role > WINNOW_NORM_SHIFT) continue;
        double squares = 0, products = 0, moduli = 0;
        for (const double w : parameters.values(static_cast<int64_t>(k)).copy()) {
          squares += *g * *g;
          products += w * *g;
          moduli += std::abs(w * *g);
          *signs++ += *g > 0 ? 1 : *g < 0 ? -1 : 0;
          ++g;
        }
        expected[0].push_back(std::sqrt(squares));
        expected[1].push_back(products);
        expected[2].push_back(moduli);
      }
    }
  }
  const Native::Read alone = native.read(t.jobs, kind, {}, true);
  for (const bool with_patterns : {false, true}) {
    if (with_patterns && dtype == WINNOW_F32 && kind.count > 1) continue;
    const Native::Read together = native.read(t.jobs, kind, kinds, with_patterns);
    for (size_t k = 0; k < kinds.size(); ++k) {
      check_same_bits(together.sinks[k], expected[k], "sink " + std::to_string(kinds[k]) + " of a shared pass");
      if (with_patterns || k != turn % kinds.size()) continue;
      check_same_bits(native.read(t.jobs, kind, {kinds[k]}, false).sinks[0], expected[k], "sink " + std::to_string(kinds[k]));
    }
    if (!with_patterns) continue;
    check_same_bits(together.kernel, alone.kernel, "the activation kernel of a shared pass");
    check_same_bits(together.regions, alone.regions, "the regions of a shared pass");
  }
  // All cotangents at once, as products need them, or in blocks.
  const Native::Read whole = native.read(t.jobs, kind, {WINNOW_SINK_SIGN_SUM, WINNOW_SINK_GRAM, WINNOW_SINK_COPY}, false);
  check_same_bits(whole.sinks[0], expected[3], "the sum of signs beside a Gram matrix");
  check_same_bits(whole.sinks[2], gradients, "the gradients beside a Gram matrix");
}

// The emulated device and the reference's loops take ten to a hundred times what the others do: not for large networks again.
void check_network(const std::vector<int64_t>& blob, int64_t batch, winnow_norm_mode mode, uint64_t case_seed,
                   bool slow_variants = true) {
  Draws draws(case_seed, 1);
  const Tables t = make_tables(blob, batch, mode, draws);
  const std::string where =
      "case " + std::to_string(case_seed) + " batch " + std::to_string(batch) + " norm mode " + std::to_string(mode);
  const std::vector<Cotangents> kinds = all_kinds(t, draws);
  std::vector<std::vector<Expected>> expected(kinds.size());  // [kind][job]
  for (size_t k = 0; k < kinds.size(); ++k) {
    for (const winnow_job& job : t.jobs) expected[k].push_back(expect(t, job, kinds[k]));
  }
  for (const Expected& e : expected[0]) ++(e.comparable ? tally.compared : tally.incomparable);
  const int64_t each = t.network->parameters();
  for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
    for (const char* variant : variants()) {
      const std::string name = variant;
      if (!slow_variants && (name == "reference" || (name == kMachine && MachineUnderTest::get().emulated()))) continue;
      const std::string here = where + " " + variant + (dtype == WINNOW_F64 ? " f64" : " f32");
      note(here);
      Native native(t, variant, dtype, 1);
      check_forward(t, native, dtype == WINNOW_F64 ? 1e-10 : 1e-4);
      check_patterns(t, native, dtype);
      const double relative = dtype == WINNOW_F64 ? 1e-10 : 1e-5;
      for (size_t k = 0; k < kinds.size(); ++k) {
        const int64_t count = kinds[k].count;
        note(here + " cotangents " + std::to_string(kinds[k].kind));
        const std::vector<double> gradients = native.backward(t.jobs, kinds[k], WINNOW_SINK_COPY, kAllRoles);
        const uint32_t roles = k % 2 == 0 ? WINNOW_NTK_ROLES : kAllRoles;
        const std::vector<double> gram = native.backward(t.jobs, kinds[k], WINNOW_SINK_GRAM, roles);
        for (size_t j = 0; j < t.jobs.size(); ++j) {
          if (!expected[k][j].comparable) continue;
          compare_gradients(t, expected[k][j], gradients.data() + static_cast<int64_t>(j) * count * each, kAllRoles, relative);
          compare_gram(expected[k][j], roles, *t.network, gram.data() + static_cast<int64_t>(j) * count * count, 4 * relative);
        }
        const auto [to_parameters, to_inputs] = native.to_the_input(t.jobs, kinds[k]);
        for (size_t j = 0; j < t.jobs.size(); ++j) {
          if (!expected[k][j].comparable) continue;
          const int64_t first = static_cast<int64_t>(j) * count;
          compare_gradients(t, expected[k][j], to_parameters.data() + first * each, kAllRoles, relative);
          compare_inputs(t, expected[k][j], to_inputs.data() + first * t.batch * t.input_elements(), relative);
        }
        if (k == 0) check_same_bits(native.ntk(t.jobs, roles), gram, "the kernel of winnow_ntk");
        if (k == 2) check_jobs_are_apart(t, native, kinds[k], gradients);
        check_readings(t, native, dtype, kinds[k], k, gradients);
      }
      const std::vector<double> kernel = native.ntk(t.jobs, WINNOW_NTK_ROLES), logits = native.forward(t.jobs);
      for (const int64_t threads : {2, 3}) {
        if (name == kMachine) break;  // it has one
        note(here + " threads " + std::to_string(threads));
        Native other(t, variant, dtype, threads);
        check_same_bits(other.ntk(t.jobs, WINNOW_NTK_ROLES), kernel, "the kernel");
        check_same_bits(other.forward(t.jobs), logits, "the logits");
      }
    }
  }
}

// Calls that must fail: each breaks one thing of a good one.
class Broken {
 public:
  Broken()
      : draws_(seed(), 77), tables_(make()), native_(tables_, "portable", WINNOW_F32, 1), call_(native_.call(tables_.jobs)) {
    cotangents_ = Native::cotangents({WINNOW_COTANGENT_ONES_ON_ROW, tables_.batch, {}});
    sink_ = {WINNOW_SINK_GRAM, WINNOW_NTK_ROLES, values_.data(), static_cast<int64_t>(values_.size())};
  }

  winnow_call call() const { return call_; }
  winnow_cotangents cotangents() const { return cotangents_; }
  winnow_gradient_sink sink() const { return sink_; }
  const Tables& tables() const { return tables_; }
  Native& native() { return native_; }

  void expect_forward(const winnow_call& call, winnow_status status, const char* text) {
    expect(winnow_forward(native_.plan(), &call, values_.data(), static_cast<int64_t>(values_.size()), &error_), status, text);
  }
  void expect_backward(const winnow_cotangents& cotangents, const winnow_gradient_sink& sink, winnow_status status,
                       const char* text, int64_t sinks = 1) {
    expect(winnow_backward(native_.plan(), &call_, &cotangents, &sink, sinks, &error_), status, text);
  }
  void expect_plan(const winnow_plan_options& options, winnow_status status, const char* text) {
    winnow_plan* plan = nullptr;
    expect(winnow_plan_create(native_.device(), native_.network(), &options, &plan, &error_), status, text);
    CHECK(plan == nullptr);
  }
  void expect(winnow_status actual, winnow_status status, const char* text) {
    note(text);
    CHECK_EQUAL(actual, status);
    CHECK_CONTAINS(std::string(error_.text), text);
    error_ = {};
  }
  winnow_error& error() { return error_; }
  std::vector<double>& values() { return values_; }

 private:
  Tables make() {
    NetworkBuilder b({1, 3, 3}, 2);
    const int64_t conv = b.convolution("conv", 0, 2, 3, 1, 1);
    const int64_t relu = b.relu("relu", b.batch_norm("norm", conv, 0), 0);
    b.linear("linear", b.global_average_pool("pool", b.weighted_sum("sum", {relu, conv}, {0, 1})), 3);
    return make_tables(b.blob(b.last()), 4, WINNOW_NORM_BATCH, draws_);
  }

  Draws draws_;
  Tables tables_;
  Native native_;
  winnow_call call_;
  winnow_cotangents cotangents_;
  winnow_gradient_sink sink_;
  std::vector<double> values_ = std::vector<double>(1000);
  winnow_error error_ = {};
};

}  // namespace

// Of a network this large the slow variants take minutes under a sanitizer, which sees as much of them in the random ones.
constexpr bool kSlowVariants = !kSanitized;

TEST(random_networks) {
  const int64_t batches[] = {17, 7, 33, 16, 2, 8, 9, 15};
  tally = {};
  for (int64_t k = 0; k < networks_of(32); ++k) {
    const uint64_t case_seed = seed() * 1000 + static_cast<uint64_t>(k);
    Draws draws(case_seed, 0);
    const NetworkBuilder network = random_network(draws, [](winnow_operation operation) {
      return winnow_supports(operation, WINNOW_PASS_BACKWARD, WINNOW_F64, WINNOW_CPU) == 1;
    });
    // Half of them, of every batch size, with the slow variants too.
    check_network(network.blob(network.last()), batches[k % 8], static_cast<winnow_norm_mode>(k % 3), case_seed,
                  (k + k / 8) % 2 == 0);
  }
  note("");
  std::printf("random networks: %" PRId64 " jobs compared, %" PRId64 " on a kink or noise\n", tally.compared,
              tally.incomparable);
  CHECK(tally.incomparable * 3 < tally.compared);
}

namespace {

// Rows [count][width] of `values` times the factors, added up.
std::vector<double> combined(const std::vector<double>& factors, const double* values, int64_t width) {
  std::vector<double> sum(static_cast<size_t>(width));
  for (const double factor : factors) {
    for (double& value : sum) value += factor * *values++;
  }
  return sum;
}

// What is linear in the cotangents is compared once for all of them, which spares the oracle a pass for each.
void check_large_network(const std::vector<int64_t>& blob, int64_t batch, winnow_norm_mode mode, uint64_t case_seed) {
  Draws draws(case_seed, 1);
  Tables t = make_tables(blob, batch, mode, draws);
  t.jobs.resize(2);
  const std::string where =
      "large case " + std::to_string(case_seed) + " batch " + std::to_string(batch) + " norm mode " + std::to_string(mode);
  std::vector<Cotangents> kinds = all_kinds(t, draws);
  kinds.resize(3);
  std::vector<std::vector<double>> factors;  // by kind
  std::vector<std::vector<Expected>> expected(kinds.size());
  for (size_t k = 0; k < kinds.size(); ++k) {
    for (int64_t l = 0; l < kinds[k].count; ++l) factors.resize(k + 1), factors[k].push_back(draws.normal());
  }
  for (const winnow_job& job : t.jobs) {
    Reference reference = reference_of(t, job);
    run(t, job, 0, reference);
    const bool comparable = reference.margin() >= kMargin && reference.steepness() <= kSteepness;
    ++(comparable ? tally.compared : tally.incomparable);
    for (size_t k = 0; k < kinds.size(); ++k) {
      std::vector<double> cotangent(logits_of(t, reference).size());
      const std::vector<std::vector<double>> rows = expand(t, job, kinds[k], logits_of(t, reference));
      for (size_t l = 0; l < rows.size(); ++l) {
        for (size_t i = 0; i < cotangent.size(); ++i) cotangent[i] += factors[k][l] * rows[l][i];
      }
      ReferenceGradients<double> gradients = reference.backward(cotangent);
      expected[k].push_back({{std::move(gradients.tensors)},
                             {std::move(gradients.input)},
                             comparable,
                             largest_of(cotangent.data(), static_cast<int64_t>(cotangent.size()))});
    }
  }
  const int64_t each = t.network->parameters(), pixels = batch * t.input_elements();
  for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
    for (const char* variant : cpu_variant_names()) {
      if (std::string(variant) == "reference") continue;
      const std::string here = where + " " + variant + (dtype == WINNOW_F64 ? " f64" : " f32");
      note(here);
      Native native(t, variant, dtype, 1);
      check_forward(t, native, dtype == WINNOW_F64 ? 1e-10 : 1e-4);
      for (size_t k = 0; k < kinds.size(); ++k) {
        if (dtype == WINNOW_F32 && kinds[k].count == 1) continue;  // among so many units some sign may flip
        note(here + " cotangents " + std::to_string(kinds[k].kind));
        const double relative = dtype == WINNOW_F64 ? 1e-10 : 1e-4;  // of a sum of up to 20 rows
        const std::vector<double> gradients = native.backward(t.jobs, kinds[k], WINNOW_SINK_COPY, kAllRoles);
        const auto [to_parameters, to_inputs] = native.to_the_input(t.jobs, kinds[k]);
        for (size_t j = 0; j < t.jobs.size(); ++j) {
          const Expected& own = expected[k][j];
          if (!own.comparable) continue;
          const int64_t first = static_cast<int64_t>(j) * kinds[k].count;
          compare_gradients(t, own, combined(factors[k], gradients.data() + first * each, each).data(), kAllRoles, relative);
          compare_gradients(t, own, combined(factors[k], to_parameters.data() + first * each, each).data(), kAllRoles,
                            relative);
          compare_inputs(t, own, combined(factors[k], to_inputs.data() + first * pixels, pixels).data(), relative);
        }
      }
    }
  }
}

}  // namespace

// The networks above have images of one strip of rows.
TEST(random_networks_of_large_images) {
  constexpr double kMost = 1e6;  // multiply-adds of a forward pass, of which the oracle's backward pass takes some 10 ns each
  tally = {};
  for (int64_t k = 0; k < networks_of(12); ++k) {
    const uint64_t case_seed = seed() * 1000 + 500 + static_cast<uint64_t>(k);
    Draws draws(case_seed, 0);
    for (;;) {
      const NetworkBuilder network = random_network(
          draws,
          [](winnow_operation operation) {
            return winnow_supports(operation, WINNOW_PASS_BACKWARD, WINNOW_F64, WINNOW_CPU) == 1;
          },
          kLargeSides);
      // What is no multiply-add costs as much as some for each element.
      const std::shared_ptr<const Network> decoded = network.network();
      double work = static_cast<double>(decoded->macs());
      bool in_strips = false;
      for (const Node& node : decoded->nodes()) {
        work += 5 * static_cast<double>(node.shape.elements());
        in_strips = in_strips || (node.operation == WINNOW_CONVOLUTION && node.shape.height > strip_rows(node.shape));
      }
      const int64_t batch = std::min<int64_t>(draws.integer(2, 20), static_cast<int64_t>(kMost / work));
      if (batch < 2 || !in_strips) continue;
      check_large_network(network.blob(network.last()), batch, static_cast<winnow_norm_mode>(k % 3), case_seed);
      break;
    }
  }
  note("");
  std::printf("large images: %" PRId64 " jobs compared, %" PRId64 " on a kink or noise\n", tally.compared, tally.incomparable);
  CHECK(tally.incomparable * 3 < tally.compared);
}

// The networks above run every operation on the emulated device, in both number types; what is said of a GPU is what they show.
TEST(a_gpu_runs_forward_and_back_what_a_cpu_runs_and_no_more) {
  for (int32_t operation = WINNOW_INPUT - 1; operation <= WINNOW_NOISE + 1; ++operation) {
    for (const winnow_dtype dtype : {WINNOW_F32, WINNOW_F64}) {
      for (const winnow_pass pass : {WINNOW_PASS_FORWARD, WINNOW_PASS_BACKWARD, WINNOW_PASS_ACTIVATIONS}) {
        CHECK_EQUAL(winnow_supports(operation, pass, dtype, WINNOW_CUDA), winnow_supports(operation, pass, dtype, WINNOW_CPU));
      }
      for (const winnow_pass pass : {WINNOW_PASS_TANGENT, WINNOW_PASS_BACKWARD_TANGENT, WINNOW_PASS_SALIENCIES}) {
        CHECK_EQUAL(winnow_supports(operation, pass, dtype, WINNOW_CPU),
                    operation >= WINNOW_INPUT && operation <= WINNOW_NOISE);
        CHECK_EQUAL(winnow_supports(operation, pass, dtype, WINNOW_CUDA), 0);
      }
    }
  }
  CHECK_EQUAL(winnow_supports(WINNOW_CONVOLUTION, WINNOW_PASS_BACKWARD, WINNOW_F32, WINNOW_CUDA), 1);
  CHECK_EQUAL(winnow_supports(WINNOW_CONVOLUTION, WINNOW_PASS_SALIENCIES + 1, WINNOW_F32, WINNOW_CPU), 0);
  CHECK_EQUAL(winnow_supports(WINNOW_CONVOLUTION, WINNOW_PASS_BACKWARD, WINNOW_F32, WINNOW_CUDA + 1), 0);
}

TEST(nas_bench_201_supernet) {
  const NetworkBuilder builder = nb201_supernet({3, 8, 8}, 3, 1, 3, true, 10);
  for (const winnow_norm_mode mode : {WINNOW_NORM_BATCH, WINNOW_NORM_RUNNING, WINNOW_NORM_IDENTITY}) {
    if (kSanitized && mode != WINNOW_NORM_BATCH) return;
    check_network(builder.blob(builder.last()), 6, mode, seed() * 1000 + 900 + static_cast<uint64_t>(mode),
                  kSlowVariants && mode == WINNOW_NORM_BATCH);
  }
  // At this size the last stage's 1x1 and 3x3 convolutions fit one pass, unless planes of a common reach are counted right.
  const NetworkBuilder larger = nb201_supernet({3, 16, 16}, 3, 1, 3, true, 10);
  check_network(larger.blob(larger.last()), 3, WINNOW_NORM_BATCH, seed() * 1000 + 910, false);
}

// Depthwise, dilated and strided convolutions of one channel and of two, pools, a factorised reduction, and how the cells of DARTS
// share their inputs. One channel is easily almost constant, and a norm over it steep: with batch statistics half of all cases say
// nothing. Under a sanitizer bench_check runs this network.
TEST(darts_supernet_of_one_channel) {
  if (kSanitized) return;
  const NetworkBuilder builder = darts_supernet({3, 8, 8}, true, 10);
  tally = {};
  check_network(builder.blob(builder.last()), 3, WINNOW_NORM_RUNNING, seed() * 1000 + 920, false);
  check_network(builder.blob(builder.last()), 6, WINNOW_NORM_BATCH, seed() * 1000 + 926, false);
  std::printf("DARTS supernet: %" PRId64 " jobs compared, %" PRId64 " on a kink or noise\n", tally.compared,
              tally.incomparable);
  CHECK(tally.incomparable <= tally.compared);
}

// A separable convolution of one channel, as DARTS's supernet of one channel has them, and one of two that feed one sum.
TEST(pointwise_convolutions_of_one_channel) {
  NetworkBuilder b({3, 6, 5}, 0);
  const int64_t relu = b.relu("relu", b.convolution("stem", 0, 1, 3, 1, 1));
  const int64_t depthwise = b.convolution("depthwise", relu, 1, 5, 1, 2);
  const int64_t first = b.batch_norm("first_norm", b.convolution("first", depthwise, 1, 1, 1, 0));
  const int64_t second = b.batch_norm("second_norm", b.convolution("second", relu, 1, 1, 1, 0));
  const int64_t third = b.batch_norm("third_norm", b.convolution("third", relu, 1, 1, 1, 0));
  const int64_t sum = b.weighted_sum("sum", {first, second}, {-1, -1});
  const int64_t last = b.batch_norm("last_norm", b.weighted_sum("last", {b.relu("sum_relu", sum), third}, {-1, -1}));
  b.linear("linear", b.global_average_pool("gap", b.relu("last_relu", last)), 3);
  for (const int64_t batch : {7, 14, 17}) {
    check_network(b.blob(b.last()), batch, WINNOW_NORM_BATCH, seed() * 1000 + 790 + static_cast<uint64_t>(batch));
  }
}

// A ReLU read by depthwise convolutions of unequal reach whose strips of gradients fill more than one pass.
NetworkBuilder unequal_reach(const Shape& image, int64_t channels, int64_t stride) {
  NetworkBuilder builder(image, 0);
  const int64_t relu = builder.relu("relu", builder.convolution("stem", 0, channels, 3, 1, 1));
  std::vector<int64_t> ends, choices;
  for (const int64_t kernel : {1, 3, 5, 3, 1, 5, 3, 5}) {
    const std::string name = "reader" + std::to_string(ends.size());
    const int64_t dilation = kernel == 5 ? 2 : 1, padding = dilation * (kernel / 2);
    const ConvolutionAttributes own{
        channels, {kernel, kernel}, {stride, stride}, {padding, padding}, {dilation, dilation}, channels, false};
    ends.push_back(builder.convolution(name, relu, own));
    choices.push_back(-1);
  }
  builder.linear("classifier",
                 builder.global_average_pool("gap", builder.relu("last", builder.weighted_sum("sum", ends, choices))), 4);
  return builder;
}

TEST(many_readers_of_unequal_reach) {
  const NetworkBuilder dense = unequal_reach({3, 32, 32}, 2, 1);
  check_network(dense.blob(dense.last()), 5, WINNOW_NORM_BATCH, seed() * 1000 + 800, kSlowVariants);
  if (kSanitized) return;
  // Gradients of several strips that are sent to twice as many rows, of an odd number.
  const NetworkBuilder strided = unequal_reach({3, 71, 33}, 1, 2);
  check_network(strided.blob(strided.last()), 3, WINNOW_NORM_BATCH, seed() * 1000 + 810, false);
}

// A depthwise convolution whose channels are sent back in several passes: to each channel only one of them sends.
TEST(depthwise_convolution_of_many_channels) {
  NetworkBuilder b({3, 16, 16}, 0);
  const int64_t relu = b.relu("relu", b.convolution("stem", 0, 24, 1, 1, 0));
  const int64_t norm = b.batch_norm("norm", b.convolution("depthwise", relu, {24, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 24, false}));
  b.linear("linear", b.global_average_pool("gap", b.relu("last", norm)), 3);
  check_network(b.blob(b.last()), 3, WINNOW_NORM_BATCH, seed() * 1000 + 820, false);
}

// Pools of stride 1, whose gradients are made where they are read, between convolutions on images of several strips: what a pool asks
// of a convolution is a strip and the rows around it, and twice those for two pools, of more planes than one pass has room for beside.
TEST(pools_between_convolutions) {
  if (kSanitized) return;  // a minute; the scratch is one piece of memory, in which a sanitizer sees nothing
  NetworkBuilder b({1, 9, 64}, 0);
  const int64_t stem = b.convolution("stem", 0, 11, 3, 1, 1);
  const PoolAttributes three{{3, 3}, {1, 1}, {1, 1}, false}, five{{5, 5}, {1, 1}, {2, 2}, true};
  const int64_t norm = b.batch_norm("norm", b.convolution("after_one", b.max_pool("one", stem, three), 11, 3, 1, 1));
  const int64_t two = b.average_pool("second", b.max_pool("first", stem, three), five);
  const int64_t sum = b.weighted_sum("sum", {norm, b.convolution("after_two", two, 11, 3, 1, 1)}, {-1, -1});
  b.linear("linear", b.global_average_pool("gap", b.relu("last", sum)), 3);
  check_network(b.blob(b.last()), 2, WINNOW_NORM_BATCH, seed() * 1000 + 840, false);
}

// A value that is read by two pools which differ in what they count, both of them by the same two weighted sums.
TEST(average_pools_of_one_value) {
  NetworkBuilder b({3, 6, 5}, 0);
  const int64_t stem = b.relu("stem_relu", b.convolution("stem", 0, 4, 3, 1, 1));
  const int64_t counting = b.average_pool("counting", stem, {{3, 3}, {1, 1}, {1, 1}, true});
  const int64_t other = b.average_pool("other", stem, {{3, 3}, {1, 1}, {1, 1}, false});
  const int64_t first = b.batch_norm("first_norm", b.weighted_sum("first", {stem, counting, other}, {-1, -1, -1}));
  const int64_t second = b.weighted_sum("second", {b.relu("first_relu", first), counting, other}, {-1, -1, -1});
  b.linear("linear", b.global_average_pool("gap", b.relu("last", b.batch_norm("last_norm", second))), 3);
  check_network(b.blob(b.last()), 5, WINNOW_NORM_BATCH, seed() * 1000 + 830, false);
}

// Every number within `relative` of the largest that is expected.
void check_near_largest(const std::vector<double>& actual, const std::vector<double>& expected, double relative) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double off = std::fabs(actual[i] - expected[i]);
    worst = off <= worst ? worst : off;  // keeps a NaN
  }
  CHECK_NEAR(worst / largest_of(expected.data(), static_cast<int64_t>(expected.size())), 0, relative);
}

// Channels enough for minimal filtering, where a pass takes it: convolutions of 3x3 taps of unequal widths that share readers and
// sums, under norms, under none and beside others that are not taken so.
NetworkBuilder wide_sums(int64_t height, int64_t width) {
  NetworkBuilder b({3, height, width}, 1);
  const int64_t stem = b.relu("stem_relu", b.batch_norm("stem_norm", b.convolution("stem", 0, 8, 3, 1, 1)));
  const auto normed = [&](const std::string& name, int64_t input, int64_t outputs, int64_t kernel) {
    return b.batch_norm(name + "_norm", b.convolution(name, input, outputs, kernel, 1, kernel / 2));
  };
  const int64_t first = b.weighted_sum("first", {normed("a", stem, 13, 3), normed("b", stem, 13, 1)}, {-1, -1});
  const int64_t relu = b.relu("relu", first);
  const int64_t second = b.weighted_sum(
      "second", {normed("c", relu, 7, 3), b.convolution("bare", relu, 7, 3, 1, 1), normed("d", stem, 7, 3)}, {-1, -1, -1});
  b.linear("linear", b.global_average_pool("gap", b.relu("last_relu", b.batch_norm("last_norm", second))), 3);
  return b;
}

TEST(convolutions_in_tiles) {
  for (const Shape& side : {Shape{0, 4, 8}, Shape{0, 5, 7}}) {
    if (kSanitized && side.width > 7) continue;
    const NetworkBuilder builder = wide_sums(side.height, side.width);
    check_network(builder.blob(builder.last()), 2, WINNOW_NORM_BATCH, seed() * 1000 + 820, false);
  }
  // Sides of several strips, of whole tiles and not: float32, which takes tiles, against float64, which does not.
  for (const Shape& side : {Shape{0, 20, 20}, Shape{0, 18, 23}}) {
    for (const int64_t batch : {3, 20}) {
      if (kSanitized && batch > 3) continue;
      Draws draws(seed() * 1000 + 840, static_cast<uint64_t>(batch));
      const NetworkBuilder builder = wide_sums(side.height, side.width);
      const Tables t = make_tables(builder.blob(builder.last()), batch, WINNOW_NORM_BATCH, draws);
      const Cotangents kind{WINNOW_COTANGENT_ONES_ON_ROW, batch, {}};
      const std::vector<double> expected =
          Native(t, "portable", WINNOW_F64, 1).backward({t.jobs[0]}, kind, WINNOW_SINK_COPY, kAllRoles);
      for (const char* variant : cpu_variant_names()) {
        note(std::string(variant) + " batch " + std::to_string(batch) + " width " + std::to_string(side.width));
        const std::vector<double> actual =
            Native(t, variant, WINNOW_F32, 1).backward({t.jobs[0]}, kind, WINNOW_SINK_COPY, kAllRoles);
        check_near_largest(actual, expected, 1e-5);
      }
    }
  }
}

// Sums over planes of 50,000 pixels: as exact in float32 as those over 1024, after which they go on in double.
TEST(float32_gradients_of_images_of_many_pixels) {
  for (const int64_t kernel : {1, 3}) {
    NetworkBuilder b({3, 224, 224}, 0);
    const int64_t relu = b.relu("relu", b.convolution("stem", 0, 4, 3, 1, 1));
    const int64_t norm = b.batch_norm("norm", b.convolution("under_a_norm", relu, 4, kernel, 1, kernel / 2));
    b.linear("linear", b.global_average_pool("gap", b.relu("last", norm)), 3);
    // Always the same numbers: how much is left of those sums, and so how exact it is, depends on them.
    Draws draws(1860, 0);
    const Tables t = make_tables(b.blob(b.last()), 2, WINNOW_NORM_BATCH, draws);
    const Cotangents any{WINNOW_COTANGENT_GIVEN, 2, t.inputs[0]};
    const int64_t weights = 16 * kernel * kernel;  // of the second convolution
    const auto gradients = [&](const char* variant, winnow_dtype dtype) {
      const std::vector<double> all =
          Native(t, variant, dtype, 1).backward({t.jobs[0]}, any, WINNOW_SINK_COPY, 1u << WINNOW_CONVOLUTION_WEIGHT);
      return std::vector<double>(all.end() - weights, all.end());
    };
    const std::vector<double> expected = gradients("portable", WINNOW_F64);
    for (const char* variant : cpu_variant_names()) {
      if (std::string(variant) == "reference") continue;  // whose sums are in double
      note(std::string(variant) + " kernel " + std::to_string(kernel));
      check_near_largest(gradients(variant, WINNOW_F32), expected, kernel == 1 ? 1.5e-5 : 5e-5);
    }
  }
}

// A sum that only the last norm reads, of convolutions with strides, groups, several taps and one.
NetworkBuilder sum_under_a_norm() {
  NetworkBuilder b({3, 7, 7}, 1);
  const int64_t stem = b.convolution("stem", 0, 4, 3, 1, 1), relu = b.relu("relu", b.batch_norm("stem_norm", stem));
  const int64_t pool = b.average_pool("pool", relu, {{3, 3}, {1, 1}, {1, 1}, false});
  const auto strided = [&](const char* name, int64_t input, int64_t kernel, int64_t dilation, int64_t groups, int64_t choice) {
    const int64_t padding = dilation * (kernel / 2);
    return b.convolution(name, input, {4, {kernel, kernel}, {2, 2}, {padding, padding}, {dilation, dilation}, groups, false},
                         choice);
  };
  const int64_t sum =
      b.weighted_sum("sum",
                     {b.batch_norm("under_a_norm", strided("three", relu, 3, 1, 1, -1)), strided("one", relu, 1, 1, 1, -1),
                      strided("of_the_pool", pool, 1, 1, 1, 0), strided("of_the_stem", stem, 1, 1, 1, -1),
                      strided("grouped", pool, 3, 1, 2, -1), strided("depthwise", stem, 3, 2, 4, -1)},
                     {-1, -1, 0, -1, -1, -1});
  b.linear("linear", b.global_average_pool("gap", b.relu("last_relu", b.batch_norm("last_norm", sum))), 3);
  return b;
}

// Cotangents that are known to be zero outside a sample share sums; given as values they do not. The forward pass is the same, so
// what differs is the rounding of a backward pass and of the loss's cotangents: in double a hundred times closer than both are
// to the oracle. Batches: blocks of 16 samples full or not, the last one shared by two cotangents up to 8.
TEST(cotangents_of_one_sample_are_those_given_as_values) {
  const NetworkBuilder builder = sum_under_a_norm();
  for (const int64_t batch : {3, 16, 17, 20, 24, 25, 40}) {
    if (kSanitized && batch != 20) continue;
    Draws draws(seed() * 1000 + 700, static_cast<uint64_t>(batch));
    const Tables t = make_tables(builder.blob(builder.last()), batch, WINNOW_NORM_BATCH, draws);
    std::vector<winnow_job> jobs;
    for (const winnow_job& job : t.jobs) {
      Reference reference = reference_of(t, job);
      run(t, job, 0, reference);
      if (reference.steepness() <= kSteepness) jobs.push_back(job);
    }
    CHECK(!jobs.empty());
    for (const winnow_cotangent_kind kind : {WINNOW_COTANGENT_ONES_ON_ROW, WINNOW_COTANGENT_CROSS_ENTROPY_ROWS}) {
      for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
        for (const char* variant : variants()) {
          note("batch " + std::to_string(batch) + " kind " + std::to_string(kind) + " " + variant +
               (dtype == WINNOW_F64 ? " f64" : " f32"));
          Native native(t, variant, dtype, 1);
          for (const winnow_job& job : jobs) {
            Reference reference = reference_of(t, job);
            run(t, job, 0, reference);
            Cotangents given{WINNOW_COTANGENT_GIVEN, batch, {}};
            for (const std::vector<double>& row : expand(t, job, {kind, batch, {}}, logits_of(t, reference))) {
              given.values.insert(given.values.end(), row.begin(), row.end());
            }
            const std::vector<double> actual = native.backward({job}, {kind, batch, {}}, WINNOW_SINK_COPY, kAllRoles);
            const std::vector<double> expected = native.backward({job}, given, WINNOW_SINK_COPY, kAllRoles);
            check_near_largest(actual, expected, dtype == WINNOW_F64 ? 1e-12 : 1e-5);
          }
        }
      }
    }
  }
}

// Noise behind a ReLU that nobody taps is not run, and needs no stream, whether or not the input's gradient is wanted, for which there
// is a plan of its own.
TEST(a_pass_to_the_input_reads_the_same_taps) {
  NetworkBuilder b({1, 4, 4}, 0);
  const int64_t tapped = b.relu("tapped", b.convolution("stem", 0, 2, 3, 1, 1));
  b.relu("nowhere", b.add("noise", WINNOW_NOISE, {tapped}, {bits_of(0.5)}));
  const int64_t output = b.convolution("head", tapped, 2, 1, 1, 0);
  Draws draws(seed(), 92);
  const Tables t = make_tables(b.blob(output), 2, WINNOW_NORM_IDENTITY, draws);
  Native native(t, "portable", WINNOW_F64, 1);
  winnow_error error = {};
  const winnow_tap tap = {tapped, WINNOW_TAP_AFTER, 1};
  winnow_plan_options options = Native::plan_options(t.batch, WINNOW_F64);
  options.taps = &tap, options.tap_count = 1;
  winnow_plan* made = nullptr;
  require_ok(winnow_plan_create(native.device(), native.network(), &options, &made, &error), error);
  const PlanHandle plan(made);
  const std::vector<winnow_job> jobs = {{0, 0, 0, 0, -1}};
  const winnow_call call = native.call(jobs);
  std::vector<int64_t> regions = {-1, -1};
  for (const int32_t wanted : {0, 1}) {
    winnow_cotangents ones = Native::cotangents({WINNOW_COTANGENT_ONES, 1, {}});
    ones.want_input_gradient = wanted;
    std::vector<double> values(100);
    const winnow_gradient_sink sink = {wanted != 0 ? WINNOW_SINK_INPUT_COPY : WINNOW_SINK_COPY, kAllRoles, values.data(), 100};
    winnow_readings readings = {};
    readings.size = sizeof readings;
    readings.cotangents = &ones, readings.sinks = &sink, readings.sink_count = 1;
    readings.regions = &regions[static_cast<size_t>(wanted)], readings.regions_capacity = 1;
    require_ok(winnow_read(plan.get(), &call, &readings, &error), error);
  }
  CHECK(regions[0] >= 1);
  CHECK_EQUAL(regions[1], regions[0]);
}

// Rounded to float32 a value may reach a ReLU's cap that it is below: its gradient is that of the float64 plan.
TEST(what_is_below_a_cap_stays_below_it) {
  NetworkBuilder b({1, 1, 1}, 0);
  const int64_t capped = b.relu("capped", b.convolution("one", 0, 1, 1, 1, 0), -1, 6);
  b.convolution("head", capped, 1, 1, 1, 0);
  Draws draws(seed(), 93);
  Tables t = make_tables(b.blob(b.last()), 2, WINNOW_NORM_IDENTITY, draws);
  const double one = 1;
  for (int64_t k = 0; k < 2; ++k) t.parameters[0].set(k, &one, 1);
  const double below = 6 - 1e-7;
  t.inputs[0] = {below, 6};
  for (const char* variant : cpu_variant_names()) {
    note(variant);
    Native native(t, variant, WINNOW_F32, 1);
    const Cotangents rows{WINNOW_COTANGENT_ONES_ON_ROW, 2, {}};
    // Of both convolutions, for the sample below the cap and for the one at it.
    const std::vector<double> gradients =
        native.backward({{0, 0, 0, 0, 0}}, rows, WINNOW_SINK_COPY, 1u << WINNOW_CONVOLUTION_WEIGHT);
    CHECK_NEAR(gradients[0], below, 1e-5);
    CHECK_EQUAL(gradients[2], 0.0);
  }
}

TEST(plan_options_are_checked) {
  Broken b;
  const winnow_plan_options good = Native::plan_options(4, WINNOW_F32);
  winnow_plan_options o = good;
  o.size = 8;
  b.expect_plan(o, WINNOW_INVALID, "winnow_plan_options.size must be");
  o = good, o.batch = 0;
  b.expect_plan(o, WINNOW_INVALID, "batch must be in [1, 1048576] but was 0");
  o = good, o.dtype = 2;
  b.expect_plan(o, WINNOW_INVALID, "dtype must be 0 (f32) or 1 (f64) but was 2");
  o = good, o.timing = 2;
  b.expect_plan(o, WINNOW_INVALID, "timing must be 0 or 1 but was 2");
  o = good, o.tap_count = -1;
  b.expect_plan(o, WINNOW_INVALID, "tap_count must be in [0, 1048576] but was -1");
  o = good, o.tap_count = 1;
  b.expect_plan(o, WINNOW_INVALID, "taps must not be null");
  winnow_tap tap = {1, WINNOW_TAP_AFTER, 1};
  o.taps = &tap;
  b.expect_plan(o, WINNOW_INVALID, "tap 0 must be a RELU node but was node 1");
  tap = {3, WINNOW_TAP_AFTER, 0};
  b.expect_plan(o, WINNOW_INVALID, "tap 0 multiplicity must be >= 1 but was 0");
  tap = {3, WINNOW_TAP_BEFORE, 1};
  b.expect_plan(o, WINNOW_UNSUPPORTED, "tap 0: only values after the ReLU");
  o = good, o.batch = 1 << 20;
  winnow_device_options small = {};
  small.size = sizeof small;
  small.byte_budget = 1 << 20;
  winnow_device* device = nullptr;
  require_ok(winnow_device_open(&small, &device, &b.error()), b.error());
  const DeviceHandle owner(device);
  winnow_plan* plan = nullptr;
  b.expect(winnow_plan_create(device, b.native().network(), &o, &plan, &b.error()), WINNOW_OUT_OF_MEMORY,
           "more than the byte budget of 1048576 bytes");
}

TEST(calls_are_checked) {
  Broken b;
  winnow_call c = b.call();
  b.expect(winnow_forward(nullptr, &c, b.values().data(), 1000, &b.error()), WINNOW_INVALID, "plan must not be null");
  b.expect(winnow_forward(b.native().plan(), &c, b.values().data(), 47, &b.error()), WINNOW_INVALID,
           "logits needs 4 x 12 elements but has 47");
  c.size = 1;
  b.expect_forward(c, WINNOW_INVALID, "winnow_call.size must be");
  c = b.call(), c.job_count = -1;
  b.expect_forward(c, WINNOW_INVALID, "job_count must be in [0, ");
  c = b.call(), c.jobs = nullptr;
  b.expect_forward(c, WINNOW_INVALID, "jobs must not be null");
  c = b.call(), c.coefficients = nullptr;
  b.expect_forward(c, WINNOW_INVALID, "coefficients must not be null");
  c = b.call(), c.states = nullptr;
  b.expect_forward(c, WINNOW_INVALID, "states must not be null");
  std::vector<int32_t> states(6, WINNOW_RUN);
  states[3] = 4;
  c = b.call(), c.states = states.data();
  b.expect_forward(c, WINNOW_INVALID, "state of row 1 choice 1 must be in [0, 3] but was 4");
  states[3] = WINNOW_RUN;
  std::vector<double> coefficients(6, 1.0);
  coefficients[4] = NAN;
  c = b.call(), c.coefficients = coefficients.data();
  b.expect_forward(c, WINNOW_INVALID, "coefficient of row 2 choice 0 must be finite");
  c = b.call(), c.parameters = nullptr;
  b.expect_forward(c, WINNOW_INVALID, "parameters must not be null");
  Broken stranger;
  c = b.call(), c.parameters = stranger.call().parameters;
  b.expect_forward(c, WINNOW_INVALID, "parameter set 0 belongs to another network");
  c = b.call(), c.norm_mode = 3;
  b.expect_forward(c, WINNOW_INVALID, "norm_mode must be in [0, 2] but was 3");
  c = b.call(), c.update_statistics = 2;
  b.expect_forward(c, WINNOW_INVALID, "update_statistics must be in [0, 1] but was 2");
  c = b.call(), c.streams = nullptr;
  b.expect_forward(c, WINNOW_INVALID, "streams must not be null");
  std::vector<int32_t> modes(b.tables().network->nodes().size(), WINNOW_NORM_BATCH);
  modes[2] = -1;
  c = b.call(), c.norm_modes = modes.data();
  b.expect_forward(c, WINNOW_INVALID, "norm_modes of node norm must be in [0, 2] but was -1");

  const auto images = [&](auto change) {
    winnow_images one = b.call().inputs[0];
    change(one);
    return one;
  };
  const auto expect_images = [&](const winnow_images& one, const char* text) {
    winnow_job job = {0, 0, 0, -1, -1};
    winnow_call changed = b.call();
    changed.jobs = &job, changed.job_count = 1, changed.inputs = &one, changed.input_count = 1;
    b.expect_forward(changed, WINNOW_INVALID, text);
  };
  expect_images(images([](winnow_images& i) { i.values = nullptr; }), "input 0.values must not be null");
  expect_images(images([](winnow_images& i) { i.dtype = 7; }), "input 0.dtype must be in [0, 1] but was 7");
  expect_images(images([](winnow_images& i) { i.width = 4; }), "input 0 is 1x3x4 but the network takes 1x3x3");
  expect_images(images([](winnow_images& i) { i.samples = 5; }),
                "input 0.samples must be a positive multiple of the plan's batch 4 but was 5");
  expect_images(images([](winnow_images& i) { i.samples = 0; }),
                "input 0.samples must be a positive multiple of the plan's batch 4 but was 0");
  std::vector<double> pixels(36);
  pixels[13] = INFINITY;
  expect_images(images([&](winnow_images& i) { i.values = pixels.data(); }), "input sample 1 channel 0 (1, 1) must be finite");

  const auto expect_job = [&](winnow_job job, const char* text) {
    winnow_call changed = b.call();
    changed.jobs = &job, changed.job_count = 1;
    b.expect_forward(changed, WINNOW_INVALID, text);
  };
  expect_job({3, 0, 0, -1, -1}, "job 0 row must be in [0, 2] but was 3");
  expect_job({-1, 0, 0, -1, -1}, "job 0 row must be in [0, 2] but was -1");
  expect_job({0, 2, 0, -1, -1}, "job 0 parameters must be in [0, 1] but was 2");
  expect_job({0, 0, 3, -1, -1}, "job 0 input must be in [0, 2] but was 3");
  expect_job({0, 0, 0, 2, -1}, "job 0 target must be in [-1, 1] but was 2");
  expect_job({0, 0, 0, 0, 2}, "job 0 stream must be in [-1, 1] but was 2");

  // Jobs that need a tensor which nobody set.
  winnow_parameters* unset = nullptr;
  require_ok(winnow_parameters_create(b.native().network(), &unset, &b.error()), b.error());
  const ParametersHandle owner(unset);
  winnow_parameters* const sets[] = {unset, unset};
  c = b.call(), c.parameters = sets;
  b.expect_forward(c, WINNOW_INVALID, "conv.weight");

  const int32_t stop = 1;
  c = b.call(), c.cancel = &stop;
  b.expect_forward(c, WINNOW_CANCELLED, "cancelled");
  c = b.call(), c.progress = [](void*, int64_t done, int64_t) { return done == 2 ? 1 : 0; };
  b.expect_forward(c, WINNOW_CALLBACK_FAILED, "after job 2 of 4");
  b.expect_forward(b.call(), WINNOW_OK, "");  // none of it left the plan busy
}

TEST(backward_passes_are_checked) {
  Broken b;
  winnow_cotangents c = b.cotangents();
  winnow_gradient_sink s = b.sink();
  c.size = 3;
  b.expect_backward(c, s, WINNOW_INVALID, "winnow_cotangents.size must be");
  c = b.cotangents(), c.kind = 9;
  b.expect_backward(c, s, WINNOW_INVALID, "cotangents.kind must be in [0, 5] but was 9");
  c = b.cotangents(), c.kind = WINNOW_COTANGENT_RADEMACHER;
  b.expect_backward(c, s, WINNOW_UNSUPPORTED, "Rademacher");
  c = b.cotangents(), c.node = 1;
  b.expect_backward(c, s, WINNOW_UNSUPPORTED, "at the output only");
  c = b.cotangents(), c.stop = 1;
  b.expect_backward(c, s, WINNOW_UNSUPPORTED, "cotangents.stop");
  c = b.cotangents(), c.want_input_gradient = 1;
  b.expect_backward(c, s, WINNOW_INVALID, "an input gradient that is wanted and a sink of kind 8 go together");
  c = b.cotangents(), c.want_input_gradient = 2;
  b.expect_backward(c, s, WINNOW_INVALID, "want_input_gradient must be in [0, 1] but was 2");
  c = b.cotangents(), s.kind = WINNOW_SINK_INPUT_COPY;
  b.expect_backward(c, s, WINNOW_INVALID, "an input gradient that is wanted and a sink of kind 8 go together");
  c.want_input_gradient = 1, s.capacity = 143;
  b.expect_backward(c, s, WINNOW_INVALID, "sink values needs 4 x 144 elements but has 143");
  c = b.cotangents(), c.count = 3;
  b.expect_backward(c, s, WINNOW_INVALID, "cotangents.count must be 4 but was 3");
  c = b.cotangents(), c.kind = WINNOW_COTANGENT_GIVEN;
  b.expect_backward(c, s, WINNOW_INVALID, "cotangents.values must not be null");
  c = b.cotangents(), s.kind = 6;
  b.expect_backward(c, s, WINNOW_UNSUPPORTED, "sink kind 6");
  s = b.sink(), s.roles = 0;
  b.expect_backward(c, s, WINNOW_INVALID, "roles must be a non-empty set of learned roles");
  s = b.sink(), s.roles = 1u << WINNOW_RUNNING_MEAN;
  b.expect_backward(c, s, WINNOW_INVALID, "roles must be a non-empty set of learned roles");
  s = b.sink(), s.values = nullptr;
  b.expect_backward(c, s, WINNOW_INVALID, "sink values must not be null");
  s = b.sink(), s.capacity = 63;
  b.expect_backward(c, s, WINNOW_INVALID, "sink values needs 4 x 16 elements but has 63");
  s = b.sink();
  b.expect_backward(c, s, WINNOW_INVALID, "sink_count must be in [1, 16] but was 17", 17);
  b.expect_backward(c, s, WINNOW_INVALID, "sink_count must be in [1, 16] but was 0", 0);
  winnow_gradient_sink two[] = {s, s};
  b.expect_backward(c, *two, WINNOW_UNSUPPORTED, "one sink of each kind", 2);
  two[1].kind = WINNOW_SINK_NORM, two[1].roles = 1u << WINNOW_LINEAR_WEIGHT;
  b.expect_backward(c, *two, WINNOW_UNSUPPORTED, "the same roles in this build, but one takes 21 and another 4", 2);
  two[1].roles = s.roles, two[1].capacity = 47;
  b.expect_backward(c, *two, WINNOW_INVALID, "sink values needs 4 x 12 elements but has 47", 2);
  two[1].kind = WINNOW_SINK_SIGN_SUM, two[1].capacity = 103;
  b.expect_backward(c, *two, WINNOW_INVALID, "sink values needs 4 x 26 elements but has 103", 2);

  winnow_call call = b.call();
  winnow_job job = {0, 0, 2, 0, -1};
  call.jobs = &job, call.job_count = 1;
  b.expect(winnow_ntk(b.native().plan(), &call, WINNOW_NTK_ROLES, b.values().data(), 1000, &b.error()), WINNOW_INVALID,
           "job 0: a backward pass takes exactly one batch of 4 samples but the input has 8");
  call = b.call();
  b.expect(winnow_ntk(b.native().plan(), &call, WINNOW_NTK_ROLES, b.values().data(), 63, &b.error()), WINNOW_INVALID,
           "kernel needs 4 x 16 elements but has 63");
  const auto expect_labels = [&](const char* text) {
    winnow_cotangents loss = b.cotangents();
    loss.kind = WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
    const winnow_gradient_sink sink = b.sink();
    b.expect(winnow_backward(b.native().plan(), &call, &loss, &sink, 1, &b.error()), WINNOW_INVALID, text);
  };
  job = {0, 0, 0, -1, -1};
  call.jobs = &job, call.job_count = 1;
  expect_labels("job 0 needs a target");
  const int64_t labels[] = {0, 1, 3, 0};
  job.target = 0;
  call.targets = labels, call.target_count = 1;
  expect_labels("target 0 label 2 must be in [0, 2] but was 3");
}

TEST(activation_kernels_are_checked) {
  Broken b;
  const winnow_call c = b.call();
  std::vector<int64_t> kernel(4 * 4 * 4);
  const auto expect = [&](std::vector<int64_t> multiplicities, int64_t tap_count, int64_t capacity, winnow_status status,
                          const char* text) {
    const int64_t* given = multiplicities.empty() ? nullptr : multiplicities.data();
    b.expect(winnow_activation_kernel(b.native().plan(), &c, given, tap_count, kernel.data(), capacity, &b.error()), status,
             text);
  };
  expect({}, 1, 64, WINNOW_INVALID, "multiplicities must not be null");
  expect({1, 1}, 2, 64, WINNOW_INVALID, "tap_count must be the plan's 1 but was 2");
  expect({-1}, 1, 64, WINNOW_INVALID, "multiplicity of tap 0 must be in [0, 1048576] but was -1");
  expect({}, 0, 63, WINNOW_INVALID, "kernel needs 4 x 4 x 4 elements but has 63");
  expect({1048576}, 1, 64, WINNOW_OK, "");
  expect({0}, 1, 64, WINNOW_OK, "");
  CHECK_EQUAL(kernel[0], 0);

  const uint64_t code[] = {5, 6};  // 101 and 110: three units, of which one is equal
  const auto expect_gram = [&](int64_t n, int64_t words, int64_t u, int64_t capacity, winnow_status status, const char* text) {
    b.expect(winnow_hamming_gram(b.native().device(), code, n, words, u, kernel.data(), capacity, &b.error()), status, text);
  };
  expect_gram(-1, 1, 3, 4, WINNOW_INVALID, "n must be in [0, 2^31) but was -1");
  expect_gram(2, 1, 65, 4, WINNOW_INVALID, "u must be in [0, 64 words] but was 65 of 1 words");
  expect_gram(2, 1, 3, 3, WINNOW_INVALID, "kernel needs 2 x 2 elements but has 3");
  expect_gram(2, 1, 3, 4, WINNOW_OK, "");
  const std::vector<int64_t> by_hand = {3, 1, 1, 3};
  check_same_bits(std::vector<int64_t>(kernel.begin(), kernel.begin() + 4), by_hand, "the Gram matrix of 101 and 110");
  expect_gram(0, 0, 0, 0, WINNOW_OK, "");
}

TEST(batch_statistics_of_one_number_are_refused) {
  Draws draws(seed(), 78);
  NetworkBuilder b({2, 1, 1});
  b.batch_norm("norm", 0);
  Tables t = make_tables(b.blob(b.last()), 1, WINNOW_NORM_BATCH, draws);
  Native native(t, "portable", WINNOW_F64, 1);
  winnow_call call = native.call(t.jobs);
  winnow_error error = {};
  double values[100];
  CHECK_EQUAL(winnow_forward(native.plan(), &call, values, 100, &error), WINNOW_INVALID);
  CHECK_CONTAINS(std::string(error.text), "node norm: batch statistics need batch * height * width >= 2");
  call.norm_mode = WINNOW_NORM_RUNNING;
  require_ok(winnow_forward(native.plan(), &call, values, 100, &error), error);
  CHECK_EQUAL(winnow_ntk(native.plan(), &call, WINNOW_NTK_ROLES, values, 100, &error), WINNOW_INVALID);
  CHECK_CONTAINS(std::string(error.text), "batch must be >= 2 for a kernel but was 1");
}

// S4's noise operation twice on one input: each the normal numbers of its own name times its deviation, whatever the input, and
// the second batch of an input goes on where the first ended.
TEST(noise_is_the_normal_numbers_of_its_name) {
  Draws draws(seed(), 79);
  NetworkBuilder b({2, 3, 5}, 2);
  std::vector<int64_t> noises;
  for (const char* name : {"first", "second"}) {
    const auto choice = static_cast<int64_t>(noises.size());
    const int64_t zeros = b.add(std::string(name) + ".zero", WINNOW_ZERO, {0}, {2, 2}, choice);
    noises.push_back(b.add(name, WINNOW_NOISE, {zeros}, {bits_of(choice == 0 ? 0.25 : 3.0)}, choice));
  }
  b.weighted_sum("sum", noises, {0, 1});
  for (const int64_t batch : {1, 17}) {
    Tables t = make_tables(b.blob(b.last()), batch, WINNOW_NORM_BATCH, draws);
    t.rows[0] = {{WINNOW_RUN, WINNOW_MUTE}, {1, 1}};
    t.rows[1] = {{WINNOW_RUN, WINNOW_RUN}, {2, -1}};
    t.rows[2] = {{WINNOW_SKIP, WINNOW_BLOCK}, {1, 1}};
    for (const auto& [variant, dtype] : variants_and_types()) {
      note("batch " + std::to_string(batch) + " " + variant);
      Native native(t, variant, dtype, 1);
      const std::vector<winnow_job> jobs = {{0, 0, 2, -1, 0}, {0, 0, 2, -1, 1}, {1, 0, 2, -1, 0}, {2, 0, 2, -1, -1}};
      const std::vector<double> values = native.forward(jobs);
      const int64_t each = 2 * batch * t.outputs();
      std::vector<double> normals[2];
      winnow_error error = {};
      for (size_t k = 0; k < 2; ++k) {
        normals[k].resize(static_cast<size_t>(2 * each));
        for (size_t s = 0; s < 2; ++s) {  // [stream][element]
          const winnow_random_stream from = t.streams[s];
          const uint64_t own = winnow_random_substream(from.stream, k == 0 ? "first" : "second");
          require_ok(winnow_random_normal(from.seed, own, 0, each, normals[k].data() + static_cast<int64_t>(s) * each, &error),
                     error);
        }
      }
      const double bound = dtype == WINNOW_F64 ? 1e-14 : 1e-5;  // some ulp of at most 30
      for (int64_t i = 0; i < each; ++i) {
        const auto at = [&](size_t k, int64_t s) { return normals[k][static_cast<size_t>(s * each + i)]; };
        CHECK_NEAR(values[static_cast<size_t>(i)], 0.25 * at(0, 0), bound);
        CHECK_NEAR(values[static_cast<size_t>(each + i)], 0.25 * at(0, 1), bound);
        CHECK_NEAR(values[static_cast<size_t>(2 * each + i)], 0.5 * at(0, 0) - 3 * at(1, 0), bound);
        CHECK_EQUAL(values[static_cast<size_t>(3 * each + i)], 0.0);
      }
      std::vector<double> out(1000);
      const std::vector<winnow_job> without = {{2, 0, 0, -1, -1}, {1, 0, 0, -1, -1}};
      const winnow_call call = native.call(without);
      CHECK_EQUAL(winnow_forward(native.plan(), &call, out.data(), 1000, &error), WINNOW_INVALID);
      CHECK_CONTAINS(std::string(error.text), "job 1 runs node first, which adds noise: it needs a stream");
    }
  }
}

namespace {

// By tensor of the network: what one training-mode forward pass of torch.nn.BatchNorm2d leaves, from the reference's activations.
void expect_update(const Tables& t, const winnow_job& job, Parameters& parameters) {
  Reference reference = reference_of(t, job);
  for (int64_t b = 0; b < t.samples(job.input) / t.batch; ++b) {
    run(t, job, b, reference);
    for (size_t n = 0; n < t.network->nodes().size(); ++n) {
      const Node& node = t.network->nodes()[n];
      if (node.operation != WINNOW_BATCH_NORM || !reference.exists(static_cast<int64_t>(n))) continue;
      const std::vector<double>& x = reference.value(node.inputs[0]);
      const int64_t area = node.shape.height * node.shape.width, elements = node.shape.elements();
      const double momentum = std::get<BatchNormAttributes>(node.attributes).momentum,
                   count = static_cast<double>(t.batch * area);
      for (int64_t c = 0; c < node.shape.channels; ++c) {
        const auto each = [&](auto visit) {
          for (int64_t k = 0; k < t.batch * area; ++k) visit(x[static_cast<size_t>(k / area * elements + c * area + k % area)]);
        };
        double mean = 0, squares = 0;
        each([&](double value) { mean += value / count; });
        each([&](double value) { squares += (value - mean) * (value - mean); });
        for (int64_t i = node.first_tensor; i < node.first_tensor + node.tensor_count; ++i) {
          const winnow_role role = t.network->tensors()[static_cast<size_t>(i)].role;
          if (role != WINNOW_RUNNING_MEAN && role != WINNOW_RUNNING_VARIANCE) continue;
          std::vector<double> values = parameters.values(i).copy();
          const double towards = role == WINNOW_RUNNING_MEAN ? mean : squares / (count - 1);
          values[static_cast<size_t>(c)] += momentum * (towards - values[static_cast<size_t>(c)]);
          parameters.set(i, values.data(), static_cast<int64_t>(values.size()));
        }
      }
    }
  }
}

}  // namespace

// Sets 0 and 1 are shared by jobs of different rows, inputs and numbers of batches; norms of muted operations and norms that lead
// nowhere are updated, those of skipped ones are not.
TEST(running_statistics_follow_the_batches) {
  Draws draws(seed(), 80);
  NetworkBuilder b({2, 4, 4}, 3);
  const int64_t stem = b.batch_norm("stem.bn", b.convolution("stem", 0, 3, 3, 1, 1));
  b.batch_norm("nowhere", stem);
  std::vector<int64_t> ends;
  for (int64_t k = 0; k < 3; ++k) {
    const std::string name = "edge" + std::to_string(k);
    ends.push_back(b.batch_norm(name + ".bn", b.convolution(name, b.relu(name + ".relu", stem, k), 3, 3, 1, 1, k), k, k != 1));
  }
  b.linear("classifier", b.global_average_pool("pool", b.relu("last", b.weighted_sum("sum", ends, {0, 1, 2}))), 4);
  Tables t = make_tables(b.blob(b.last()), 5, WINNOW_NORM_BATCH, draws);
  t.rows[0] = {{WINNOW_RUN, WINNOW_RUN, WINNOW_MUTE}, {1, 0, 1}};
  t.rows[1] = {{WINNOW_SKIP, WINNOW_MUTE, WINNOW_RUN}, {1, 2, -1}};
  t.rows[2] = {{WINNOW_RUN, WINNOW_BLOCK, WINNOW_SKIP}, {1, 1, 1}};
  const std::vector<winnow_job> one_batch = {{0, 0, 0, 0, -1}, {1, 0, 1, 1, -1}, {2, 1, 0, 1, -1}, {2, 0, 1, 0, -1}};
  std::vector<winnow_job> jobs = one_batch;
  jobs[1].input = 2;
  for (const auto& [variant, dtype] : variants_and_types()) {
    for (const int pass : {0, 1, 2, 3}) {
      const bool backward = pass == 1 || pass == 2;
      const std::vector<winnow_job>& asked = backward ? one_batch : jobs;
      std::vector<Parameters> expected = t.parameters;
      for (const winnow_job& job : asked) expect_update(t, job, expected[static_cast<size_t>(job.parameters)]);
      std::vector<double> bits;  // of one thread
      for (const int64_t threads : {1, 3}) {
        note(std::string(variant) + " pass " + std::to_string(pass) + " threads " + std::to_string(threads));
        Native native(t, variant, dtype, threads);
        winnow_call call = native.call(asked);
        call.update_statistics = 1;
        winnow_error error = {};
        std::vector<double> values(4 * 10 * 4 + 4 * 5 * static_cast<size_t>(t.network->parameters() + t.input_elements()));
        const auto capacity = static_cast<int64_t>(values.size());
        if (pass == 0) require_ok(winnow_forward(native.plan(), &call, values.data(), capacity, &error), error);
        if (backward) {
          winnow_cotangents ones = Native::cotangents({WINNOW_COTANGENT_ONES, 1, {}});
          ones.want_input_gradient = pass == 2 ? 1 : 0;
          const winnow_gradient_sink sink = {pass == 2 ? WINNOW_SINK_INPUT_COPY : WINNOW_SINK_COPY, kAllRoles, values.data(),
                                             capacity};
          require_ok(winnow_backward(native.plan(), &call, &ones, &sink, 1, &error), error);
        }
        std::vector<int64_t> regions(4);
        if (pass == 3) require_ok(winnow_linear_regions(native.plan(), &call, regions.data(), 4, &error), error);
        std::vector<double> all;
        for (size_t p = 0; p < expected.size(); ++p) {
          for (size_t i = 0; i < t.network->tensors().size(); ++i) {
            const std::vector<double> exact = expected[p].values(static_cast<int64_t>(i)).copy();
            std::vector<double> found(exact.size());
            require_ok(winnow_parameters_get(call.parameters[p], static_cast<int64_t>(i), found.data(),
                                             static_cast<int64_t>(found.size()), &error),
                       error);
            for (size_t k = 0; k < exact.size(); ++k) CHECK_NEAR(found[k], exact[k], dtype == WINNOW_F64 ? 1e-12 : 1e-5);
            all.insert(all.end(), found.begin(), found.end());
          }
        }
        if (threads > 1) check_same_bits(all, bits, "the running statistics");
        bits = all;
      }
    }
  }
}
