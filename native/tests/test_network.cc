// Descriptions that are right, and every way of being wrong: each must be INVALID with a text that names the place.
#include <limits>

#include "check.h"
#include "network_builder.h"
#include "winnow/network.h"

using namespace winnow;
using namespace winnow::test;

namespace {

std::string failure_of(const std::vector<int64_t>& words, int64_t bytes) {
  winnow_network* network = nullptr;
  winnow_error error = {};
  const winnow_status status = winnow_network_create(words.data(), bytes, &network, &error);
  CHECK_EQUAL(status, WINNOW_INVALID);
  CHECK(network == nullptr);
  winnow_network_destroy(network);
  return error.text;
}

std::string failure_of(const std::vector<int64_t>& words) { return failure_of(words, static_cast<int64_t>(words.size() * 8)); }

// The failure of a network 4x8x6 -> one node.
std::string failure_of_node(int64_t operation, std::vector<int64_t> attributes, std::vector<int64_t> inputs = {0}) {
  NetworkBuilder b({4, 8, 6}, 2);
  b.add("node", operation, std::move(inputs), std::move(attributes));
  return failure_of(b.blob(1));
}

// 3x5x7 -> conv -> norm -> relu -> pool -> linear, all of it correct.
NetworkBuilder chain() {
  NetworkBuilder b({3, 5, 7}, 1);
  b.convolution("conv", 0, {6, {3, 1}, {2, 1}, {1, 0}, {1, 1}, 3, true});
  b.batch_norm("norm", 1);
  b.relu("relu", 2);
  b.global_average_pool("pool", 3);
  b.linear("classifier", 4, 10);
  return b;
}

winnow_network* create(const NetworkBuilder& b, int64_t output) {
  const std::vector<int64_t> words = b.blob(output);
  winnow_network* network = nullptr;
  winnow_error error = {};
  const winnow_status status = winnow_network_create(words.data(), static_cast<int64_t>(words.size() * 8), &network, &error);
  check(status == WINNOW_OK, __FILE__, __LINE__, error.text);
  return network;
}

constexpr int64_t kTooBig = (int64_t{1} << 20) + 1;

}  // namespace

// Expected counts by hand: conv 6 x 1 x 3 x 1 weights and 6 biases on 3x7 windows; norm 6 + 6; linear 10 x 6 + 10.
TEST(a_chain_counts_as_by_hand) {
  winnow_network* network = create(chain(), 5);
  CHECK_EQUAL(winnow_network_node_count(network), 6);
  CHECK_EQUAL(winnow_network_choice_count(network), 1);
  CHECK_EQUAL(winnow_network_parameters(network), 18 + 6 + 12 + 70);
  CHECK_EQUAL(winnow_network_macs(network), 18 * 3 * 7 + 60);
  winnow_node_info node;
  CHECK_EQUAL(winnow_network_node(network, 1, &node, nullptr), WINNOW_OK);
  CHECK_EQUAL(std::string(node.name), "conv");
  CHECK_EQUAL(node.operation, WINNOW_CONVOLUTION);
  CHECK(node.channels == 6 && node.height == 3 && node.width == 7 && node.choice == -1);
  CHECK(node.macs == 378 && node.parameters == 24);
  const char* names[] = {"conv.weight",       "conv.bias",        "norm.weight",       "norm.bias",
                         "norm.running_mean", "norm.running_var", "classifier.weight", "classifier.bias"};
  const int32_t roles[] = {WINNOW_CONVOLUTION_WEIGHT, WINNOW_CONVOLUTION_BIAS, WINNOW_NORM_SCALE,    WINNOW_NORM_SHIFT,
                           WINNOW_RUNNING_MEAN,       WINNOW_RUNNING_VARIANCE, WINNOW_LINEAR_WEIGHT, WINNOW_LINEAR_BIAS};
  CHECK_EQUAL(winnow_network_tensor_count(network), 8);
  for (int64_t t = 0; t < 8; ++t) {
    winnow_tensor_info tensor;
    CHECK_EQUAL(winnow_network_tensor(network, t, &tensor, nullptr), WINNOW_OK);
    CHECK_EQUAL(std::string(tensor.name), names[t]);
    CHECK_EQUAL(tensor.role, roles[t]);
    CHECK_EQUAL(tensor.shape[0] * tensor.shape[1] * tensor.shape[2] * tensor.shape[3], tensor.elements);
  }
  winnow_tensor_info weight;
  winnow_network_tensor(network, 0, &weight, nullptr);
  CHECK(weight.rank == 4 && weight.shape[0] == 6 && weight.shape[1] == 1 && weight.shape[2] == 3 && weight.shape[3] == 1);
  winnow_error error;
  CHECK_EQUAL(winnow_network_node(network, 6, &node, &error), WINNOW_INVALID);
  CHECK_CONTAINS(error.text, "[0, 6)");
  CHECK_EQUAL(winnow_network_node(network, -1, &node, nullptr), WINNOW_INVALID);
  CHECK_EQUAL(winnow_network_tensor(network, 8, &weight, nullptr), WINNOW_INVALID);
  CHECK_EQUAL(winnow_network_tensor(network, 0, nullptr, nullptr), WINNOW_INVALID);
  winnow_network_destroy(network);
}

// PyTorch's formula floor((side + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, worked by hand for each case.
TEST(shapes) {
  NetworkBuilder b({4, 9, 12});
  b.convolution("dilated", 0, {8, {3, 5}, {2, 3}, {1, 4}, {2, 2}, 4, false});  // (9+2-4-1)/2+1=4, (12+8-8-1)/3+1=4
  b.average_pool("average", 0, {{2, 2}, {2, 2}, {0, 0}, true});                // 4, 6
  b.max_pool("max", 0, {{3, 3}, {1, 2}, {1, 1}, false});                       // 9, 6
  b.add("zero", WINNOW_ZERO, {0}, {2, 5});                                     // 5, 3
  b.add("pad", WINNOW_PAD_CROP, {0}, {-1, 2, 3, -4});                          // 10, 11
  b.add("slice", WINNOW_CHANNEL_SLICE, {0}, {1, 3});
  b.concat("concat", {0, 6});
  b.add("noise", WINNOW_NOISE, {7}, {bits_of(0.5)});
  const auto network = b.network();
  const Shape expected[] = {{4, 9, 12},  {8, 4, 4},  {4, 4, 6},  {4, 9, 6}, {4, 5, 3},
                            {4, 10, 11}, {3, 9, 12}, {7, 9, 12}, {7, 9, 12}};
  for (size_t i = 0; i < 9; ++i) {
    note("node " + std::to_string(i));
    CHECK(network->nodes()[i].shape == expected[i]);
  }
}

TEST(headers_of_a_blob) {
  const std::vector<int64_t> good = chain().blob(5);
  const auto with = [&](size_t word, int64_t value) {
    std::vector<int64_t> words = good;
    words[word] = value;
    return failure_of(words);
  };
  CHECK_CONTAINS(with(0, WINNOW_NETWORK_MAGIC + 1), "magic");
  CHECK_CONTAINS(with(1, 2), "version must be 1 but was 2");
  CHECK_CONTAINS(with(2, 8), "says it has 8 bytes");
  CHECK_CONTAINS(with(3, -1), "number of choices");
  CHECK_CONTAINS(with(3, 65537), "number of choices");
  CHECK_CONTAINS(with(4, 0), "number of nodes");
  CHECK_CONTAINS(with(4, INT64_MAX), "number of nodes");
  CHECK_CONTAINS(with(4, 1000), "no room for 1000 nodes");
  CHECK_CONTAINS(with(4, 7), "");  // a seventh node out of nothing
  std::vector<int64_t> fewer = good;
  fewer[4] = 5;
  fewer[5] = 4;
  CHECK_CONTAINS(failure_of(fewer), "words after the last node");
  CHECK_CONTAINS(with(5, 6), "output node");
  CHECK_CONTAINS(with(5, -1), "output node");
  CHECK_CONTAINS(with(6, -8), "name table");
  CHECK_CONTAINS(with(6, INT64_MAX - 7), "name table");
  CHECK_CONTAINS(with(6, 12), "multiple of 8");
  CHECK_CONTAINS(with(7, 1), "word 7");
  winnow_network* network = nullptr;
  CHECK_EQUAL(winnow_network_create(nullptr, 64, &network, nullptr), WINNOW_INVALID);
  CHECK_EQUAL(winnow_network_create(good.data(), 64, nullptr, nullptr), WINNOW_INVALID);
}

TEST(truncated_blobs) {
  const std::vector<int64_t> good = chain().blob(5);
  const auto bytes = static_cast<int64_t>(good.size() * 8);
  for (const int64_t length : {INT64_MIN, int64_t{-8}, int64_t{0}, int64_t{8}, int64_t{56}, bytes - 1, INT64_MAX}) {
    note("length " + std::to_string(length));
    CHECK_CONTAINS(failure_of(good, length), "blob length");
  }
  for (int64_t length = 64; length < bytes; length += 8) {
    note("length " + std::to_string(length));
    CHECK_CONTAINS(failure_of(good, length), "says it has");
    // And when the header lies along.
    std::vector<int64_t> cut(good.begin(), good.begin() + length / 8);
    cut[2] = length;
    failure_of(cut);
  }
}

TEST(cycles_and_dangling_inputs) {
  const auto with_input = [](int64_t input) { return failure_of_node(WINNOW_RELU, {bits_of(0)}, {input}); };
  for (const int64_t input : {int64_t{1}, int64_t{2}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    CHECK_CONTAINS(with_input(input), "node 1 (node) input 0 must be an earlier node");
    CHECK_CONTAINS(with_input(input), "cycle or a dangling input");
  }
}

TEST(names) {
  const auto named = [](const std::string& name) {
    NetworkBuilder b({1, 2, 2});
    b.relu(name, 0);
    return b.blob(1);
  };
  CHECK_CONTAINS(failure_of(named("")), "name length");
  CHECK_CONTAINS(failure_of(named(std::string(1025, 'x'))), "name length");
  CHECK_CONTAINS(failure_of(named("input")), "name of an earlier node");
  const std::string bad[] = {
      std::string("a\0b", 3), "\x80", "\xC3",      "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
      "\xF8\x88\x80\x80\x80", "\xFF", "ok\xE2\x82"};
  for (const std::string& name : bad) {
    note("bad name");
    CHECK_CONTAINS(failure_of(named(name)), "UTF-8");
  }
  const std::string good[] = {std::string(1024, 'x'), "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8C\xBE", "cells.0.1-0"};
  for (const std::string& name : good) {
    const std::vector<int64_t> words = named(name);
    CHECK_EQUAL(Network::decode(words.data(), static_cast<int64_t>(words.size() * 8))->nodes()[1].name, name);
  }
  NetworkBuilder b({1, 2, 2});
  b.relu("r", 0);
  std::vector<int64_t> words = b.blob(1);
  for (const int64_t offset : {int64_t{-1}, int64_t{8}, INT64_MAX, INT64_MIN}) {
    words[8 + 9 + 1] = offset;  // node 0 has nine words; then operation, name offset
    CHECK_CONTAINS(failure_of(words), "node 1 name offset");
  }
}

// A message that quotes a long name is cut between characters.
TEST(messages_stay_utf8) {
  for (size_t prefix = 0; prefix < 3; ++prefix) {
    std::string name(prefix, 'x');
    while (name.size() + 3 <= 1024) name += "\xE2\x82\xAC";
    NetworkBuilder b({1, 2, 2});
    b.relu(name, 0, -1, -1.0);
    const std::string text = failure_of(b.blob(1));
    CHECK(text.size() < WINNOW_ERROR_CAPACITY && text.size() > WINNOW_ERROR_CAPACITY - 4);
    size_t start = text.size();
    while (start > 0 && (static_cast<unsigned char>(text[start - 1]) & 0xC0) == 0x80) --start;
    CHECK_EQUAL(text.substr(start - 1), "\xE2\x82\xAC");
  }
}

TEST(operations_and_counts) {
  CHECK_CONTAINS(failure_of_node(14, {}), "node 1 operation must be in [0, 13] but was 14");
  CHECK_CONTAINS(failure_of_node(-1, {}), "operation");
  CHECK_CONTAINS(failure_of_node(INT64_MAX, {}), "operation");
  CHECK_CONTAINS(failure_of_node(WINNOW_INPUT, {1, 2, 2}, {}), "node 0 and only node 0 is the input");
  CHECK_CONTAINS(failure_of_node(WINNOW_RELU, {bits_of(0), 0}), "1 attributes too many");
  CHECK_CONTAINS(failure_of_node(WINNOW_RELU, {}), "blob ends before node 1 (node) cap");
  CHECK_CONTAINS(failure_of_node(WINNOW_RELU, {bits_of(0)}, {}), "must have 1 inputs but has 0");
  CHECK_CONTAINS(failure_of_node(WINNOW_RELU, {bits_of(0)}, {0, 0}), "must have 1 inputs but has 2");
  CHECK_CONTAINS(failure_of_node(WINNOW_CONCAT, {}, {}), "1 or more");
  CHECK_CONTAINS(failure_of_node(WINNOW_WEIGHTED_SUM, {}, {}), "1 or more");
  NetworkBuilder zero_first({1, 2, 2});
  zero_first.entries()[0].operation = WINNOW_ZERO;
  zero_first.entries()[0].attributes = {1, 1};
  CHECK_CONTAINS(failure_of(zero_first.blob(0)), "node 0 and only node 0 is the input");
  for (const int64_t choice : {int64_t{-2}, int64_t{2}, INT64_MAX}) {
    NetworkBuilder b({4, 8, 6}, 2);
    b.relu("node", 0, choice);
    CHECK_CONTAINS(failure_of(b.blob(1)), "choice must be in [-1, 1]");
  }
  // Word by word: counts of inputs and attributes that run away.
  NetworkBuilder b({4, 8, 6}, 2);
  b.relu("node", 0);
  const std::vector<int64_t> good = b.blob(1);
  for (const int64_t count : {int64_t{-1}, int64_t{100}, INT64_MAX, INT64_MIN}) {
    std::vector<int64_t> words = good;
    words[8 + 9 + 4] = count;
    CHECK_CONTAINS(failure_of(words), "number of inputs");
    words = good;
    words[8 + 9 + 6] = count;
    CHECK_CONTAINS(failure_of(words), "number of attributes");
  }
}

TEST(attributes_out_of_range) {
  const std::vector<int64_t> conv = {8, 3, 3, 1, 1, 1, 1, 1, 1, 2, 0};
  const struct {
    size_t index;
    std::vector<int64_t> values;
    const char* text;
  } convolution[] = {{0, {0, -1, kTooBig, INT64_MAX}, "out channels"},
                     {1, {0, -3, kTooBig}, "kernel height"},
                     {2, {0, INT64_MIN}, "kernel width"},
                     {3, {0, -1, kTooBig}, "stride height"},
                     {4, {0}, "stride width"},
                     {5, {-1, kTooBig}, "padding height"},
                     {6, {-1, INT64_MAX}, "padding width"},
                     {7, {0, kTooBig}, "dilation height"},
                     {8, {0}, "dilation width"},
                     {9, {0, -1, kTooBig}, "groups"},
                     {9, {3, 8}, "groups"},
                     {10, {-1, 2}, "bias"},
                     {1, {11}, "kernel 11 with dilation 1 does not fit into side 8 padded by 1"},
                     {7, {5}, "kernel 3 with dilation 5 does not fit"}};
  for (const auto& c : convolution) {
    for (const int64_t value : c.values) {
      std::vector<int64_t> attributes = conv;
      attributes[c.index] = value;
      note(std::string(c.text) + " = " + std::to_string(value));
      CHECK_CONTAINS(failure_of_node(WINNOW_CONVOLUTION, attributes), c.text);
    }
  }
  note("");
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const double epsilon : {0.0, -1e-5, infinity, nan}) {
    CHECK_CONTAINS(failure_of_node(WINNOW_BATCH_NORM, {1, bits_of(epsilon), bits_of(0.1)}), "epsilon");
  }
  for (const double momentum : {-0.1, 1.1, infinity, nan}) {
    CHECK_CONTAINS(failure_of_node(WINNOW_BATCH_NORM, {1, bits_of(1e-5), bits_of(momentum)}), "momentum");
  }
  CHECK_CONTAINS(failure_of_node(WINNOW_BATCH_NORM, {2, bits_of(1e-5), bits_of(0.1)}), "affine");
  for (const double cap : {-6.0, infinity, nan}) CHECK_CONTAINS(failure_of_node(WINNOW_RELU, {bits_of(cap)}), "cap");
  for (const double deviation : {-1.0, nan}) {
    CHECK_CONTAINS(failure_of_node(WINNOW_NOISE, {bits_of(deviation)}), "standard deviation");
  }
  for (const int64_t pool : {int64_t{WINNOW_AVERAGE_POOL}, int64_t{WINNOW_MAX_POOL}}) {
    std::vector<int64_t> attributes = {3, 3, 1, 1, 2, 1};
    if (pool == WINNOW_AVERAGE_POOL) attributes.push_back(1);
    CHECK_CONTAINS(failure_of_node(pool, attributes), "at most half the kernel");
    attributes[4] = 1;
    attributes[0] = 0;
    CHECK_CONTAINS(failure_of_node(pool, attributes), "kernel height");
    attributes[0] = 11;
    CHECK_CONTAINS(failure_of_node(pool, attributes), "does not fit");
  }
  CHECK_CONTAINS(failure_of_node(WINNOW_AVERAGE_POOL, {3, 3, 1, 1, 1, 1, 2}), "count_include_pad");
  CHECK_CONTAINS(failure_of_node(WINNOW_WEIGHTED_SUM, {2}), "choice of input 0");
  CHECK_CONTAINS(failure_of_node(WINNOW_WEIGHTED_SUM, {-2}), "choice of input 0");
  CHECK_CONTAINS(failure_of_node(WINNOW_LINEAR, {0, 1}), "out features");
  CHECK_CONTAINS(failure_of_node(WINNOW_LINEAR, {10, 7}), "bias");
  CHECK_CONTAINS(failure_of_node(WINNOW_ZERO, {0, 1}), "stride height");
  CHECK_CONTAINS(failure_of_node(WINNOW_PAD_CROP, {-8, 0, 0, 0}), "shape");
  CHECK_CONTAINS(failure_of_node(WINNOW_PAD_CROP, {0, 0, 0, kTooBig}), "pad");
  for (const std::vector<int64_t>& slice :
       {std::vector<int64_t>{-1, 1}, {0, 0}, {0, 5}, {4, 1}, {INT64_MAX, INT64_MAX}, {3, INT64_MAX}}) {
    CHECK_CONTAINS(failure_of_node(WINNOW_CHANNEL_SLICE, slice), "are not within the input's 4");
  }
}

TEST(shapes_that_do_not_meet) {
  NetworkBuilder b({4, 8, 6});
  b.convolution("wide", 0, 8, 3, 1, 1);
  b.convolution("small", 0, 4, 3, 2, 1);
  NetworkBuilder sum = b, concat = b;
  sum.weighted_sum("sum", {0, 1}, {-1, -1});
  CHECK_CONTAINS(failure_of(sum.blob(3)), "input 1 is 8x8x6 but input 0 is 4x8x6");
  concat.concat("concat", {0, 2});
  CHECK_CONTAINS(failure_of(concat.blob(3)), "input 1 is 4x4x3 but input 0 is 4x8x6");
}

TEST(overflowing_shapes) {
  const auto input = [](int64_t c, int64_t h, int64_t w) { return failure_of(NetworkBuilder({c, h, w}).blob(0)); };
  CHECK_CONTAINS(input(0, 1, 1), "each side must be in");
  CHECK_CONTAINS(input(1, -1, 1), "each side must be in");
  CHECK_CONTAINS(input(1, 1, kTooBig), "each side must be in");
  CHECK_CONTAINS(input(INT64_MAX, INT64_MAX, INT64_MAX), "each side must be in");
  CHECK_CONTAINS(input(1 << 20, 1 << 20, 2), "more than 2^40 elements");
  CHECK_CONTAINS(input(1 << 20, 1 << 20, 1 << 20), "more than 2^40 elements");
  NetworkBuilder pad({1, 1 << 20, 1});
  pad.add("pad", WINNOW_PAD_CROP, {0}, {1 << 20, 1 << 20, 0, 0});
  CHECK_CONTAINS(failure_of(pad.blob(1)), "each side must be in");
  NetworkBuilder weights({1 << 20, 1, 1});
  weights.convolution("conv", 0, {1 << 20, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, false});
  CHECK_CONTAINS(failure_of(weights.blob(1)), "2^40");
  NetworkBuilder kernel({1, 1, 1});
  kernel.convolution("conv", 0, {1 << 20, {1 << 20, 1 << 20}, {1, 1}, {1 << 20, 1 << 20}, {1, 1}, 1, false});
  CHECK_CONTAINS(failure_of(kernel.blob(1)), "conv");
  NetworkBuilder linear({1 << 10, 1 << 10, 1 << 10});
  linear.linear("linear", 0, 1 << 20);
  CHECK_CONTAINS(failure_of(linear.blob(1)), "2^40");
  // Every node within bounds, their sum not: 2^40 weights on 2^40 windows each cannot be multiplied.
  NetworkBuilder macs({1 << 10, 1 << 15, 1 << 15});
  macs.convolution("conv", 0, {1 << 10, {1 << 10, 1 << 10}, {1, 1}, {511, 511}, {1, 1}, 1, false});
  CHECK_CONTAINS(failure_of(macs.blob(1)), "multiply-accumulates overflow");
}

TEST(null_networks_count_nothing) {
  CHECK_EQUAL(winnow_network_node_count(nullptr), 0);
  CHECK_EQUAL(winnow_network_choice_count(nullptr), 0);
  CHECK_EQUAL(winnow_network_tensor_count(nullptr), 0);
  CHECK_EQUAL(winnow_network_parameters(nullptr), 0);
  CHECK_EQUAL(winnow_network_macs(nullptr), 0);
  winnow_node_info info;
  CHECK_EQUAL(winnow_network_node(nullptr, 0, &info, nullptr), WINNOW_INVALID);
  winnow_network_destroy(nullptr);
}
