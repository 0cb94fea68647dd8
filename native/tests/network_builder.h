// Blobs of include/winnow/network.h, node by node: what the Java side does, for tests. Nothing is checked here; wrong blobs are
// what many tests want.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "network/network.h"

namespace winnow::test {

inline int64_t bits_of(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

class NetworkBuilder {
 public:
  struct Entry {
    std::string name;
    int64_t operation, choice;
    std::vector<int64_t> inputs, attributes;
  };

  explicit NetworkBuilder(Shape input, int64_t choices = 0) : choices_(choices) {
    add("input", WINNOW_INPUT, {}, {input.channels, input.height, input.width});
  }

  int64_t add(std::string name, int64_t operation, std::vector<int64_t> inputs, std::vector<int64_t> attributes,
              int64_t choice = -1) {
    entries_.push_back({std::move(name), operation, choice, std::move(inputs), std::move(attributes)});
    return static_cast<int64_t>(entries_.size()) - 1;
  }

  int64_t convolution(const std::string& name, int64_t input, const ConvolutionAttributes& a, int64_t choice = -1) {
    return add(name, WINNOW_CONVOLUTION, {input},
               {a.outputs, a.kernel.height, a.kernel.width, a.stride.height, a.stride.width, a.padding.height, a.padding.width,
                a.dilation.height, a.dilation.width, a.groups, a.bias ? 1 : 0},
               choice);
  }
  // The usual square one without bias.
  int64_t convolution(const std::string& name, int64_t input, int64_t outputs, int64_t kernel, int64_t stride, int64_t padding,
                      int64_t choice = -1) {
    return convolution(name, input, {outputs, {kernel, kernel}, {stride, stride}, {padding, padding}, {1, 1}, 1, false},
                       choice);
  }
  int64_t batch_norm(const std::string& name, int64_t input, int64_t choice = -1, bool affine = true) {
    return add(name, WINNOW_BATCH_NORM, {input}, {affine ? 1 : 0, bits_of(1e-5), bits_of(0.1)}, choice);
  }
  int64_t relu(const std::string& name, int64_t input, int64_t choice = -1, double cap = 0) {
    return add(name, WINNOW_RELU, {input}, {bits_of(cap)}, choice);
  }
  int64_t average_pool(const std::string& name, int64_t input, const PoolAttributes& a, int64_t choice = -1) {
    return add(name, WINNOW_AVERAGE_POOL, {input},
               {a.kernel.height, a.kernel.width, a.stride.height, a.stride.width, a.padding.height, a.padding.width,
                a.count_include_pad ? 1 : 0},
               choice);
  }
  int64_t max_pool(const std::string& name, int64_t input, const PoolAttributes& a, int64_t choice = -1) {
    return add(name, WINNOW_MAX_POOL, {input},
               {a.kernel.height, a.kernel.width, a.stride.height, a.stride.width, a.padding.height, a.padding.width}, choice);
  }
  int64_t weighted_sum(const std::string& name, std::vector<int64_t> inputs, std::vector<int64_t> choices,
                       int64_t choice = -1) {
    return add(name, WINNOW_WEIGHTED_SUM, std::move(inputs), std::move(choices), choice);
  }
  int64_t concat(const std::string& name, std::vector<int64_t> inputs, int64_t choice = -1) {
    return add(name, WINNOW_CONCAT, std::move(inputs), {}, choice);
  }
  int64_t global_average_pool(const std::string& name, int64_t input) {
    return add(name, WINNOW_GLOBAL_AVERAGE_POOL, {input}, {});
  }
  int64_t linear(const std::string& name, int64_t input, int64_t outputs, bool bias = true) {
    return add(name, WINNOW_LINEAR, {input}, {outputs, bias ? 1 : 0});
  }

  std::vector<Entry>& entries() { return entries_; }
  int64_t last() const { return static_cast<int64_t>(entries_.size()) - 1; }

  std::vector<int64_t> blob(int64_t output) const {
    std::string names;
    std::vector<int64_t> words = {
        WINNOW_NETWORK_MAGIC, WINNOW_NETWORK_VERSION, 0, choices_, static_cast<int64_t>(entries_.size()), output, 0, 0};
    for (const Entry& e : entries_) {
      words.insert(words.end(), {e.operation, static_cast<int64_t>(names.size()), static_cast<int64_t>(e.name.size()), e.choice,
                                 static_cast<int64_t>(e.inputs.size())});
      words.insert(words.end(), e.inputs.begin(), e.inputs.end());
      words.push_back(static_cast<int64_t>(e.attributes.size()));
      words.insert(words.end(), e.attributes.begin(), e.attributes.end());
      names += e.name;
    }
    names.resize((names.size() + 7) / 8 * 8, '\0');
    words[6] = static_cast<int64_t>(names.size());
    const size_t table = words.size();
    words.resize(table + names.size() / 8);
    if (!names.empty()) std::memcpy(words.data() + table, names.data(), names.size());
    words[2] = static_cast<int64_t>(words.size() * 8);
    return words;
  }

  std::shared_ptr<const Network> network(int64_t output) const {
    const std::vector<int64_t> words = blob(output);
    return Network::decode(words.data(), static_cast<int64_t>(words.size() * 8));
  }
  std::shared_ptr<const Network> network() const { return network(last()); }

 private:
  int64_t choices_;
  std::vector<Entry> entries_;
};

}  // namespace winnow::test
