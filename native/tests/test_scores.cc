// Scores beside closed forms and slower ways to the same number.
#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "check.h"
#include "native_plan.h"
#include "plan/plan.h"
#include "scores/distinct.h"
#include "scores/patterns.h"
#include "scores/row_hash.h"
#include "test_networks.h"
#include "winnow/scores.h"

using namespace winnow;
using namespace winnow::test;

TEST(distinct_rows_against_a_set) {
  Draws draws(seed(), 1);
  for (const int64_t words : {1, 2, 3, 10, 32}) {
    for (const int64_t n : {0, 1, 2, 7, 100, 3000}) {
      for (const bool few : {false, true}) {
        // Rows of at most four set bits: many are equal, zero is among them, and different ones differ in little.
        std::vector<uint64_t> rows(static_cast<size_t>(n * words));
        std::set<std::vector<uint64_t>> expected;
        for (int64_t i = 0; i < n; ++i) {
          uint64_t* row = rows.data() + i * words;
          for (int64_t k = draws.integer(0, few ? 1 : 4); k > 0; --k) {
            row[draws.integer(0, words - 1)] |= uint64_t{1} << draws.integer(0, 63);
          }
          expected.insert({row, row + words});
        }
        CHECK_EQUAL(distinct_rows(rows.data(), n, words), static_cast<int64_t>(expected.size()));
      }
    }
  }
}

// All patterns of 12 bits, twice, in one word and spread over the first and the last of seven.
TEST(distinct_rows_of_all_patterns) {
  for (const int64_t words : {1, 7}) {
    std::vector<uint64_t> rows(static_cast<size_t>(2 * 4096 * words));
    for (int64_t i = 0; i < 2 * 4096; ++i) {
      uint64_t* row = rows.data() + i * words;
      row[0] = static_cast<uint64_t>(i % 64);
      row[words - 1] |= static_cast<uint64_t>(i / 64 % 64) << 58;
    }
    CHECK_EQUAL(distinct_rows(rows.data(), 2 * 4096, words), 4096);
  }
}

// Pairs of rows whose 128 bits of hash are equal. With M and D what the two chains of `hash_of` differ in after the first words, by
// exclusive or and by subtraction, second words x and x ^ M close both where x & M is (M - D) / 2: found by trying 10^8 first words.
// Words that follow keep the hashes equal.
TEST(equal_hashes_of_different_rows_do_not_make_them_equal) {
  const std::vector<std::vector<uint64_t>> colliding = {
      {0x3ff77f2u, 0x258ca072093e8227u},  {0xc25e1b64858d0f33u, 0x98515c08548158c8u},
      {0x127a9e57u, 0x1021e15eb5c04b4u},  {0x8bf9f28aa25186f7u, 0x68b1c1880481e309u},
      {0x172053a8u, 0x124212158406d34u},  {0x6a8f620253faabdau, 0xb659dc4ea48402c1u},
      {0x268b5cb0u, 0x72c340581418a24u},  {0x1b9b2a6bab72b372u, 0xb0108328182a3453u},
      {0x2be46253u, 0x98604ca2860c0a0u},  {0x540df67e0c568fc2u, 0x522190059416054au},
      {0x2f65aa1du, 0x52c417e9009070b2u}, {0x3e360329449c8606u, 0x8100080410610e00u}};
  for (const size_t words : {2, 3, 17}) {
    std::vector<uint64_t> rows;
    for (int repeat = 0; repeat < 3; ++repeat) {
      for (std::vector<uint64_t> row : colliding) {
        row.resize(words, 0x5555u);
        rows.insert(rows.end(), row.begin(), row.end());
      }
    }
    const auto width = static_cast<int64_t>(words);
    for (size_t k = 0; k < colliding.size(); k += 2) {
      CHECK(hash_of(rows.data() + k * words, width) == hash_of(rows.data() + (k + 1) * words, width));
    }
    CHECK_EQUAL(distinct_rows(rows.data(), static_cast<int64_t>(3 * colliding.size()), width),
                static_cast<int64_t>(colliding.size()));
  }
}

namespace {

int64_t relu_units(const Network& network) {
  int64_t units = 0;
  for (const Node& node : network.nodes()) units += node.operation == WINNOW_RELU ? node.shape.elements() : 0;
  return units;
}

}  // namespace

// spec of TE-NAS: multiply-accumulates, learned weights but for the classifier's bias, ReLU bits, of the published configurations.
TEST(darts_supernet_is_the_published_one) {
  const auto thin = darts_supernet({1, 3, 3}, false, 10).network();
  const auto full = darts_supernet({3, 32, 32}, true, 10).network();
  CHECK_EQUAL(thin->macs(), 26692);
  CHECK_EQUAL(full->macs(), 2413648);
  int64_t weights = 0;
  for (const Tensor& tensor : full->tensors()) {
    if (WINNOW_NTK_ROLES >> tensor.role & 1u) weights += tensor.elements;
  }
  CHECK_EQUAL(relu_units(*thin), 1987);
  CHECK_EQUAL(weights, 5138);
}

namespace {

// Every operation of every edge with equal weight, as the unpruned supernet has them; `none` is absent.
ReferenceRow whole_row(const Network& network, int64_t operations) {
  ReferenceRow row;
  for (int64_t choice = 0; choice < network.choices(); ++choice) {
    const bool none = choice % operations == 0;
    row.states.push_back(none ? WINNOW_SKIP : WINNOW_RUN);
    row.coefficients.push_back(none ? 0 : static_cast<double>(1 / static_cast<float>(operations - 1)));
  }
  return row;
}

// [tap][batch][unit] of the plain loops in T.
template <typename T>
std::vector<bool> plain_signs(const Network& network, const Parameters& parameters, const ReferenceRow& row, int64_t batch,
                              const std::vector<double>& images) {
  ReferenceNetwork<T> reference(network, parameters, row, std::vector<int32_t>(network.nodes().size(), WINNOW_NORM_BATCH),
                                batch);
  reference.forward({images.begin(), images.end()});
  std::vector<bool> signs;
  for (size_t n = 0; n < network.nodes().size(); ++n) {
    const Node& node = network.nodes()[n];
    if (node.operation != WINNOW_RELU || !reference.exists(static_cast<int64_t>(n))) continue;
    for (const T value : reference.value(static_cast<int64_t>(n))) signs.push_back(value > 0);
  }
  return signs;
}

// The same order, of a float32 plan.
std::vector<bool> plan_signs(const std::shared_ptr<const Network>& network, const Parameters& parameters,
                             const ReferenceRow& row, int64_t batch, const std::vector<double>& images, const char* variant) {
  const winnow_device_options device = {sizeof device, WINNOW_CPU, 0, 1, variant, 0, nullptr};
  const winnow_plan_options options = {sizeof options, batch, WINNOW_F32, 0, nullptr, 0};
  const std::unique_ptr<Plan> plan = Plan::create(open_device(device), network, options);
  const Shape& shape = network->nodes()[0].shape;
  const winnow_images input = {images.data(), batch, shape.channels, shape.height, shape.width, WINNOW_F64, 0};
  const winnow_job job = {0, 0, 0, -1, -1};
  winnow_parameters set = {parameters};
  winnow_parameters* const sets[] = {&set};
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = &job, call.job_count = 1;
  call.coefficients = row.coefficients.data(), call.states = row.states.data(), call.row_count = 1;
  call.parameters = sets, call.parameters_count = 1;
  call.inputs = &input, call.input_count = 1;
  plan->check(call);
  PatternLayout layout;
  for (const Tap& tap : plan->taps()) {
    if (!plan->has(call, job, tap.node)) continue;
    layout.parts.push_back({tap.value, layout.bits});
    layout.bits += plan->graph()[tap.value].shape.elements();
  }
  std::vector<bool> signs;
  const std::vector<PatternLayout> layouts = {layout};
  plan->patterns(call, {layouts, [&](const JobPatterns& patterns) {
                          for (const PatternLayout::Part& part : layout.parts) {
                            for (int64_t sample = 0; sample < batch; ++sample) {
                              for (int64_t u = 0; u < plan->graph()[part.value].shape.elements(); ++u) {
                                const int64_t bit = part.first + u;
                                signs.push_back((patterns.rows[sample * patterns.words + bit / 64] >> (bit % 64) & 1u) != 0);
                              }
                            }
                          }
                        }});
  return signs;
}

int64_t differing(const std::vector<bool>& a, const std::vector<bool>& b) {
  CHECK_EQUAL(a.size(), b.size());
  int64_t count = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) count += a[i] != b[i];
  return count;
}

// Signs in float32 are wrong (against plain loops in double) at no more units than those of plain loops in float32.
void check_signs(const std::shared_ptr<const Network>& network, int64_t operations, int64_t batch, const char* name) {
  const ReferenceRow row = whole_row(*network, operations);
  const std::vector<const char*> variants = cpu_variant_names();
  std::vector<int64_t> wrong(variants.size());
  int64_t plain = 0, units = 0;
  for (uint64_t k = 0; k < networks_of(4); ++k) {
    Draws draws(seed(), 100 + k);
    const Parameters parameters = random_parameters(draws, network);
    const std::vector<double> images = random_images(draws, *network, batch);
    const std::vector<bool> expected = plain_signs<double>(*network, parameters, row, batch, images);
    plain += differing(plain_signs<float>(*network, parameters, row, batch, images), expected);
    units += static_cast<int64_t>(expected.size());
    for (size_t v = 0; v < variants.size(); ++v) {
      wrong[v] += differing(plan_signs(network, parameters, row, batch, images, variants[v]), expected);
    }
  }
  std::printf("%s: of %lld units, signs differ from double: plain float %lld", name, static_cast<long long>(units),
              static_cast<long long>(plain));
  for (size_t v = 0; v < variants.size(); ++v) {
    std::printf(", %s %lld", variants[v], static_cast<long long>(wrong[v]));
    CHECK(wrong[v] <= plain);
  }
  std::printf("\n");
}

}  // namespace

TEST(float32_signs) {
  check_signs(nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10).network(), 5, 1000, "NAS-Bench-201 thin");
  check_signs(darts_supernet({1, 3, 3}, false, 10).network(), 8, 500, "DARTS thin");
  check_signs(nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10).network(), 5, 24, "NAS-Bench-201 C=3 N=1");
}

namespace {

// Of a whole supernet, where regions are all that is asked for.
PatternLayout regions_layout(const std::shared_ptr<const Network>& network, int64_t operations) {
  const winnow_device_options device = {sizeof device, WINNOW_CPU, 0, 1, nullptr, 0, nullptr};
  const winnow_plan_options options = {sizeof options, 1, WINNOW_F32, 0, nullptr, 0};
  const std::unique_ptr<Plan> plan = Plan::create(open_device(device), network, options);
  const ReferenceRow row = whole_row(*network, operations);
  const winnow_job job = {0, 0, 0, -1, -1};
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = &job, call.job_count = 1;
  call.coefficients = row.coefficients.data(), call.states = row.states.data(), call.row_count = 1;
  int64_t regions;
  return Patterns(*plan, call, {nullptr, 0, {}}, &regions).reader().layouts.front();
}

}  // namespace

// Spec of TE-NAS, "bit redundancy": 117 bits are 36 distinct ones, 1,987 are 658. Thin planes have nine pixels.
TEST(patterns_have_each_unit_once) {
  const auto nb201 = nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10).network();
  CHECK_EQUAL(relu_units(*nb201), 9 * (2 * (3 + 2 + 1) + 1));  // two on every edge, the head's
  CHECK_EQUAL(regions_layout(nb201, 5).bits, 9 * (3 + 1));     // one of every node, the head's
  const auto darts = darts_supernet({1, 3, 3}, false, 10).network();
  const int64_t normal = 9 * (5 + 14 * 2);                             // states with edges, inner ReLUs of the separable ones
  const int64_t reduction = 9 * 4 + 9 * 2 * 2 + 4 * 2 * (3 + 14 * 2);  // the normal cell's output, at nine pixels, at four
  const int64_t head = 4 * 2 * 4;
  CHECK_EQUAL(regions_layout(darts, 8).bits, 9 + normal + reduction + head);
  CHECK_EQUAL(9 + normal + reduction + head, 658);
}

namespace {

bool flows_on(winnow_operation operation) {
  return operation != WINNOW_NOISE && winnow_supports(operation, WINNOW_PASS_BACKWARD, WINNOW_F64, WINNOW_CPU) == 1;
}

// Sum over layers of |w dR/dw| from plain loops in double.
double plain_flow(const Network& network, Parameters parameters, const ReferenceRow& row) {
  for (size_t t = 0; t < network.tensors().size(); ++t) {
    const auto tensor = static_cast<int64_t>(t);
    std::vector<double> values = parameters.values(tensor).copy();
    for (double& value : values) value = std::abs(value);
    parameters.set(tensor, values.data(), static_cast<int64_t>(values.size()));
  }
  ReferenceNetwork<double> reference(network, parameters, row,
                                     std::vector<int32_t>(network.nodes().size(), WINNOW_NORM_IDENTITY), 1);
  reference.forward(std::vector<double>(static_cast<size_t>(network.nodes()[0].shape.elements()), 1.0));
  const int64_t outputs = network.nodes()[static_cast<size_t>(network.output())].shape.elements();
  const auto gradients = reference.backward(std::vector<double>(static_cast<size_t>(outputs), 1.0));
  double flow = 0;
  for (size_t t = 0; t < network.tensors().size(); ++t) {
    const winnow_role role = network.tensors()[t].role;
    if (role != WINNOW_CONVOLUTION_WEIGHT && role != WINNOW_LINEAR_WEIGHT) continue;
    const std::vector<double> weights = parameters.values(static_cast<int64_t>(t)).copy();
    for (size_t i = 0; i < weights.size(); ++i) flow += std::abs(weights[i] * gradients.tensors[t][i]);
  }
  return flow;
}

double native_flow(const std::shared_ptr<const Network>& network, const Parameters& parameters, const ReferenceRow& row,
                   const char* variant) {
  const winnow_device_options device = {sizeof device, WINNOW_CPU, 0, 1, variant, 0, nullptr};
  const winnow_plan_options options = {sizeof options, 1, WINNOW_F64, 0, nullptr, 0};
  winnow_plan plan = {Plan::create(open_device(device), network, options)};
  const Shape& shape = network->nodes()[0].shape;
  const std::vector<double> ignored(static_cast<size_t>(shape.elements()), 0.5);
  const winnow_images input = {ignored.data(), 1, shape.channels, shape.height, shape.width, WINNOW_F64, 0};
  const winnow_job job = {0, 0, 0, -1, -1};
  winnow_parameters set = {parameters};
  winnow_parameters* const sets[] = {&set};
  winnow_call call = {};
  call.size = sizeof call;
  call.jobs = &job, call.job_count = 1;
  call.coefficients = row.coefficients.data(), call.states = row.states.data(), call.row_count = 1;
  call.parameters = sets, call.parameters_count = 1;
  call.inputs = &input, call.input_count = 1;
  call.norm_mode = WINNOW_NORM_IDENTITY;
  double flow = 0;
  winnow_error error = {};
  if (winnow_synaptic_flow(&plan, &call, &flow, 1, &error) != WINNOW_OK) note(error.text);
  return flow;
}

}  // namespace

// One forward pass with tangents against the plain loops' backward pass, on every operation and geometry.
TEST(synaptic_flow_of_random_networks) {
  const std::vector<const char*> variants = cpu_variant_names();
  int64_t positive = 0;
  for (uint64_t k = 0; k < 200; ++k) {
    Draws draws(seed(), 500 + k);
    const std::shared_ptr<const Network> network = random_network(draws, flows_on).network();
    const Parameters parameters = random_parameters(draws, network);
    ReferenceRow row = random_row(draws, *network);
    for (double& coefficient : row.coefficients) coefficient = std::abs(coefficient);
    const double expected = plain_flow(*network, parameters, row);
    positive += expected > 0;
    note("network " + std::to_string(k));
    for (const char* variant : variants) {
      // All terms are positive: 1e-12 is 4500 roundings.
      CHECK_NEAR(native_flow(network, parameters, row, variant), expected, 1e-12 * expected);
    }
  }
  CHECK(positive > 100);
}

TEST(synaptic_flow_of_the_supernets) {
  for (const auto& [network, operations] : {std::pair{nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10).network(), int64_t{5}},
                                            std::pair{darts_supernet({3, 32, 32}, true, 10).network(), int64_t{8}}}) {
    Draws draws(seed(), 700);
    const Parameters parameters = random_parameters(draws, network);
    const ReferenceRow row = whole_row(*network, operations);
    const double expected = plain_flow(*network, parameters, row);
    for (const char* variant : cpu_variant_names()) {
      CHECK_NEAR(native_flow(network, parameters, row, variant), expected, 1e-12 * expected);
    }
  }
}

// 3x3 convolutions in tiles of 2x2 outputs, whole ones and those that the last row or column cuts, over fields that grow from layer
// to layer; channels that fill the kernel's tiles and do not.
TEST(synaptic_flow_in_tiles) {
  for (const Pair side : {Pair{4, 4}, Pair{5, 5}, Pair{8, 8}, Pair{7, 10}, Pair{11, 6}, Pair{3, 9}}) {
    NetworkBuilder builder({8, side.height, side.width});
    int64_t last = 0;
    for (const int64_t outputs : {8, 11, 18, 7, 9, 8}) {
      last = builder.convolution("c" + std::to_string(last), last, outputs, 3, 1, 1);
    }
    last = builder.linear("classes", builder.global_average_pool("pool", last), 3);
    const std::shared_ptr<const Network> network = builder.network(last);
    Draws draws(seed(), 702);
    const Parameters parameters = random_parameters(draws, network);
    const double expected = plain_flow(*network, parameters, {});
    for (const char* variant : cpu_variant_names()) {
      CHECK_NEAR(native_flow(network, parameters, {}, variant), expected, 1e-12 * expected);
    }
  }
}

TEST(synaptic_flow_refuses_negative_coefficients) {
  const auto network = nb201_supernet({3, 8, 8}, 2, 1, 1, true, 10).network();
  Draws draws(seed(), 701);
  const Parameters parameters = random_parameters(draws, network);
  ReferenceRow row = whole_row(*network, 5);
  for (double& coefficient : row.coefficients) coefficient = -coefficient;
  CHECK_EQUAL(native_flow(network, parameters, row, "portable"), 0);
}
