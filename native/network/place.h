// A place in a network's description, for messages. Every word of a description has one and hardly any is ever read, so it is put
// into words only when something is wrong there.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace winnow {

class Place {
 public:
  // Of a node, whose name is known later than its index. What is pointed to outlives the place.
  explicit Place(int64_t node, const std::string* name = nullptr) : node_(node), name_(name) {}

  // The same followed by more words, at most three times, and last by a number.
  Place operator+(const char* words) const {
    Place longer = *this;
    longer.words_[static_cast<size_t>(longer.count_++)] = words;
    return longer;
  }
  Place operator+(int64_t number) const {
    Place longer = *this;
    longer.number_ = number;
    return longer;
  }

  operator std::string() const {
    std::string text = "node " + std::to_string(node_);
    if (name_ != nullptr) text += " (" + *name_ + ")";
    for (int64_t k = 0; k < count_; ++k) text += words_[static_cast<size_t>(k)];
    return number_ < 0 ? text : text + std::to_string(number_);
  }

 private:
  int64_t node_;
  const std::string* name_;
  std::array<const char*, 3> words_ = {};
  int64_t count_ = 0, number_ = -1;
};

inline std::string operator+(const Place& place, const std::string& text) { return std::string(place) + text; }

}  // namespace winnow
