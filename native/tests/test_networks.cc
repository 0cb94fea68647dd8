#include "test_networks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "runtime/philox.h"
#include "runtime/random.h"

namespace winnow::test {

uint64_t Draws::bits() { return random_bits(seed_, stream_, next_++); }

int64_t Draws::integer(int64_t low, int64_t high) {
  return low + static_cast<int64_t>((bits() >> 11) % static_cast<uint64_t>(high - low + 1));
}

bool Draws::chance(double probability) { return uniform() < probability; }

double Draws::normal() { return random_normal(seed_, stream_, next_++); }
double Draws::uniform() { return random_uniform(seed_, stream_, next_++); }

std::vector<double> Draws::uniforms(int64_t count) {
  std::vector<uint64_t> drawn(static_cast<size_t>(count));
  next_ += next_ % 2;
  random_bits(seed_, stream_, next_, count, drawn.data());
  next_ += count;
  std::vector<double> values(drawn.size());
  std::transform(drawn.begin(), drawn.end(), values.begin(), philox::uniform_of);
  return values;
}

namespace {

constexpr PoolAttributes kCellPool{{3, 3}, {1, 1}, {1, 1}, false};

int64_t relu_conv_norm(NetworkBuilder& b, const std::string& name, int64_t input, int64_t outputs, int64_t kernel,
                       int64_t stride, int64_t choice = -1) {
  const int64_t relu = b.relu(name + ".relu", input, choice);
  const int64_t conv = b.convolution(name + ".conv", relu, outputs, kernel, stride, kernel / 2, choice);
  return b.batch_norm(name + ".bn", conv, choice);
}

int64_t nb201_cell(NetworkBuilder& b, const std::string& name, int64_t input, int64_t channels) {
  std::vector<int64_t> nodes = {input};
  int64_t edge = 0;
  for (int64_t to = 1; to <= 3; ++to) {
    std::vector<int64_t> inputs, choices;
    for (int64_t from = 0; from < to; ++from, ++edge) {
      const std::string at = name + "." + std::to_string(to) + "-" + std::to_string(from) + ".";
      const int64_t source = nodes[static_cast<size_t>(from)], choice = edge * 5;
      inputs.push_back(source);
      choices.push_back(choice + 1);
      inputs.push_back(relu_conv_norm(b, at + "nor_conv_1x1", source, channels, 1, 1, choice + 2));
      choices.push_back(choice + 2);
      inputs.push_back(relu_conv_norm(b, at + "nor_conv_3x3", source, channels, 3, 1, choice + 3));
      choices.push_back(choice + 3);
      inputs.push_back(b.average_pool(at + "avg_pool_3x3", source, kCellPool, choice + 4));
      choices.push_back(choice + 4);
    }
    nodes.push_back(b.weighted_sum(name + "." + std::to_string(to), inputs, choices));
  }
  return nodes.back();
}

int64_t nb201_reduction(NetworkBuilder& b, const std::string& name, int64_t input, int64_t channels) {
  const int64_t first = relu_conv_norm(b, name + ".conv_a", input, channels, 3, 2);
  const int64_t second = relu_conv_norm(b, name + ".conv_b", first, channels, 3, 1);
  const int64_t pool = b.average_pool(name + ".shortcut.pool", input, {{2, 2}, {2, 2}, {0, 0}, true});
  const int64_t shortcut = b.convolution(name + ".shortcut.conv", pool, channels, 1, 1, 0);
  return b.weighted_sum(name + ".sum", {shortcut, second}, {-1, -1});
}

}  // namespace

NetworkBuilder nb201_supernet(Shape input, int64_t channels, int64_t cells, int64_t stages, bool stem, int64_t classes) {
  NetworkBuilder b(input, 30);
  int64_t value = 0, index = 0;
  if (stem) value = b.batch_norm("stem.bn", b.convolution("stem.conv", 0, channels, 3, 1, 1));
  for (int64_t stage = 0; stage < stages; ++stage) {
    if (stage > 0) {
      channels *= 2;
      value = nb201_reduction(b, "cells." + std::to_string(index++), value, channels);
    }
    for (int64_t cell = 0; cell < cells; ++cell) value = nb201_cell(b, "cells." + std::to_string(index++), value, channels);
  }
  value = b.relu("last.relu", b.batch_norm("last.bn", value));
  b.linear("classifier", b.global_average_pool("last.pool", value), classes);
  return b;
}

namespace {

// Grows a graph node by node, each on inputs picked among all there are.
class RandomNetwork {
 public:
  RandomNetwork(Draws& draws, const std::function<bool(winnow_operation)>& supported, const Sides& largest)
      : draws_(draws), supported_(supported), largest_(largest), b_({1, 1, 1}) {}

  NetworkBuilder grow() {
    const Shape input{draws_.integer(1, 7), draws_.integer(1, largest_.image), draws_.integer(1, largest_.image)};
    choices_ = draws_.integer(0, 6);
    b_ = NetworkBuilder(input, choices_);
    shapes_ = {input};
    const int64_t count = draws_.integer(2, 12);
    for (int64_t k = 0; k < count; ++k) grow_one();
    finish();
    return b_;
  }

 private:
  std::string name() { return "n" + std::to_string(shapes_.size()); }

  int64_t record(int64_t node, Shape shape) {
    shapes_.push_back(shape);
    return node;
  }

  const Shape& shape(int64_t node) const { return shapes_[static_cast<size_t>(node)]; }

  // A node to build on: the newest half of the time, so that graphs get deep. Nodes inside a choice are not for others.
  int64_t pick() {
    if (draws_.chance(0.5)) return open_.back();
    return open_[static_cast<size_t>(draws_.integer(0, static_cast<int64_t>(open_.size()) - 1))];
  }

  bool fits(const Shape& shape) const { return shape.height <= largest_.value && shape.width <= largest_.value; }

  static int64_t windows(int64_t side, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
    const int64_t room = side + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }

  // Same shape for a mixed edge, any other geometry elsewhere.
  int64_t convolution(int64_t input, bool same, int64_t choice) {
    const Shape in = shape(input);
    ConvolutionAttributes a{};
    Shape out;
    do {
      a.outputs = same ? in.channels : draws_.integer(1, draws_.chance(0.1) ? 19 : 7);
      a.groups = 1;
      if (draws_.chance(0.3)) {
        a.groups = draws_.chance(0.5) ? in.channels : draws_.integer(1, in.channels);
        while (in.channels % a.groups != 0) --a.groups;
        if (!same) a.outputs = a.groups * draws_.integer(1, 3);
      }
      a.dilation = draws_.chance(0.7) ? Pair{1, 1} : Pair{draws_.integer(1, 3), draws_.integer(1, 3)};
      if (same) {
        a.kernel = {2 * draws_.integer(0, largest_.kernel / 2) + 1, 2 * draws_.integer(0, largest_.kernel / 2) + 1};
        a.stride = {1, 1};
        a.padding = {a.dilation.height * (a.kernel.height / 2), a.dilation.width * (a.kernel.width / 2)};
      } else {
        a.kernel = {draws_.integer(1, largest_.kernel), draws_.integer(1, largest_.kernel)};
        a.stride = {draws_.integer(1, 3), draws_.integer(1, 3)};
        a.padding = {draws_.integer(0, 4), draws_.integer(0, 4)};
        if (draws_.chance(0.4)) a.kernel.width = a.kernel.height, a.stride = {1, 1}, a.padding = {1, 1};
      }
      a.bias = draws_.chance(0.3);
      out = {a.outputs, windows(in.height, a.kernel.height, a.stride.height, a.padding.height, a.dilation.height),
             windows(in.width, a.kernel.width, a.stride.width, a.padding.width, a.dilation.width)};
    } while (out.height < 1 || out.width < 1 || (!same && !fits(out)));
    return record(b_.convolution(name(), input, a, choice), out);
  }

  int64_t pool(int64_t input, bool maximum, bool same, int64_t choice) {
    const Shape in = shape(input);
    PoolAttributes a{};
    Shape out;
    do {
      a.kernel = {draws_.integer(1, 4), draws_.integer(1, 4)};
      a.stride = {draws_.integer(1, 3), draws_.integer(1, 3)};
      a.padding = {draws_.integer(0, a.kernel.height / 2), draws_.integer(0, a.kernel.width / 2)};
      if (same) a.kernel = {3, 3}, a.stride = {1, 1}, a.padding = {1, 1};
      a.count_include_pad = !maximum && draws_.chance(0.5);
      out = {in.channels, windows(in.height, a.kernel.height, a.stride.height, a.padding.height, 1),
             windows(in.width, a.kernel.width, a.stride.width, a.padding.width, 1)};
    } while (out.height < 1 || out.width < 1 || (!same && !fits(out)));
    return record(maximum ? b_.max_pool(name(), input, a, choice) : b_.average_pool(name(), input, a, choice), out);
  }

  int64_t norm(int64_t input, int64_t choice) {
    return record(b_.batch_norm(name(), input, choice, draws_.chance(0.8)), shape(input));
  }

  int64_t zero(int64_t input, Pair stride, int64_t choice) {
    const Shape in = shape(input);
    const Shape out{in.channels, (in.height + stride.height - 1) / stride.height, (in.width + stride.width - 1) / stride.width};
    return record(b_.add(name(), WINNOW_ZERO, {input}, {stride.height, stride.width}, choice), out);
  }

  int64_t noise(int64_t input, int64_t choice) {
    const double deviation = draws_.chance(0.1) ? 0 : 1.5;
    return record(b_.add(name(), WINNOW_NOISE, {input}, {bits_of(deviation)}, choice), shape(input));
  }

  int64_t relu(int64_t input, int64_t choice) {
    return record(b_.relu(name(), input, choice, draws_.chance(0.2) ? 0.75 : 0), shape(input));
  }

  // Candidates of one edge on one input, summed: what a supernet is made of.
  void mixed_edge() {
    const int64_t input = pick();
    std::vector<int64_t> inputs, choices;
    const int64_t count = draws_.integer(1, 4);
    for (int64_t k = 0; k < count; ++k) {
      const int64_t choice = choices_ == 0 ? -1 : draws_.integer(-1, choices_ - 1);
      int64_t value = input;
      switch (draws_.integer(0, 5)) {
        case 0:
          value = norm(convolution(relu(input, choice), true, choice), choice);
          break;
        case 1:
          value = convolution(input, true, choice);
          break;
        case 2:
          if (supported_(WINNOW_AVERAGE_POOL)) value = pool(input, false, true, choice);
          break;
        case 3:
          if (supported_(WINNOW_MAX_POOL)) value = pool(input, true, true, choice);
          break;
        case 4:  // of the input or of zeros, as in S4
          if (!supported_(WINNOW_NOISE)) break;
          if (draws_.chance(0.5)) value = zero(input, {1, 1}, choice);
          value = noise(value, choice);
          break;
        default:  // the input itself
          break;
      }
      inputs.push_back(value);
      choices.push_back(choice);
    }
    open_.push_back(record(b_.weighted_sum(name(), inputs, choices), shape(input)));
  }

  // Nodes of the shape of `first` (or only its height and width), `first` among them, some twice.
  std::vector<int64_t> alike(int64_t first, bool channels) {
    std::vector<int64_t> found = {first};
    for (const int64_t node : open_) {
      const Shape &s = shape(node), &f = shape(first);
      if (s.height == f.height && s.width == f.width && (!channels || s.channels == f.channels) && draws_.chance(0.5)) {
        found.push_back(node);
      }
      if (found.size() == 4) break;
    }
    return found;
  }

  void grow_one() {
    const int64_t input = pick();
    const Shape in = shape(input);
    const int64_t kind = draws_.integer(0, 14);
    if (kind <= 2) {
      open_.push_back(convolution(input, false, -1));
    } else if (kind == 3) {
      open_.push_back(norm(convolution(input, false, -1), -1));
    } else if (kind == 4) {
      open_.push_back(norm(input, -1));
    } else if (kind == 5) {
      open_.push_back(relu(input, -1));
    } else if (kind == 6 && supported_(WINNOW_AVERAGE_POOL)) {
      open_.push_back(pool(input, false, false, -1));
    } else if (kind == 7 && supported_(WINNOW_MAX_POOL)) {
      open_.push_back(pool(input, true, false, -1));
    } else if (kind == 8 && supported_(WINNOW_CONCAT)) {
      const std::vector<int64_t> inputs = alike(input, false);
      Shape out{0, in.height, in.width};
      for (const int64_t i : inputs) out.channels += shape(i).channels;
      if (out.channels <= 24) open_.push_back(record(b_.concat(name(), inputs), out));
    } else if (kind == 9) {
      const std::vector<int64_t> inputs = alike(input, true);
      open_.push_back(record(b_.weighted_sum(name(), inputs, std::vector<int64_t>(inputs.size(), -1)), in));
    } else if (kind == 10 && supported_(WINNOW_PAD_CROP)) {
      const int64_t top = draws_.integer(-1, 2), bottom = draws_.integer(-1, 2), left = draws_.integer(-1, 2),
                    right = draws_.integer(-1, 2);
      const Shape out{in.channels, in.height + top + bottom, in.width + left + right};
      if (out.height >= 1 && out.width >= 1 && fits(out)) {
        open_.push_back(record(b_.add(name(), WINNOW_PAD_CROP, {input}, {top, bottom, left, right}), out));
      }
    } else if (kind == 11 && supported_(WINNOW_CHANNEL_SLICE)) {
      const int64_t first = draws_.integer(0, in.channels - 1), count = draws_.integer(1, in.channels - first);
      open_.push_back(record(b_.add(name(), WINNOW_CHANNEL_SLICE, {input}, {first, count}), {count, in.height, in.width}));
    } else if (kind == 12 && supported_(WINNOW_ZERO)) {
      open_.push_back(zero(input, {draws_.integer(1, 2), draws_.integer(1, 2)}, -1));
    } else if (kind == 13 && supported_(WINNOW_NOISE)) {
      open_.push_back(noise(input, -1));
    } else {
      mixed_edge();
    }
  }

  // A classifier mostly, but any tensor may be the output.
  void finish() {
    int64_t value = open_.back();
    if (draws_.chance(0.2)) {
      open_.push_back(convolution(value, false, -1));
      return;
    }
    if (draws_.chance(0.7)) value = record(b_.global_average_pool(name(), value), {shape(value).channels, 1, 1});
    const int64_t outputs = draws_.integer(1, 5);
    record(b_.linear(name(), value, outputs, draws_.chance(0.7)), {outputs, 1, 1});
  }

  Draws& draws_;
  const std::function<bool(winnow_operation)>& supported_;
  const Sides largest_;
  NetworkBuilder b_;
  int64_t choices_ = 0;
  std::vector<Shape> shapes_;        // by node
  std::vector<int64_t> open_ = {0};  // nodes of no choice
};

double float32(double value) { return static_cast<double>(static_cast<float>(value)); }

}  // namespace

NetworkBuilder random_network(Draws& draws, const std::function<bool(winnow_operation)>& supported, const Sides& largest) {
  return RandomNetwork(draws, supported, largest).grow();
}

ReferenceRow random_row(Draws& draws, const Network& network) {
  ReferenceRow row;
  for (int64_t c = 0; c < network.choices(); ++c) {
    row.states.push_back(draws.chance(0.7) ? WINNOW_RUN : static_cast<winnow_state>(draws.integer(WINNOW_SKIP, WINNOW_MUTE)));
    row.coefficients.push_back(draws.chance(0.1) ? 0.0 : float32(draws.normal()));
  }
  return row;
}

Parameters random_parameters(Draws& draws, const std::shared_ptr<const Network>& network) {
  Parameters parameters(network);
  for (size_t t = 0; t < network->tensors().size(); ++t) {
    const Tensor& tensor = network->tensors()[t];
    const double spread = std::sqrt(2.0 / static_cast<double>(tensor.fan_in));
    std::vector<double> values;
    for (int64_t k = 0; k < tensor.elements; ++k) {
      const double z = draws.normal();
      double value = 0.3 * z;
      if (tensor.role == WINNOW_CONVOLUTION_WEIGHT || tensor.role == WINNOW_LINEAR_WEIGHT) value = spread * z;
      if (tensor.role == WINNOW_NORM_SCALE) value = 1 + 0.2 * z;
      if (tensor.role == WINNOW_RUNNING_VARIANCE) value = 0.5 + z * z;
      values.push_back(float32(value));
    }
    parameters.set(static_cast<int64_t>(t), values.data(), tensor.elements);
  }
  return parameters;
}

std::vector<double> random_images(Draws& draws, const Network& network, int64_t batch) {
  std::vector<double> images(static_cast<size_t>(batch * network.nodes()[0].shape.elements()));
  for (double& pixel : images) pixel = float32(draws.normal());
  return images;
}

}  // namespace winnow::test
