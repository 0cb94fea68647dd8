// Passes with tangents, through the C interface, against the reference network on dual numbers: every variant, both number types,
// all norm modes and cotangents, jobs with directions of parameters, of the input and of both. Bounds are relative to the
// largest value, gradient or derivative beside.
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include "native_plan.h"

using namespace winnow;
using namespace winnow::test;

namespace {

constexpr double kMargin = 1e-11, kSteepness = 60;  // see test_plan: past them another order of summation may differ

Directions make_directions(const Tables& t, Draws& draws, uint32_t roles) {
  Directions d;
  d.parameters.push_back(random_parameters(draws, t.network));
  d.parameters.push_back(random_parameters(draws, t.network));
  for (int64_t k = 0; k < 2; ++k) d.inputs.push_back(random_images(draws, *t.network, t.batch));
  d.parameters_of = {0, -1, 1, 0};
  d.input_of = {-1, 0, 1, 0};
  d.roles = roles;
  return d;
}

using DualNetwork = ReferenceNetwork<Dual>;

// The parameter set of a direction, zero where roles take no part.
Parameters chosen(const Tables& t, const Parameters& all, uint32_t roles) {
  Parameters part = all;
  for (size_t i = 0; i < t.network->tensors().size(); ++i) {
    const Tensor& tensor = t.network->tensors()[i];
    const std::vector<double> zeros(static_cast<size_t>(tensor.elements));
    if ((roles >> tensor.role & 1u) == 0) part.set(static_cast<int64_t>(i), zeros.data(), tensor.elements);
  }
  return part;
}

std::vector<double> tangents_of(const std::vector<Dual>& duals) {
  std::vector<double> tangents;
  for (const Dual& dual : duals) tangents.push_back(dual.tangent);
  return tangents;
}

double largest_of(const std::vector<double>& values) {
  return winnow::test::largest_of(values.data(), static_cast<int64_t>(values.size()));
}

// The largest of what a backward pass starts from and gives, and their derivatives: what is left of a gradient behind a norm, often
// nothing, is a difference of numbers that large.
double scale_of(const std::vector<Dual>& cotangent, const ReferenceGradients<Dual>& gradients) {
  double scale = 0;
  const auto consider = [&](const std::vector<Dual>& numbers) {
    for (const Dual& n : numbers) scale = std::max({scale, std::fabs(n.value), std::fabs(n.tangent)});
  };
  consider(cotangent);
  consider(gradients.input);
  for (const std::vector<Dual>& tensor : gradients.tensors) consider(tensor);
  return scale;
}

// A job's forward pass on dual numbers, along its direction.
struct Moved {
  Moved(const Tables& t, size_t j, const Directions& d)
      : job(t.jobs[j]),
        change(chosen(t, d.parameters[static_cast<size_t>(std::max<int64_t>(0, d.parameters_of[j]))], d.roles)),
        network(reference_of<Dual>(t, job)) {
    if (d.parameters_of[j] >= 0) network.move(change);
    const std::vector<double> images = batch_of(t, job, 0);
    std::vector<Dual> moving(images.begin(), images.end());
    for (size_t k = 0; d.input_of[j] >= 0 && k < moving.size(); ++k) {
      moving[k].tangent = d.inputs[static_cast<size_t>(d.input_of[j])][k];
    }
    network.forward(moving, stream_of(t, job));
    const std::vector<Dual> ones(static_cast<size_t>(t.batch * t.outputs()), 1);
    unit = scale_of(ones, network.backward(ones));
    comparable = network.margin() >= kMargin && network.steepness() <= kSteepness;
  }
  Moved(const Moved&) = delete;

  winnow_job job;
  Parameters change;
  DualNetwork network;
  bool comparable;
  double unit;  // the largest number of a backward pass from ones
};

struct Tally {
  int64_t compared = 0, incomparable = 0;
  double worst[2] = {};  // relative to the bound's scale, by dtype
} tally;

void compare(const double* actual, const std::vector<double>& expected, double scale, winnow_dtype dtype,
             const std::string& what) {
  double worst = 0;
  for (const double value : expected) {
    const double off = std::fabs(*actual++ - value);
    worst = off <= worst ? worst : off;  // keeps a NaN
  }
  const double relative = dtype == WINNOW_F64 ? 1e-10 : 1e-5 * kSteepness;  // a second derivative magnifies once more
  tally.worst[dtype] = std::max(tally.worst[dtype], worst / scale);
  check(worst <= relative * scale, __FILE__, __LINE__,
        what + " is off by " + text_of(worst) + ", allowed " + text_of(relative * scale));
}

void check_forward(const Tables& t, Native& native, const Directions& d, const std::vector<std::unique_ptr<Moved>>& moved,
                   winnow_dtype dtype) {
  const auto [logits, tangents] = native.tangents(t.jobs, d);
  for (size_t j = 0; j < t.jobs.size(); ++j) {
    if (!moved[j]->comparable) continue;
    const std::vector<Dual>& expected = moved[j]->network.value(t.network->output());
    const std::vector<double> changes = tangents_of(expected);
    const std::vector<double> values(expected.begin(), expected.end());
    const int64_t first = static_cast<int64_t>(j) * t.batch * t.outputs();
    compare(logits.data() + first, values, std::max(1.0, largest_of(values)), dtype, "logits");
    compare(tangents.data() + first, changes, largest_of(values) + largest_of(changes), dtype, "tangents of logits");
  }
}

void check_backward(const Tables& t, Native& native, const Directions& d, const std::vector<std::unique_ptr<Moved>>& moved,
                    const Cotangents& kind, winnow_dtype dtype) {
  const auto [parameters, inputs] = native.hessian(t.jobs, d, kind);
  const bool loss = kind.kind == WINNOW_COTANGENT_CROSS_ENTROPY || kind.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
  const double* parameter = parameters.data();
  const double* input = inputs.data();
  for (size_t j = 0; j < t.jobs.size(); ++j) {
    const std::vector<Dual>& logits = moved[j]->network.value(t.network->output());
    for (const std::vector<Dual>& cotangent : expand(t, moved[j]->job, kind, logits)) {
      const ReferenceGradients<Dual> expected = moved[j]->network.backward(cotangent);
      // A softmax is as exact as 1 is, however little is left of it against a label.
      const double own = scale_of(cotangent, expected), scale = loss ? std::max(own, moved[j]->unit) : own;
      for (size_t i = 0; i < expected.tensors.size(); ++i) {
        const Tensor& tensor = t.network->tensors()[i];
        if (tensor.role == WINNOW_RUNNING_MEAN || tensor.role == WINNOW_RUNNING_VARIANCE) continue;
        if (moved[j]->comparable) compare(parameter, tangents_of(expected.tensors[i]), scale, dtype, "H v of " + tensor.name);
        parameter += tensor.elements;
      }
      if (moved[j]->comparable) compare(input, tangents_of(expected.input), scale, dtype, "H v of the input");
      input += t.batch * t.input_elements();
    }
  }
}

// Bit for bit: jobs one by one, any number of threads.
void check_same(const Tables& t, Native& native, const Directions& d, const Cotangents& kind, const char* variant,
                winnow_dtype dtype) {
  const auto [together, inputs] = native.hessian(t.jobs, d, kind);
  std::vector<double> apart;
  for (size_t j = 0; j < t.jobs.size(); ++j) {
    Directions own = d;
    own.parameters_of = {d.parameters_of[j]};
    own.input_of = {d.input_of[j]};
    const std::vector<double> one = native.hessian({t.jobs[j]}, own, kind).first;
    apart.insert(apart.end(), one.begin(), one.end());
  }
  check_same_bits(apart, together, "H v of jobs one by one");
  Native other(t, variant, dtype, 3);
  const auto again = other.hessian(t.jobs, d, kind);
  check_same_bits(again.first, together, "H v on three threads");
  check_same_bits(again.second, inputs, "H v of the input on three threads");
  check_same_bits(other.tangents(t.jobs, d).second, native.tangents(t.jobs, d).second, "tangents on three threads");
}

void check_network(const std::vector<int64_t>& blob, int64_t batch, winnow_norm_mode mode, uint64_t case_seed) {
  Draws draws(case_seed, 1);
  const Tables t = make_tables(blob, batch, mode, draws);
  const uint32_t kWeights = 1u << WINNOW_CONVOLUTION_WEIGHT | 1u << WINNOW_LINEAR_WEIGHT;
  const Directions d = make_directions(t, draws, case_seed % 4 == 3 ? kWeights : kAllRoles);
  const std::vector<Cotangents> kinds = all_kinds(t, draws);
  std::vector<std::unique_ptr<Moved>> moved;
  for (size_t j = 0; j < t.jobs.size(); ++j) {
    moved.push_back(std::make_unique<Moved>(t, j, d));
    ++(moved[j]->comparable ? tally.compared : tally.incomparable);
  }
  for (const winnow_dtype dtype : {WINNOW_F64, WINNOW_F32}) {
    for (const char* variant : cpu_variant_names()) {
      note("case " + std::to_string(case_seed) + " batch " + std::to_string(batch) + " norm mode " + std::to_string(mode) +
           " " + variant + (dtype == WINNOW_F64 ? " f64" : " f32"));
      Native native(t, variant, dtype, 1);
      check_forward(t, native, d, moved, dtype);
      for (const Cotangents& kind : kinds) check_backward(t, native, d, moved, kind, dtype);
      check_same(t, native, d, kinds[case_seed % kinds.size()], variant, dtype);
    }
  }
}

// One job of a supernet with everything in it, and room for products along several directions.
struct Laws {
  Laws()
      : draws(seed(), 5),
        t(make_tables(builder.blob(builder.last()), 5, WINNOW_NORM_BATCH, draws)),
        native(t, "portable", WINNOW_F64, 1),
        jobs({t.jobs[0]}) {}

  Directions along(const Parameters& parameters, const std::vector<double>& input) const {
    return {{parameters}, {input}, {0}, {0}, kAllRoles};
  }
  // H v by parameters, then by the input; without the running statistics.
  std::vector<double> product(const Directions& d) {
    auto [values, inputs] = native.hessian(jobs, d, {WINNOW_COTANGENT_CROSS_ENTROPY, 1, {}});
    values.insert(values.end(), inputs.begin(), inputs.end());
    return values;
  }
  // The direction's own numbers in the order of a product.
  std::vector<double> flat(const Directions& d) const {
    std::vector<double> all;
    for (size_t i = 0; i < t.network->tensors().size(); ++i) {
      const winnow_role role = t.network->tensors()[i].role;
      const std::vector<double> values = d.parameters[0].values(static_cast<int64_t>(i)).copy();
      if (role != WINNOW_RUNNING_MEAN && role != WINNOW_RUNNING_VARIANCE) all.insert(all.end(), values.begin(), values.end());
    }
    all.insert(all.end(), d.inputs[0].begin(), d.inputs[0].end());
    return all;
  }
  // a u + b v of everything.
  Directions combined(double a, const Directions& u, double b, const Directions& v) const {
    const auto add = [&](const std::vector<double>& x, const std::vector<double>& y) {
      std::vector<double> sum;
      for (size_t k = 0; k < x.size(); ++k) sum.push_back(a * x[k] + b * y[k]);
      return sum;
    };
    Parameters parameters = u.parameters[0];
    for (size_t i = 0; i < t.network->tensors().size(); ++i) {
      const auto index = static_cast<int64_t>(i);
      if (t.network->tensors()[i].role == WINNOW_RUNNING_VARIANCE) continue;  // no part of a direction, and never negative
      const std::vector<double> values = add(u.parameters[0].values(index).copy(), v.parameters[0].values(index).copy());
      parameters.set(index, values.data(), static_cast<int64_t>(values.size()));
    }
    return along(parameters, add(u.inputs[0], v.inputs[0]));
  }
  Directions random() { return along(random_parameters(draws, t.network), random_images(draws, *t.network, t.batch)); }

  NetworkBuilder builder = nb201_supernet({3, 8, 8}, 3, 1, 3, true, 10);
  Draws draws;
  Tables t;
  Native native;
  std::vector<winnow_job> jobs;
};

double dot(const std::vector<double>& a, const std::vector<double>& b, double& scale) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    sum += a[k] * b[k];
    scale += std::fabs(a[k] * b[k]);
  }
  return sum;
}

}  // namespace

TEST(random_networks) {
  const int64_t batches[] = {2, 7, 8, 9, 15, 16, 17, 33};
  tally = {};
  for (int64_t k = 0; k < networks_of(16); ++k) {
    const uint64_t case_seed = seed() * 1000 + static_cast<uint64_t>(k);
    Draws draws(case_seed, 0);
    const NetworkBuilder network = random_network(draws, [](winnow_operation operation) {
      return winnow_supports(operation, WINNOW_PASS_BACKWARD_TANGENT, WINNOW_F64, WINNOW_CPU) == 1;
    });
    check_network(network.blob(network.last()), batches[3 * k % 8], static_cast<winnow_norm_mode>(k % 3), case_seed);
  }
  note("");
  std::printf("random networks: %lld jobs compared, %lld on a kink or noise; off by at most %.1e (f64), %.1e (f32)\n",
              static_cast<long long>(tally.compared), static_cast<long long>(tally.incomparable), tally.worst[WINNOW_F64],
              tally.worst[WINNOW_F32]);
  CHECK(tally.incomparable * 3 < tally.compared);
}

TEST(nas_bench_201_supernet) {
  const NetworkBuilder builder = nb201_supernet({3, 8, 8}, 3, 1, 3, true, 10);
  for (const winnow_norm_mode mode : {WINNOW_NORM_BATCH, WINNOW_NORM_RUNNING, WINNOW_NORM_IDENTITY}) {
    if (kSanitized && mode != WINNOW_NORM_BATCH) return;
    check_network(builder.blob(builder.last()), 6, mode, seed() * 1000 + 900 + static_cast<uint64_t>(mode));
  }
}

// f(x) = w2 relu(w1 x + b1) + b2, one number each, the unit active. Of f: d2f/dw1dw2 = x, d2f/db1dw2 = 1, d2f/dxdw1 = w2,
// d2f/dxdw2 = w1, nothing else.
TEST(hessian_by_hand) {
  NetworkBuilder b({1, 1, 1});
  b.linear("two", b.relu("relu", b.linear("one", 0, 1)), 1);
  Draws draws(seed(), 6);
  Tables t = make_tables(b.blob(b.last()), 1, WINNOW_NORM_BATCH, draws);
  const double w1 = 2, b1 = 1, w2 = 5, b2 = 7, x = 3;
  const auto set = [](Parameters& to, const std::vector<double>& values) {
    for (size_t k = 0; k < values.size(); ++k) to.set(static_cast<int64_t>(k), &values[k], 1);
  };
  set(t.parameters[0], {w1, b1, w2, b2});
  t.inputs[0] = {x};
  Native native(t, "portable", WINNOW_F64, 1);
  Parameters move = t.parameters[0];
  const double v1 = 10, c1 = 100, v2 = 1000, c2 = 10000, y = 0.5;
  set(move, {v1, c1, v2, c2});
  const Directions d{{move}, {{y}}, {0}, {0}, kAllRoles};
  const auto [logits, tangents] = native.tangents({t.jobs[0]}, d);
  CHECK_EQUAL(logits[0], w2 * (w1 * x + b1) + b2);
  CHECK_EQUAL(tangents[0], v2 * (w1 * x + b1) + w2 * (v1 * x + c1 + w1 * y) + c2);
  const auto [parameters, inputs] = native.hessian({t.jobs[0]}, d, {WINNOW_COTANGENT_ONES, 1, {}});
  CHECK_EQUAL(parameters[0], x * v2 + w2 * y);
  CHECK_EQUAL(parameters[1], v2);
  CHECK_EQUAL(parameters[2], x * v1 + c1 + w1 * y);
  CHECK_EQUAL(parameters[3], 0.0);
  CHECK_EQUAL(inputs[0], w2 * v1 + w1 * v2);
}

// v H u = u H v; a sum of n products is off by n ulp of the sum of their moduli at most.
TEST(the_hessian_is_symmetric) {
  Laws laws;
  const Directions u = laws.random(), v = laws.random();
  double scale = 0;
  const double left = dot(laws.flat(v), laws.product(u), scale), right = dot(laws.flat(u), laws.product(v), scale);
  CHECK(left != 0);
  CHECK_NEAR(left, right, 1e-12 * scale);
}

TEST(the_other_back_end_says_no) {
  Laws laws;
  Native emulated(laws.t, kMachine, WINNOW_F64, 1);
  const winnow_call call = emulated.call(laws.jobs);
  const Directions d = laws.random();
  const winnow_directions directions = emulated.directions(d);
  std::vector<double> tangents(static_cast<size_t>(laws.t.batch * laws.t.outputs()));
  winnow_error error = {};
  CHECK_EQUAL(winnow_forward_tangent(emulated.plan(), &call, &directions, nullptr, tangents.data(),
                                     static_cast<int64_t>(tangents.size()), &error),
              WINNOW_UNSUPPORTED);
  CHECK_CONTAINS(std::string(error.text), "this device has no passes with tangents yet");
  CHECK_EQUAL(winnow_supports(WINNOW_CONVOLUTION, WINNOW_PASS_TANGENT, WINNOW_F64, WINNOW_CUDA), 0);
}

// Every number is linear in the direction; scaling by -2 is exact in binary, and zero gives zero.
TEST(products_are_linear_in_the_direction) {
  Laws laws;
  const Directions u = laws.random(), v = laws.random();
  const std::vector<double> hu = laws.product(u), hv = laws.product(v);
  const std::vector<double> doubled = laws.product(laws.combined(-2, u, 0, u));
  for (size_t k = 0; k < hu.size(); ++k) CHECK_EQUAL(doubled[k], -2 * hu[k]);
  const std::vector<double> sum = laws.product(laws.combined(3, u, -1, v));
  const double scale = 3 * largest_of(hu) + largest_of(hv);
  for (size_t k = 0; k < sum.size(); ++k) CHECK_NEAR(sum[k], 3 * hu[k] - hv[k], 1e-12 * scale);
  const Directions none = laws.combined(0, u, 0, v);
  CHECK_EQUAL(largest_of(laws.product(none)), 0.0);
  CHECK_EQUAL(largest_of(laws.native.tangents(laws.jobs, none).second), 0.0);
  CHECK_EQUAL(largest_of(laws.product({{}, {}, {}, {}, kAllRoles})), 0.0);
}

// The derivative of the logits along the input is their gradients' product with it.
TEST(forward_and_backward_agree) {
  Laws laws;
  const Directions v = laws.random();
  double scale = 0, sum = 0;
  const auto [values, inputs] = laws.native.to_the_input(laws.jobs, {WINNOW_COTANGENT_ONES, 1, {}});
  std::vector<double> gradient = values;
  gradient.insert(gradient.end(), inputs.begin(), inputs.end());
  for (const double tangent : laws.native.tangents(laws.jobs, v).second) sum += tangent;
  const double product = dot(gradient, laws.flat(v), scale);
  CHECK_NEAR(sum, product, 1e-12 * scale);
}

// Values that a first call left behind must not show.
TEST(calls_leave_no_trace) {
  Laws laws;
  const Directions u = laws.random();
  const std::vector<double> first = laws.product(u);
  laws.product(laws.random());
  laws.native.tangents(laws.jobs, laws.random());
  laws.native.backward(laws.t.jobs, {WINNOW_COTANGENT_ONES, 1, {}}, WINNOW_SINK_COPY, kAllRoles);
  check_same_bits(laws.product(u), first, "the same product again");
}

// What winnow_plan_bytes says is what a job needs: with so much it runs, with one byte less it is refused.
TEST(bytes_are_known_before) {
  Laws laws;
  for (const winnow_dtype dtype : {WINNOW_F32, WINNOW_F64}) {
    Native roomy(laws.t, "portable", dtype, 1);
    winnow_error error = {};
    int64_t forward = 0, backward = 0;
    require_ok(winnow_plan_bytes(roomy.plan(), WINNOW_PASS_TANGENT, 0, &forward, &error), error);
    require_ok(winnow_plan_bytes(roomy.plan(), WINNOW_PASS_BACKWARD_TANGENT, 1, &backward, &error), error);
    CHECK(0 < forward && forward < backward);
    const Directions d = laws.random();
    std::vector<double> values(static_cast<size_t>(laws.t.network->parameters()));
    const winnow_gradient_sink sink = {WINNOW_SINK_COPY, kAllRoles, values.data(), static_cast<int64_t>(values.size())};
    const winnow_cotangents ones = Native::cotangents({WINNOW_COTANGENT_ONES, 1, {}});
    for (const int64_t budget : {backward, backward - 1}) {
      Native tight(laws.t, "portable", dtype, 1, budget);
      const winnow_call call = tight.call(laws.jobs);
      const winnow_directions directions = tight.directions(d);
      const winnow_status status = winnow_backward_tangent(tight.plan(), &call, &directions, &ones, &sink, 1, &error);
      CHECK_EQUAL(status, budget == backward ? WINNOW_OK : WINNOW_OUT_OF_MEMORY);
    }
    CHECK_CONTAINS(std::string(error.text), "but the byte budget is " + std::to_string(backward - 1));
  }
}

TEST(directions_are_checked) {
  Laws laws;
  Native& native = laws.native;
  const Directions good = laws.random();
  const winnow_call call = native.call(laws.jobs);
  std::vector<double> tangents(static_cast<size_t>(laws.t.batch * laws.t.outputs()));
  winnow_error error = {};
  const auto expect = [&](const winnow_directions& d, winnow_status status, const char* text) {
    note(text);
    error = {};
    CHECK_EQUAL(winnow_forward_tangent(native.plan(), &call, &d, nullptr, tangents.data(),
                                       static_cast<int64_t>(tangents.size()), &error),
                status);
    CHECK_CONTAINS(std::string(error.text), text);
  };
  winnow_directions d = native.directions(good);
  expect(d, WINNOW_OK, "");
  d.size = 4;
  expect(d, WINNOW_INVALID, "winnow_directions.size must be");
  d = native.directions(good), d.roles = 1u << WINNOW_RUNNING_MEAN;
  expect(d, WINNOW_INVALID, "directions.roles must be a non-empty set of learned roles");
  d = native.directions(good), d.parameters_count = -1;
  expect(d, WINNOW_INVALID, "directions.parameters_count must be in [0, ");
  d = native.directions(good), d.parameters = nullptr;
  expect(d, WINNOW_INVALID, "directions.parameters must not be null");
  d = native.directions(good), d.inputs = nullptr;
  expect(d, WINNOW_INVALID, "directions.inputs must not be null");
  int64_t index = 1;
  d = native.directions(good), d.parameters_of = &index;
  expect(d, WINNOW_INVALID, "directions.parameters_of of job 0 must be in [-1, 0] but was 1");
  d = native.directions(good), d.input_of = &index;
  expect(d, WINNOW_INVALID, "directions.input_of of job 0 must be in [-1, 0] but was 1");
  d = native.directions(good);
  winnow_images twice = d.inputs[0];
  std::vector<double> pixels(static_cast<size_t>(2 * laws.t.batch * laws.t.input_elements()));
  twice.samples = 2 * laws.t.batch, twice.values = pixels.data(), d.inputs = &twice;
  expect(d, WINNOW_INVALID, "directions.input_of of job 0 must have its input's 5 samples but has 10");
  twice = native.directions(good).inputs[0], twice.height = 9, d.inputs = &twice;
  expect(d, WINNOW_INVALID, "directions.inputs 0 is 3x9x8 but the network takes 3x8x8");
  pixels[7] = NAN;
  twice = native.directions(good).inputs[0], twice.values = pixels.data();
  expect(d, WINNOW_INVALID, "input sample 0 channel 0 (0, 7) must be finite");
  Laws stranger;
  d = native.directions(good);
  d.parameters = stranger.native.call(stranger.jobs).parameters;
  expect(d, WINNOW_INVALID, "directions.parameters 0 belongs to another network");
  winnow_parameters* unset = nullptr;
  require_ok(winnow_parameters_create(native.network(), &unset, &error), error);
  const ParametersHandle owner(unset);
  d = native.directions(good), d.parameters = &unset;
  expect(d, WINNOW_INVALID, "stem.conv.weight");
  const winnow_cotangents ones = Native::cotangents({WINNOW_COTANGENT_ONES, 1, {}});
  const winnow_gradient_sink fisher = {WINNOW_SINK_FISHER, kAllRoles, tangents.data(), static_cast<int64_t>(tangents.size())};
  d = native.directions(good);
  CHECK_EQUAL(winnow_backward_tangent(native.plan(), &call, &d, &ones, &fisher, 1, &error), WINNOW_UNSUPPORTED);
  CHECK_CONTAINS(std::string(error.text), "a sink of kind 7 has no tangents");
  tangents.pop_back();
  expect(native.directions(good), WINNOW_INVALID, "tangents needs 1 x 50 elements but has 49");
}
