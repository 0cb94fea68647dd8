#include "hamming.h"

namespace winnow::bench {

Hamming::Hamming(const winnow_device* device, const Shape& shape)
    : device_(device),
      n_(shape.batch),
      units_(shape.size),
      words_((shape.size + 63) / 64),
      code_(static_cast<size_t>(n_ * words_)),
      kernel_(static_cast<size_t>(n_ * n_)) {
  winnow_error error;
  require(winnow_random_bits(1, 3, 0, n_ * words_, code_.data(), &error), error);
  for (int64_t i = 0; units_ % 64 != 0 && i < n_; ++i) code_[(i + 1) * words_ - 1] &= (uint64_t{1} << units_ % 64) - 1;
}

void Hamming::run() {
  winnow_error error;
  require(winnow_hamming_gram(device_, code_.data(), n_, words_, units_, kernel_.data(), n_ * n_, &error), error);
}

// The kernel is symmetric, its diagonal known.
Cost Hamming::cost() const { return {0, static_cast<double>(n_ * (n_ - 1) / 2 * words_)}; }

Verdict Hamming::verdict(const std::string&) {
  run();
  int64_t wrong = 0;
  for (int64_t i = 0; i < n_; ++i) {
    for (int64_t j = 0; j < n_; ++j) {
      int64_t equal = 0;
      for (int64_t u = 0; u < units_; ++u) {
        equal += (code_[i * words_ + u / 64] >> u % 64 & 1) == (code_[j * words_ + u / 64] >> u % 64 & 1) ? 1 : 0;
      }
      wrong += equal != kernel_[i * n_ + j] ? 1 : 0;
    }
  }
  return {static_cast<double>(wrong), 0, "entries that differ from a count bit by bit"};
}

}  // namespace winnow::bench
