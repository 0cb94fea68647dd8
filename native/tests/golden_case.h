// A case of the shared folder "golden": numbers that the published programs gave for weights and inputs that lie beside them.
// The folder is WINNOW_SHARED/golden, else that beside the repository.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/parameters.h"

namespace winnow::test {

class GoldenCase {
 public:
  // Whether the folder is there.
  static bool there(const std::string& name);
  explicit GoldenCase(const std::string& name);

  // Of tensors.safetensors.
  std::vector<double> tensor(const std::string& name) const;
  std::vector<int64_t> shape(const std::string& name) const { return numbers(name, "shape"); }
  // All tensors of the network that the case has, called `prefix` + their names.
  Parameters parameters(const std::shared_ptr<const Network>& network, const std::string& prefix) const;

  // Of case.json: what is first under a key; names of its masks in order, and a number under a key behind where a mask begins.
  std::string text(const std::string& key) const;
  int64_t integer(const std::string& key) const;
  std::vector<std::string> masks() const;
  double number(const std::string& mask, const std::string& key) const;
  // Of what is recorded of the tangent kernel of a mask, or of the network by itself: "".
  double kernel_number(const std::string& mask, const std::string& key) const;

 private:
  size_t of(const std::string& mask) const;  // in case.json
  double number(size_t first, const std::string& key, const std::string& mask) const;
  size_t find(const std::string& name) const;  // in the header, npos where it is not
  std::vector<int64_t> numbers(const std::string& name, const std::string& key) const;

  std::string json_, header_, data_;
};

}  // namespace winnow::test
