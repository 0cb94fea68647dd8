// The Hamming kernel of packed patterns, drawn at random.
#pragma once

#include <vector>

#include "work.h"

namespace winnow::bench {

class Hamming final : public Work {
 public:
  Hamming(const winnow_device* device, const Shape& shape);

  void run() override;
  Cost cost() const override;
  Verdict verdict(const std::string& variant) override;  // against a bit-by-bit count: equal or not

 private:
  const winnow_device* device_;
  int64_t n_, units_, words_;
  std::vector<uint64_t> code_;   // [n][words]
  std::vector<int64_t> kernel_;  // [n][n]
};

}  // namespace winnow::bench
