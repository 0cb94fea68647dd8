// Blob to Network. Every word is checked before it is used; nothing is allocated that the blob's own length does not justify.
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_set>

#include "network/network.h"
#include "network/place.h"
#include "network/shapes.h"
#include "runtime/failure.h"

namespace winnow {
namespace {

constexpr int64_t kMaxNodes = int64_t{1} << 20;
constexpr int64_t kMaxChoices = 65536;
constexpr int64_t kMaxBlob = int64_t{1} << 30;
constexpr int64_t kMaxName = 1024;

[[noreturn]] void invalid(const std::string& text) { throw Failure(WINNOW_INVALID, text); }

// `what` is a text or a place.
template <typename What>
void require_range(int64_t value, int64_t low, int64_t high, const What& what) {
  if (value < low || value > high) {
    invalid(std::string(what) + " must be in [" + std::to_string(low) + ", " + std::to_string(high) + "] but was " +
            std::to_string(value));
  }
}

// Well-formed UTF-8 without NUL: names end up in messages, JSON and Java strings.
bool is_utf8(const char* text, int64_t length) {
  for (int64_t i = 0; i < length;) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead == 0) return false;
    const int64_t more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
    if (more < 0 || i + more >= length) return false;
    uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (int64_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 0x3Fu);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace

class NetworkDecoder {
 public:
  NetworkDecoder(const void* blob, int64_t bytes) : bytes_(bytes) {
    if (bytes < 8 * 8 || bytes > kMaxBlob || bytes % 8 != 0) {
      invalid("blob length must be a multiple of 8 in [64, " + std::to_string(kMaxBlob) + "] but was " + std::to_string(bytes));
    }
    words_.resize(static_cast<size_t>(bytes / 8));
    std::memcpy(words_.data(), blob, static_cast<size_t>(bytes));
  }

  std::shared_ptr<const Network> decode() {
    if (words_[0] != WINNOW_NETWORK_MAGIC) invalid("blob does not start with the magic word WINNOWG1");
    if (words_[1] != WINNOW_NETWORK_VERSION) {
      invalid("blob version must be " + std::to_string(WINNOW_NETWORK_VERSION) + " but was " + std::to_string(words_[1]));
    }
    if (words_[2] != bytes_) {
      invalid("blob says it has " + std::to_string(words_[2]) + " bytes but has " + std::to_string(bytes_));
    }
    require_range(words_[3], 0, kMaxChoices, "number of choices");
    require_range(words_[4], 1, kMaxNodes, "number of nodes");
    require_range(words_[5], 0, words_[4] - 1, "output node");
    const int64_t name_bytes = words_[6];
    require_range(name_bytes, 0, bytes_ - 64, "bytes of the name table");
    if (name_bytes % 8 != 0) {
      invalid("bytes of the name table must be a multiple of 8 but were " + std::to_string(name_bytes));
    }
    if (words_[7] != 0) invalid("header word 7 must be 0 but was " + std::to_string(words_[7]));
    end_ = static_cast<int64_t>(words_.size()) - name_bytes / 8;
    names_ = reinterpret_cast<const char*>(words_.data() + end_);
    name_bytes_ = name_bytes;

    network_->choices_ = words_[3];
    network_->output_ = words_[5];
    const int64_t count = words_[4];
    // A node takes at least seven words, so a blob cannot ask for more nodes than it has room for.
    if (count > (end_ - 8) / 7) {
      invalid("blob has no room for " + std::to_string(count) + " nodes: " + std::to_string(end_ - 8) + " words are left");
    }
    network_->nodes_.reserve(static_cast<size_t>(count));
    network_->tensors_.reserve(static_cast<size_t>(2 * count));
    seen_.reserve(static_cast<size_t>(count));
    cursor_ = 8;
    for (int64_t i = 0; i < count; ++i) node(i);
    if (cursor_ != end_) invalid("blob has " + std::to_string(end_ - cursor_) + " words after the last node");
    return network_;
  }

 private:
  int64_t word(const Place& what) {
    if (cursor_ >= end_) invalid("blob ends before " + std::string(what));
    return words_[static_cast<size_t>(cursor_++)];
  }

  double real(const Place& what) {
    const int64_t bits = word(what);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) invalid(what + " must be finite");
    return value;
  }

  bool flag(const Place& what) {
    const int64_t value = word(what);
    require_range(value, 0, 1, what);
    return value == 1;
  }

  Pair pair(const Place& what, int64_t low, int64_t high) {
    Pair p;
    p.height = word(what);
    require_range(p.height, low, high, what + " height");
    p.width = word(what);
    require_range(p.width, low, high, what + " width");
    return p;
  }

  void node(int64_t index) {
    const Place at(index);
    Node n;
    const int64_t operation = word(at + " operation");
    require_range(operation, WINNOW_INPUT, WINNOW_NOISE, at + " operation");
    n.operation = static_cast<winnow_operation>(operation);
    const int64_t name = word(at + " name offset");
    const int64_t name_length = word(at + " name length");
    require_range(name_length, 1, kMaxName, at + " name length");
    require_range(name, 0, name_bytes_ - name_length, at + " name offset");
    if (!is_utf8(names_ + name, name_length)) invalid(at + " name is not UTF-8 without NUL");
    n.name.assign(names_ + name, static_cast<size_t>(name_length));
    const Place where(index, &n.name);
    if (!seen_.insert({names_ + name, static_cast<size_t>(name_length)}).second)
      invalid(where + " has the name of an earlier node");
    n.choice = word(where + " choice");
    require_range(n.choice, -1, network_->choices_ - 1, where + " choice");
    const int64_t inputs = word(where + " number of inputs");
    require_range(inputs, 0, end_ - cursor_, where + " number of inputs");
    n.inputs.reserve(static_cast<size_t>(inputs));
    for (int64_t k = 0; k < inputs; ++k) {
      const int64_t input = word(where + " input");
      if (input < 0 || input >= index) {
        invalid(where + " input " + std::to_string(k) + " must be an earlier node in [0, " + std::to_string(index - 1) +
                "] but was " + std::to_string(input) + " (a cycle or a dangling input)");
      }
      n.inputs.push_back(input);
    }
    const int64_t attributes = word(where + " number of attributes");
    require_range(attributes, 0, end_ - cursor_, where + " number of attributes");
    const int64_t attributes_end = cursor_ + attributes;
    const int64_t outer_end = end_;
    end_ = attributes_end;  // an operation cannot read past its own attributes
    n.attributes = decode_attributes(n.operation, where, inputs);
    end_ = outer_end;
    if (cursor_ != attributes_end) {
      invalid(where + " has " + std::to_string(attributes_end - cursor_) + " attributes too many");
    }
    if ((index == 0) != (n.operation == WINNOW_INPUT)) invalid(where + ": node 0 and only node 0 is the input");
    n.shape = infer(*network_, n, where);
    n.first_tensor = static_cast<int64_t>(network_->tensors_.size());
    add_tensors(network_->tensors_, *network_, n, index);
    n.tensor_count = static_cast<int64_t>(network_->tensors_.size()) - n.first_tensor;
    count(network_->tensors_.data() + n.first_tensor, n, where);
    network_->parameters_ = checked_add(network_->parameters_, n.parameters, where + " parameters");
    network_->macs_ = checked_add(network_->macs_, n.macs, where + " multiply-accumulates");
    network_->nodes_.push_back(std::move(n));
  }

  Attributes decode_attributes(winnow_operation operation, const Place& where, int64_t inputs) {
    switch (operation) {
      case WINNOW_INPUT: {
        InputAttributes a;
        a.shape.channels = word(where + " channels");
        a.shape.height = word(where + " height");
        a.shape.width = word(where + " width");
        return a;
      }
      case WINNOW_CONVOLUTION: {
        ConvolutionAttributes a;
        a.outputs = word(where + " out channels");
        require_range(a.outputs, 1, kMaxSide, where + " out channels");
        a.kernel = pair(where + " kernel", 1, kMaxSide);
        a.stride = pair(where + " stride", 1, kMaxSide);
        a.padding = pair(where + " padding", 0, kMaxSide);
        a.dilation = pair(where + " dilation", 1, kMaxSide);
        a.groups = word(where + " groups");
        require_range(a.groups, 1, kMaxSide, where + " groups");
        a.bias = flag(where + " bias");
        return a;
      }
      case WINNOW_BATCH_NORM: {
        BatchNormAttributes a;
        a.affine = flag(where + " affine");
        a.epsilon = real(where + " epsilon");
        if (a.epsilon <= 0) invalid(where + " epsilon must be > 0 but was " + std::to_string(a.epsilon));
        a.momentum = real(where + " momentum");
        if (a.momentum < 0 || a.momentum > 1) {
          invalid(where + " momentum must be in [0, 1] but was " + std::to_string(a.momentum));
        }
        return a;
      }
      case WINNOW_RELU: {
        ReluAttributes a;
        a.cap = real(where + " cap");
        if (a.cap < 0) invalid(where + " cap must be >= 0 but was " + std::to_string(a.cap));
        return a;
      }
      case WINNOW_AVERAGE_POOL:
      case WINNOW_MAX_POOL: {
        PoolAttributes a;
        a.kernel = pair(where + " kernel", 1, kMaxSide);
        a.stride = pair(where + " stride", 1, kMaxSide);
        a.padding = pair(where + " padding", 0, kMaxSide);
        // More padding would leave windows without a single cell of the image.
        if (a.padding.height > a.kernel.height / 2 || a.padding.width > a.kernel.width / 2) {
          invalid(where + " padding must be at most half the kernel");
        }
        a.count_include_pad = operation == WINNOW_AVERAGE_POOL && flag(where + " count_include_pad");
        return a;
      }
      case WINNOW_WEIGHTED_SUM: {
        WeightedSumAttributes a;
        a.choices.reserve(static_cast<size_t>(inputs));
        for (int64_t k = 0; k < inputs; ++k) {
          a.choices.push_back(word(where + " choice of input " + k));
          require_range(a.choices.back(), -1, network_->choices_ - 1, where + " choice of input " + k);
        }
        return a;
      }
      case WINNOW_LINEAR: {
        LinearAttributes a;
        a.outputs = word(where + " out features");
        require_range(a.outputs, 1, kMaxSide, where + " out features");
        a.bias = flag(where + " bias");
        return a;
      }
      case WINNOW_ZERO:
        return ZeroAttributes{pair(where + " stride", 1, kMaxSide)};
      case WINNOW_PAD_CROP: {
        PadCropAttributes a;
        int64_t* sides[] = {&a.top, &a.bottom, &a.left, &a.right};
        for (int64_t* side : sides) {
          *side = word(where + " pad");
          require_range(*side, -kMaxSide, kMaxSide, where + " pad");
        }
        return a;
      }
      case WINNOW_CHANNEL_SLICE: {
        ChannelSliceAttributes a;
        a.first = word(where + " first");
        a.count = word(where + " count");
        return a;
      }
      case WINNOW_NOISE: {
        NoiseAttributes a;
        a.deviation = real(where + " standard deviation");
        if (a.deviation < 0) invalid(where + " standard deviation must be >= 0");
        return a;
      }
      case WINNOW_CONCAT:
      case WINNOW_GLOBAL_AVERAGE_POOL:
        return NoAttributes{};
    }
    throw Failure(WINNOW_INTERNAL, where + ": operation not decoded");
  }

  int64_t bytes_;
  std::vector<int64_t> words_;
  int64_t cursor_ = 0, end_ = 0, name_bytes_ = 0;
  const char* names_ = nullptr;
  std::unordered_set<std::string_view> seen_;  // names in the blob
  std::shared_ptr<Network> network_ = std::make_shared<Network>();
};

std::shared_ptr<const Network> Network::decode(const void* blob, int64_t bytes) { return NetworkDecoder(blob, bytes).decode(); }

}  // namespace winnow
