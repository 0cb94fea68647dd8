#include "supernet.h"

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "winnow/network.h"

namespace winnow::bench {
namespace {

constexpr const char* kEdges[] = {"1-0", "2-0", "2-1", "3-0", "3-1", "3-2"};

int64_t bits(double value) {
  int64_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}

class Description {
 public:
  int64_t add(const std::string& name, int64_t operation, const std::vector<int64_t>& inputs,
              const std::vector<int64_t>& attributes, int64_t choice = -1) {
    const int64_t head[] = {operation, static_cast<int64_t>(names_.size()), static_cast<int64_t>(name.size()), choice,
                            static_cast<int64_t>(inputs.size())};
    nodes_.insert(nodes_.end(), std::begin(head), std::end(head));
    nodes_.insert(nodes_.end(), inputs.begin(), inputs.end());
    nodes_.push_back(static_cast<int64_t>(attributes.size()));
    nodes_.insert(nodes_.end(), attributes.begin(), attributes.end());
    names_ += name;
    return count_++;
  }

  int64_t convolution(const std::string& name, int64_t x, int64_t outputs, int64_t kernel, int64_t stride,
                      int64_t choice = -1) {
    const int64_t pad = kernel / 2;
    return add(name + ".conv", WINNOW_CONVOLUTION, {x}, {outputs, kernel, kernel, stride, stride, pad, pad, 1, 1, 1, 0},
               choice);
  }
  int64_t norm(const std::string& name, int64_t x, int64_t choice = -1) {
    return add(name + ".bn", WINNOW_BATCH_NORM, {x}, {1, bits(1e-5), bits(0.1)}, choice);
  }
  int64_t relu_convolution_norm(const std::string& name, int64_t x, int64_t outputs, int64_t kernel, int64_t stride,
                                int64_t choice = -1) {
    const int64_t active = add(name + ".relu", WINNOW_RELU, {x}, {bits(0)}, choice);
    return norm(name, convolution(name, active, outputs, kernel, stride, choice), choice);
  }

  std::vector<int64_t> blob(int64_t choices, int64_t output) {
    names_.resize((names_.size() + 7) / 8 * 8, '\0');
    const int64_t words = 8 + static_cast<int64_t>(nodes_.size() + names_.size() / 8);
    std::vector<int64_t> blob = {WINNOW_NETWORK_MAGIC,
                                 WINNOW_NETWORK_VERSION,
                                 8 * words,
                                 choices,
                                 count_,
                                 output,
                                 static_cast<int64_t>(names_.size()),
                                 0};
    blob.insert(blob.end(), nodes_.begin(), nodes_.end());
    blob.resize(static_cast<size_t>(words));
    std::memcpy(blob.data() + 8 + nodes_.size(), names_.data(), names_.size());
    return blob;
  }

 private:
  std::vector<int64_t> nodes_;
  std::string names_;
  int64_t count_ = 0;
};

int64_t cell(Description& net, const std::string& prefix, int64_t x, int64_t channels) {
  int64_t nodes[4] = {x};
  int64_t edge = 0;
  for (int64_t target = 1; target < 4; ++target) {
    std::vector<int64_t> inputs, choices;
    for (int64_t source = 0; source < target; ++source, ++edge) {
      const std::string name = prefix + kEdges[edge];
      const int64_t from = nodes[source], first = 5 * edge;  // none, skip, 1x1, 3x3, pool
      inputs.insert(inputs.end(),
                    {from, net.relu_convolution_norm(name + ".nor_conv_1x1", from, channels, 1, 1, first + 2),
                     net.relu_convolution_norm(name + ".nor_conv_3x3", from, channels, 3, 1, first + 3),
                     net.add(name + ".avg_pool_3x3", WINNOW_AVERAGE_POOL, {from}, {3, 3, 1, 1, 1, 1, 0}, first + 4)});
      choices.insert(choices.end(), {first + 1, first + 2, first + 3, first + 4});
    }
    nodes[target] = net.add(prefix + std::to_string(target), WINNOW_WEIGHTED_SUM, inputs, choices);
  }
  return nodes[3];
}

int64_t reduction(Description& net, const std::string& prefix, int64_t x, int64_t channels) {
  const int64_t a = net.relu_convolution_norm(prefix + "conv_a", x, channels, 3, 2);
  const int64_t b = net.relu_convolution_norm(prefix + "conv_b", a, channels, 3, 1);
  const int64_t pooled = net.add(prefix + "shortcut.pool", WINNOW_AVERAGE_POOL, {x}, {2, 2, 2, 2, 0, 0, 0});
  const int64_t shortcut = net.convolution(prefix + "shortcut", pooled, channels, 1, 1);
  return net.add(prefix + "sum", WINNOW_WEIGHTED_SUM, {shortcut, b}, {-1, -1});
}

}  // namespace

std::vector<Shape> read_shapes(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Shape> shapes;
  std::string line;
  for (int64_t number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    Shape s;
    if (!(words >> s.name)) continue;
    std::string rest;
    if (!(words >> s.score >> s.channels >> s.cells >> s.stages >> s.stem >> s.side >> s.classes >> s.batch >> s.samples) ||
        words >> rest || (s.score != "ntk" && s.score != "regions"))
      throw std::runtime_error(path + ":" + std::to_string(number) +
                               ": want name, ntk|regions, channels cells stages stem side classes batch samples");
    shapes.push_back(s);
  }
  return shapes;
}

std::vector<int64_t> supernet(const Shape& shape) {
  Description net;
  int64_t x = net.add("input", WINNOW_INPUT, {}, {shape.image_channels(), shape.side, shape.side});
  int64_t channels = shape.channels, index = 0;
  if (shape.stem) x = net.norm("stem", net.convolution("stem", x, channels, 3, 1));
  for (int64_t stage = 0; stage < shape.stages; ++stage) {
    if (stage > 0) {
      channels *= 2;
      x = reduction(net, "cells." + std::to_string(index++) + ".", x, channels);
    }
    for (int64_t i = 0; i < shape.cells; ++i) x = cell(net, "cells." + std::to_string(index++) + ".", x, channels);
  }
  x = net.add("last.relu", WINNOW_RELU, {net.norm("last", x)}, {bits(0)});
  x = net.add("pool", WINNOW_GLOBAL_AVERAGE_POOL, {x}, {});
  return net.blob(30, net.add("classifier", WINNOW_LINEAR, {x}, {shape.classes, 1}));
}

}  // namespace winnow::bench
