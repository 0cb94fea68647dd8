// The oracle itself: forward values worked by hand, gradients against central differences in double; dual
// numbers likewise.
#include <cmath>

#include "check.h"
#include "test_networks.h"

using namespace winnow;
using namespace winnow::test;

namespace {

ReferenceRow no_row() { return {}; }

// The value of the last node of `b` for one batch and the given parameter tensors in network order.
std::vector<double> run(const NetworkBuilder& b, int64_t batch, const std::vector<double>& images,
                        const std::vector<std::vector<double>>& tensors = {}, int32_t mode = WINNOW_NORM_BATCH) {
  const auto network = b.network();
  Parameters parameters(network);
  for (size_t t = 0; t < tensors.size(); ++t) {
    parameters.set(static_cast<int64_t>(t), tensors[t].data(), static_cast<int64_t>(tensors[t].size()));
  }
  ReferenceNetwork<double> reference(*network, parameters, no_row(), std::vector<int32_t>(network->nodes().size(), mode),
                                     batch);
  reference.forward(images);
  return reference.value(b.last());
}

void check_values(const std::vector<double>& actual, const std::vector<double>& expected) {
  CHECK_EQUAL(actual.size(), expected.size());
  for (size_t k = 0; k < expected.size() && k < actual.size(); ++k) CHECK_NEAR(actual[k], expected[k], 1e-12);
}

const std::vector<double> kImage = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3 x 3

}  // namespace

// A 2x1 kernel (10, 1) is 10 x above + 1 x below; with stride (1, 2) columns 0 and 2; bias 100.
TEST(convolution_by_hand) {
  NetworkBuilder b({1, 3, 3});
  b.convolution("c", 0, {1, {2, 1}, {1, 2}, {0, 0}, {1, 1}, 1, true});
  check_values(run(b, 1, kImage, {{10, 1}, {100}}), {114, 136, 147, 169});
  // Dilation 2, padding 1 on both sides: rows -1 and 1, then 1 and 3 (outside) with stride 2; columns -1, 1, 3.
  NetworkBuilder d({1, 3, 3});
  d.convolution("c", 0, {1, {2, 1}, {2, 2}, {1, 1}, {2, 1}, 1, false});
  check_values(run(d, 1, kImage, {{10, 1}}), {0, 5, 0, 0, 50, 0});
}

// Depthwise: channel by channel; two groups of two inputs: outputs see their own half only.
TEST(groups_by_hand) {
  NetworkBuilder depthwise({2, 1, 2});
  depthwise.convolution("c", 0, {2, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 2, false});
  check_values(run(depthwise, 1, {1, 2, 3, 4}, {{10, 100}}), {10, 20, 300, 400});
  NetworkBuilder two({4, 1, 1});
  two.convolution("c", 0, {2, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 2, false});
  check_values(run(two, 1, {1, 2, 3, 4}, {{1, 10, 100, 1000}}), {21, 4300});
}

// Values 1, 3 of two samples: mean 2, biased variance 1.
TEST(batch_norm_by_hand) {
  NetworkBuilder b({1, 1, 1});
  b.batch_norm("n", 0);
  const double r = 1 / std::sqrt(1 + 1e-5);
  check_values(run(b, 2, {1, 3}, {{2}, {5}}), {5 - 2 * r, 5 + 2 * r});
  check_values(run(b, 2, {1, 3}, {{2}, {5}, {1}, {4}}, WINNOW_NORM_RUNNING), {5, 5 + 4 / std::sqrt(4 + 1e-5)});
  check_values(run(b, 2, {1, 3}, {{2}, {5}}, WINNOW_NORM_IDENTITY), {1, 3});
}

TEST(pointwise_and_shape_operations_by_hand) {
  NetworkBuilder relu({1, 1, 4});
  relu.relu("r", 0, -1, 6);
  check_values(run(relu, 1, {-1, 0, 3, 7}), {0, 0, 3, 6});
  NetworkBuilder zero({1, 3, 3});
  zero.add("z", WINNOW_ZERO, {0}, {2, 3});
  check_values(run(zero, 1, kImage), {0, 0});
  NetworkBuilder pad({1, 3, 3});
  pad.add("p", WINNOW_PAD_CROP, {0}, {1, -1, -1, 0});
  check_values(run(pad, 1, kImage), {0, 0, 2, 3, 5, 6});
  NetworkBuilder slice({3, 1, 1});
  slice.add("s", WINNOW_CHANNEL_SLICE, {0}, {1, 2});
  check_values(run(slice, 2, {1, 2, 3, 4, 5, 6}), {2, 3, 5, 6});
  NetworkBuilder concat({2, 1, 1});
  concat.add("s", WINNOW_CHANNEL_SLICE, {0}, {1, 1});
  concat.concat("c", {1, 0});
  check_values(run(concat, 2, {1, 2, 3, 4}), {2, 1, 2, 4, 3, 4});
  NetworkBuilder global({1, 3, 3});
  global.global_average_pool("g", 0);
  check_values(run(global, 1, kImage), {5});
  NetworkBuilder linear({1, 1, 2});
  linear.linear("l", 0, 2);
  check_values(run(linear, 1, {1, 2}, {{1, 2, 3, 4}, {10, 20}}), {15, 31});
}

TEST(pools_by_hand) {
  const PoolAttributes padded{{3, 3}, {2, 2}, {1, 1}, false};
  NetworkBuilder average({1, 3, 3});
  average.average_pool("a", 0, padded);  // corners see 2x2 cells
  check_values(run(average, 1, kImage), {3, 4, 6, 7});
  NetworkBuilder counted({1, 3, 3});
  PoolAttributes including = padded;
  including.count_include_pad = true;
  counted.average_pool("a", 0, including);
  check_values(run(counted, 1, kImage), {12.0 / 9, 16.0 / 9, 24.0 / 9, 28.0 / 9});
  NetworkBuilder maximum({1, 3, 3});
  maximum.max_pool("m", 0, padded);
  check_values(run(maximum, 1, {-1, -2, -3, -4, -5, -6, -7, -8, -9}), {-1, -2, -4, -5});  // padding never wins
}

TEST(ties_go_to_the_first) {
  NetworkBuilder b({1, 2, 2});
  b.max_pool("m", 0, {{2, 2}, {1, 1}, {0, 0}, false});
  const auto network = b.network();
  const Parameters parameters(network);
  ReferenceNetwork<double> reference(*network, parameters, no_row(), {0, 0}, 1);
  reference.forward({3, 7, 7, 7});
  check_values(reference.backward({2}).input, {0, 2, 0, 0});
}

TEST(rows_by_hand) {
  NetworkBuilder b({1, 1, 1}, 4);
  const int64_t own = b.convolution("own", 0, 1, 1, 1, 0, 3);
  b.weighted_sum("s", {0, 0, 0, own}, {0, 1, -1, 3});
  const auto network = b.network();
  Parameters parameters(network);
  const double weight = 1000;
  parameters.set(0, &weight, 1);
  const auto value = [&](std::vector<int32_t> states) {
    ReferenceNetwork<double> reference(*network, parameters, {states, {10, 100, 7, 2}}, {0, 0, 0}, 1);
    reference.forward({3});
    return reference.value(2)[0];
  };
  CHECK_EQUAL(value({WINNOW_RUN, WINNOW_RUN, WINNOW_RUN, WINNOW_RUN}), 3.0 * (10 + 100 + 1 + 2000));
  CHECK_EQUAL(value({WINNOW_SKIP, WINNOW_MUTE, WINNOW_RUN, WINNOW_RUN}), 3.0 * (1 + 2000));
  CHECK_EQUAL(value({WINNOW_RUN, WINNOW_RUN, WINNOW_RUN, WINNOW_SKIP}), 3.0 * (10 + 100 + 1));
}

// f(theta + h d) - f(theta - h d) over 2 h against <gradient, d> with d a random direction of one tensor (or of the input) and
// f = <cotangent, output>. The error of a central difference is f''' h^2 / 6 + eps |f| / h: the first term is three times less
// than what halving h changes, the second near 1e-10 of the sums behind f.
// Points whose two sides lie on different pieces (a ReLU or a winner changes) are no test and are counted.
TEST(gradients_are_the_central_differences) {
  int64_t compared = 0, crossed = 0;
  for (uint64_t k = 0; k < 300; ++k) {
    Draws draws(seed(), 1000 + k);
    const NetworkBuilder b = random_network(draws, [](winnow_operation) { return true; });
    const auto network = b.network();
    Parameters parameters = random_parameters(draws, network);
    const int64_t batch = draws.integer(2, 5);
    std::vector<double> images = random_images(draws, *network, batch);
    std::vector<int32_t> modes;
    for (size_t n = 0; n < network->nodes().size(); ++n) {
      modes.push_back(draws.chance(0.6) ? WINNOW_NORM_BATCH : draws.chance(0.5) ? WINNOW_NORM_RUNNING : WINNOW_NORM_IDENTITY);
    }
    const ReferenceRow row = random_row(draws, *network);
    const auto output = static_cast<size_t>(network->output());
    std::vector<double> cotangent(static_cast<size_t>(batch * network->nodes()[output].shape.elements()));
    for (double& c : cotangent) c = draws.normal();

    ReferenceNetwork<double> reference(*network, parameters, row, modes, batch);
    const winnow_random_stream stream{draws.bits(), draws.bits()};
    reference.forward(images, &stream);
    const ReferenceGradients<double> gradients = reference.backward(cotangent);
    const auto f = [&] {
      reference.forward(images, &stream);
      double total = 0;
      for (size_t i = 0; i < cotangent.size(); ++i) total += cotangent[i] * reference.value(network->output())[i];
      return total;
    };
    const auto compare = [&](const std::vector<double>& gradient, const std::vector<double> point,
                             const std::function<void(const std::vector<double>&)>& move) {
      std::vector<double> direction(point.size()), moved(point.size());
      double slope = 0, scale = 0;
      for (size_t i = 0; i < point.size(); ++i) {
        direction[i] = draws.normal();
        slope += gradient[i] * direction[i];
        scale += std::fabs(gradient[i] * direction[i]);
      }
      bool same = true;
      double value = 0;
      const auto difference = [&](double h) {
        const auto side = [&](double step) {
          for (size_t i = 0; i < point.size(); ++i) moved[i] = point[i] + step * direction[i];
          move(moved);
          return f();
        };
        const double up = side(h);
        const std::vector<int64_t> branches = reference.branches();
        const double down = side(-h);
        same = same && reference.branches() == branches;
        value = up;
        return (up - down) / (2 * h);
      };
      const double coarse = difference(1e-5), fine = difference(5e-6);
      move(point);
      ++compared;
      if (!same) {
        ++crossed;
        return;
      }
      CHECK_NEAR(fine, slope, std::fabs(coarse - fine) + 1e-8 * (1 + scale + std::fabs(value)));
    };
    for (size_t t = 0; t < network->tensors().size(); ++t) {
      const Tensor& tensor = network->tensors()[t];
      if (tensor.role == WINNOW_RUNNING_MEAN || tensor.role == WINNOW_RUNNING_VARIANCE) continue;
      note("network " + std::to_string(k) + " tensor " + tensor.name);
      compare(gradients.tensors[t], parameters.values(static_cast<int64_t>(t)).copy(), [&](const std::vector<double>& values) {
        parameters.set(static_cast<int64_t>(t), values.data(), tensor.elements);
      });
    }
    note("network " + std::to_string(k) + " input");
    compare(gradients.input, images, [&](const std::vector<double>& values) { images = values; });
  }
  std::printf("%lld slopes, %lld on a kink\n", static_cast<long long>(compared), static_cast<long long>(crossed));
  CHECK(compared > 800 && crossed < compared / 4);
}

// Dual numbers: what a forward and a backward pass give along a direction, against central differences of both in double.
TEST(dual_numbers_against_finite_differences) {
  int64_t crossed = 0;
  for (int64_t k = 0; k < 30; ++k) {
    Draws draws(seed(), 500 + static_cast<uint64_t>(k));
    const NetworkBuilder builder = random_network(draws, [](winnow_operation) { return true; });
    const auto network = builder.network();
    const int64_t batch = draws.integer(2, 5);
    const ReferenceRow row = random_row(draws, *network);
    const std::vector<int32_t> modes(network->nodes().size(), static_cast<int32_t>(k % 3));
    const Parameters at = random_parameters(draws, network), direction = random_parameters(draws, network);
    const std::vector<double> images = random_images(draws, *network, batch), moved = random_images(draws, *network, batch);
    std::vector<double> cotangent(
        static_cast<size_t>(batch * network->nodes()[static_cast<size_t>(network->output())].shape.elements()));
    for (double& value : cotangent) value = draws.normal();
    ReferenceNetwork<Dual> dual(*network, at, row, modes, batch);
    dual.move(direction);
    std::vector<Dual> moving;
    for (size_t i = 0; i < images.size(); ++i) moving.emplace_back(images[i], moved[i]);
    const winnow_random_stream stream = {draws.bits(), draws.bits()};
    dual.forward(moving, &stream);
    const ReferenceGradients<Dual> expected = dual.backward({cotangent.begin(), cotangent.end()});
    // All numbers that are compared: the output, the gradients of learned tensors, the input's.
    const auto flat = [&](const auto& values, const auto& gradients) {
      auto all = values;
      for (size_t t = 0; t < network->tensors().size(); ++t) {
        if (network->tensors()[t].role < WINNOW_RUNNING_MEAN) {
          all.insert(all.end(), gradients.tensors[t].begin(), gradients.tensors[t].end());
        }
      }
      all.insert(all.end(), gradients.input.begin(), gradients.input.end());
      return all;
    };
    const std::vector<Dual> duals = flat(dual.value(network->output()), expected);
    std::vector<int64_t> branches;
    bool same = true;
    const auto side = [&](double h) {
      Parameters parameters = at;
      for (size_t t = 0; t < network->tensors().size(); ++t) {
        if (network->tensors()[t].role >= WINNOW_RUNNING_MEAN) continue;
        std::vector<double> values = at.values(static_cast<int64_t>(t)).copy();
        for (size_t i = 0; i < values.size(); ++i) values[i] += h * direction.values(static_cast<int64_t>(t))[i];
        parameters.set(static_cast<int64_t>(t), values.data(), static_cast<int64_t>(values.size()));
      }
      std::vector<double> input = images;
      for (size_t i = 0; i < input.size(); ++i) input[i] += h * moved[i];
      ReferenceNetwork<double> reference(*network, parameters, row, modes, batch);
      reference.forward(input, &stream);
      same = same && (branches.empty() || branches == reference.branches());
      branches = reference.branches();
      return flat(reference.value(network->output()), reference.backward(cotangent));
    };
    const auto difference = [&](double h) {
      std::vector<double> up = side(h);
      const std::vector<double> down = side(-h);
      for (size_t i = 0; i < up.size(); ++i) up[i] = (up[i] - down[i]) / (2 * h);
      return up;
    };
    const std::vector<double> coarse = difference(1e-5), fine = difference(5e-6);
    if (!same) {
      ++crossed;
      continue;
    }
    note("network " + std::to_string(k));
    double largest = 1;
    for (const Dual& number : duals) largest = std::max({largest, std::fabs(number.value), std::fabs(number.tangent)});
    for (size_t i = 0; i < duals.size(); ++i) {
      CHECK_NEAR(fine[i], duals[i].tangent, 2 * std::fabs(coarse[i] - fine[i]) + 1e-8 * largest);
    }
  }
  std::printf("%lld of 30 networks on a kink\n", static_cast<long long>(crossed));
  CHECK(crossed < 15);
}

// spec: 1,999,992 multiply-accumulates and 14,364 weights that the tangent kernel takes (every "weight": no bias) with K = 10;
// the thin network has 550 multiply-accumulates and 117 ReLU units a patch.
TEST(the_supernet_is_the_published_one) {
  const auto network = nb201_supernet({3, 32, 32}, 3, 1, 3, true, 10).network();
  CHECK_EQUAL(network->macs(), 1999992);
  int64_t weights = 0;
  for (const Tensor& t : network->tensors()) {
    if (t.role == WINNOW_CONVOLUTION_WEIGHT || t.role == WINNOW_LINEAR_WEIGHT || t.role == WINNOW_NORM_SCALE)
      weights += t.elements;
  }
  CHECK_EQUAL(weights, 14364);
  const auto thin = nb201_supernet({1, 3, 3}, 1, 1, 1, false, 10).network();
  CHECK_EQUAL(thin->macs(), 550);
  int64_t units = 0;
  for (const Node& node : thin->nodes()) units += node.operation == WINNOW_RELU ? node.shape.elements() : 0;
  CHECK_EQUAL(units, 117);
}
