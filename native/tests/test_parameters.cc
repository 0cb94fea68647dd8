#include <cmath>
#include <limits>

#include "check.h"
#include "network_builder.h"
#include "runtime/kept_draws.h"
#include "winnow/parameters.h"
#include "winnow/random.h"

using namespace winnow;
using namespace winnow::test;

namespace {

struct Fixture {
  winnow_network* network = nullptr;
  winnow_parameters* parameters = nullptr;
  winnow_error error = {};

  explicit Fixture(const NetworkBuilder& b) {
    const std::vector<int64_t> words = b.blob(b.last());
    winnow_network_create(words.data(), static_cast<int64_t>(words.size() * 8), &network, nullptr);
    CHECK_EQUAL(winnow_parameters_create(network, &parameters, &error), WINNOW_OK);
  }
  ~Fixture() {
    winnow_parameters_destroy(parameters);
    winnow_network_destroy(network);
  }
  winnow_status fill(std::vector<winnow_recipe> recipes, uint64_t seed = 1, uint64_t stream = 2) {
    return winnow_parameters_fill(parameters, nullptr, recipes.data(), static_cast<int64_t>(recipes.size()), seed, stream,
                                  &error);
  }
  std::vector<double> get(int64_t tensor, int64_t count) {
    std::vector<double> values(static_cast<size_t>(count));
    CHECK_EQUAL(winnow_parameters_get(parameters, tensor, values.data(), count, &error), WINNOW_OK);
    return values;
  }
};

// Tensors: 0 conv.weight [8, 2, 3, 5]; 1 conv.bias [8]; 2..5 norm; 6 linear.weight [4, 8]; 7 linear.bias
NetworkBuilder network() {
  NetworkBuilder b({4, 6, 6});
  b.convolution("conv", 0, {8, {3, 5}, {1, 1}, {1, 2}, {1, 1}, 2, true});
  b.batch_norm("norm", 1);
  b.global_average_pool("pool", 2);
  b.linear("linear", 3, 4);
  return b;
}

}  // namespace

TEST(a_new_set_has_buffers_only) {
  Fixture f(network());
  CHECK(f.get(4, 8) == std::vector<double>(8, 0.0));
  CHECK(f.get(5, 8) == std::vector<double>(8, 1.0));
  double value[8];
  CHECK_EQUAL(winnow_parameters_get(f.parameters, 2, value, 8, &f.error), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "norm.weight");
}

TEST(what_is_set_is_got) {
  Fixture f(network());
  std::vector<double> values(8);
  for (size_t k = 0; k < 8; ++k) values[k] = 0.1 * static_cast<double>(k) - 1e-300;
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 2, values.data(), 8, nullptr), WINNOW_OK);
  CHECK(f.get(2, 8) == values);
}

TEST(bad_values_are_named) {
  Fixture f(network());
  std::vector<double> values(8, 1.0);
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 8, values.data(), 8, &f.error), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "tensor must be in [0, 8) but was 8");
  CHECK_EQUAL(winnow_parameters_set(f.parameters, -1, values.data(), 8, &f.error), WINNOW_INVALID);
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 2, values.data(), 7, &f.error), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "norm.weight has 8 elements but got 7");
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    values[3] = bad;
    CHECK_EQUAL(winnow_parameters_set(f.parameters, 2, values.data(), 8, &f.error), WINNOW_INVALID);
    CHECK_CONTAINS(f.error.text, "norm.weight element 3");
  }
  values[3] = -1e-9;
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 4, values.data(), 8, &f.error), WINNOW_OK);
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 5, values.data(), 8, &f.error), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "norm.running_var element 3");
  CHECK_EQUAL(winnow_parameters_set(f.parameters, 2, nullptr, 8, &f.error), WINNOW_INVALID);
  CHECK_EQUAL(winnow_parameters_get(f.parameters, 5, values.data(), 9, &f.error), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "count must be 8 but was 9");
}

// The header's formulas on draws of winnow_random_* from the sub-stream of the tensor's name, rounded to float32.
TEST(recipes) {
  Fixture f(network());
  CHECK_EQUAL(f.fill({{WINNOW_CONVOLUTION_WEIGHT, WINNOW_UNIFORM, WINNOW_FAN_IN, 0, 1.0},
                      {WINNOW_LINEAR_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, std::sqrt(2.0)},
                      {WINNOW_CONVOLUTION_BIAS, WINNOW_UNIFORM, WINNOW_FAN_IN, 0, 3.0},
                      {WINNOW_LINEAR_BIAS, WINNOW_NORMAL, WINNOW_FAN_ONE, 0, 0.01},
                      {WINNOW_NORM_SCALE, WINNOW_CONSTANT, WINNOW_FAN_IN, 0, 1.0},
                      {WINNOW_NORM_SHIFT, WINNOW_CONSTANT, WINNOW_FAN_ONE, 0, 0.0}},
                     77, 5),
              WINNOW_OK);
  const struct {
    int64_t tensor, count;
    const char* name;
    bool normal;
    double scale;
  } drawn[] = {{0, 240, "conv.weight", false, 1 / std::sqrt(30.0)},
               {1, 8, "conv.bias", false, 3 / std::sqrt(30.0)},
               {6, 32, "linear.weight", true, std::sqrt(2.0) / std::sqrt(4.0)},
               {7, 4, "linear.bias", true, 0.01}};
  for (const auto& d : drawn) {
    note(d.name);
    std::vector<double> draws(static_cast<size_t>(d.count));
    const uint64_t own = winnow_random_substream(5, d.name);
    if (d.normal) {
      winnow_random_normal(77, own, 0, d.count, draws.data(), nullptr);
    } else {
      winnow_random_uniform(77, own, 0, d.count, draws.data(), nullptr);
      for (double& u : draws) u = 2 * u - 1;
    }
    const std::vector<double> values = f.get(d.tensor, d.count);
    for (size_t k = 0; k < values.size(); ++k) CHECK_EQUAL(values[k], double{static_cast<float>(d.scale * draws[k])});
  }
  note("");
  CHECK(f.get(2, 8) == std::vector<double>(8, 1.0));
  CHECK(f.get(3, 8) == std::vector<double>(8, 0.0));
  CHECK(f.get(5, 8) == std::vector<double>(8, 1.0));
}

// A tensor of the same name gets the same weights in another network.
TEST(weights_follow_names) {
  NetworkBuilder other({3, 4, 4});
  other.convolution("first", 0, 4, 1, 1, 0);
  other.convolution("conv", 1, {8, {3, 5}, {1, 1}, {1, 2}, {1, 1}, 2, false});
  Fixture a(network()), b(other);
  const winnow_recipe recipe = {WINNOW_CONVOLUTION_WEIGHT, WINNOW_NORMAL, WINNOW_FAN_OUT, 0, 1.0};
  CHECK_EQUAL(a.fill({recipe}), WINNOW_OK);
  CHECK_EQUAL(b.fill({recipe}), WINNOW_OK);
  CHECK(a.get(0, 240) == b.get(1, 240));
}

// A device that keeps draws gives the bits of none: to other networks, to other seeds and gains, after others took the place.
TEST(kept_draws_are_those_of_the_recipe) {
  NetworkBuilder other({3, 4, 4});
  other.convolution("first", 0, 4, 1, 1, 0);
  other.convolution("conv", 1, {8, {3, 5}, {1, 1}, {1, 2}, {1, 1}, 2, false});
  const winnow_device_options options = {sizeof options, WINNOW_CPU, 0, 1, nullptr, 0, nullptr};
  winnow_device* device = nullptr;
  winnow_error error = {};
  CHECK_EQUAL(winnow_device_open(&options, &device, &error), WINNOW_OK);
  for (const uint64_t seed : {uint64_t{1}, uint64_t{2}, uint64_t{1}}) {
    for (const double gain : {1.0, 2.0}) {
      for (const winnow_distribution distribution : {WINNOW_UNIFORM, WINNOW_NORMAL, WINNOW_CONSTANT}) {
        const winnow_recipe recipe = {WINNOW_CONVOLUTION_WEIGHT, distribution, WINNOW_FAN_IN, 0, gain};
        Fixture anew(network()), a(network()), b(other);
        CHECK_EQUAL(anew.fill({recipe}, seed), WINNOW_OK);
        for (Fixture* f : {&a, &b}) {
          CHECK_EQUAL(winnow_parameters_fill(f->parameters, device, &recipe, 1, seed, 2, &f->error), WINNOW_OK);
        }
        CHECK(a.get(0, 240) == anew.get(0, 240));
        CHECK(b.get(1, 240) == anew.get(0, 240));
        // Own values of one set are not another's.
        const std::vector<double> own(240, 0.5);
        CHECK_EQUAL(winnow_parameters_set(a.parameters, 0, own.data(), 240, nullptr), WINNOW_OK);
        CHECK(b.get(1, 240) == anew.get(0, 240));
      }
    }
  }
  winnow_device_close(device);
}

TEST(what_is_kept_is_bounded) {
  KeptDraws kept;
  const auto megabytes = [](size_t count) { return std::make_shared<std::vector<float>>(count << 18); };
  const auto name = [](uint64_t k) { return KeptDraws::Name{k, 0, WINNOW_UNIFORM, 1.0, 0}; };
  kept.keep(name(1000), megabytes(65));  // more than half of the room
  CHECK(kept.find(name(1000)) == nullptr);
  const KeptDraws::Values used = megabytes(10);
  kept.keep(name(0), used);
  for (uint64_t k = 1; k < 50; ++k) {
    kept.keep(name(k), megabytes(10));
    CHECK(kept.find(name(0)) == used);  // asked for again and again: it stays
    CHECK(kept.bytes() <= KeptDraws::kMostBytes);
  }
  CHECK(kept.find(name(1)) == nullptr);
  CHECK(kept.find(name(49)) != nullptr);
}

TEST(bad_recipes_are_invalid) {
  Fixture f(network());
  const double infinity = std::numeric_limits<double>::infinity();
  const winnow_recipe bad[] = {{8, 0, 0, 0, 1},
                               {-1, 0, 0, 0, 1},
                               {0, 3, 0, 0, 1},
                               {0, -1, 0, 0, 1},
                               {0, 0, 3, 0, 1},
                               {0, 0, 0, 1, 1},
                               {0, 0, 0, 0, infinity},
                               {0, 2, 0, 0, 1e39},
                               {0, 0, 0, 0, std::nan("")},
                               {WINNOW_RUNNING_VARIANCE, WINNOW_CONSTANT, 0, 0, -1},
                               {WINNOW_RUNNING_VARIANCE, WINNOW_NORMAL, 0, 0, 1}};
  for (const winnow_recipe& recipe : bad) {
    CHECK_EQUAL(f.fill({recipe}), WINNOW_INVALID);
    CHECK_CONTAINS(f.error.text, "recipe 0");
  }
  CHECK_EQUAL(f.fill({{0, 0, 0, 0, 1}, {0, 1, 0, 0, 1}}), WINNOW_INVALID);
  CHECK_CONTAINS(f.error.text, "recipe 1 repeats role 0");
  CHECK_EQUAL(winnow_parameters_fill(f.parameters, nullptr, nullptr, 1, 0, 0, &f.error), WINNOW_INVALID);
  CHECK_EQUAL(winnow_parameters_fill(f.parameters, nullptr, nullptr, -1, 0, 0, &f.error), WINNOW_INVALID);
}

TEST(terabytes_are_refused_before_they_are_asked_for) {
  NetworkBuilder b({1 << 20, 1, 1});
  b.convolution("conv", 0, 1 << 20, 1, 1, 0);  // 2^40 weights, the most a tensor may have
  const std::vector<int64_t> words = b.blob(1);
  winnow_network* network = nullptr;
  winnow_parameters* parameters = nullptr;
  winnow_error error = {};
  CHECK_EQUAL(winnow_network_create(words.data(), static_cast<int64_t>(words.size() * 8), &network, &error), WINNOW_OK);
  CHECK_EQUAL(winnow_parameters_create(network, &parameters, &error), WINNOW_OUT_OF_MEMORY);
  CHECK_CONTAINS(error.text, "parameters of this network take");
  winnow_network_destroy(network);
}
