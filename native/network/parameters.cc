#include "network/parameters.h"

#include <algorithm>
#include <cmath>

#include "kernels/draw.h"
#include "runtime/device.h"
#include "runtime/failure.h"
#include "runtime/limits.h"
#include "runtime/philox.h"
#include "runtime/random.h"

namespace winnow {
namespace {

constexpr int64_t kDrawn = 256;  // elements drawn at once: they stay in the first cache
static_assert(kDrawn % (2 * kDrawBlocks) == 0);
constexpr double kAnyonesBytes = 1 << 28;  // what every process may use: reading the limit costs as much as a small network

void check(const winnow_recipe& recipe, int64_t index) {
  const std::string where = "recipe " + std::to_string(index);
  const auto require = [&](int32_t value, int32_t high, const char* field) {
    if (value < 0 || value > high) {
      throw Failure(WINNOW_INVALID,
                    where + " " + field + " must be in [0, " + std::to_string(high) + "] but was " + std::to_string(value));
    }
  };
  require(recipe.role, WINNOW_RUNNING_VARIANCE, "role");
  require(recipe.distribution, WINNOW_NORMAL, "distribution");
  require(recipe.fan, WINNOW_FAN_OUT, "fan");
  require(recipe.reserved, 0, "reserved");
  // A normal deviate is below 9, so that every drawn value is a finite float32.
  if (!(std::fabs(recipe.gain) <= 1e30)) throw Failure(WINNOW_INVALID, where + " gain must be in [-1e30, 1e30]");
  if (recipe.role == WINNOW_RUNNING_VARIANCE && (recipe.distribution != WINNOW_CONSTANT || recipe.gain < 0)) {
    throw Failure(WINNOW_INVALID, where + " must fill the running variance with a constant >= 0");
  }
}

// A description of a kilobyte can ask for tensors of terabytes, and a system that overcommits memory kills the process
// instead of refusing: so the set is measured before anything is allocated.
void require_room(const Network& network) {
  double bytes = 0;
  for (const Tensor& tensor : network.tensors()) bytes += 8.0 * static_cast<double>(tensor.elements);
  if (bytes < kAnyonesBytes) return;
  const int64_t limit = usable_bytes();
  if (bytes > static_cast<double>(limit)) {
    throw Failure(WINNOW_OUT_OF_MEMORY, "parameters of this network take " + std::to_string(bytes / 1e9) +
                                            " GB but this process may use " + std::to_string(limit) + " bytes");
  }
}

// In float32, so that a float and a double plan see the same network.
KeptDraws::Values draw(const KeptDraws::Name& name) {
  const auto [seed, stream, distribution, scale, count] = name;
  const DrawKernels& kernels = draw_kernels_of(widest_variant());
  const auto values = std::make_shared<std::vector<float>>(count);
  const auto elements = static_cast<int64_t>(count);
  for (int64_t first = 0; first < elements; first += kDrawn) {
    uint64_t bits[kDrawn];
    const int64_t here = std::min(kDrawn, elements - first);
    const int64_t together = (here + 2 * kDrawBlocks - 1) / (2 * kDrawBlocks) * kDrawBlocks;
    kernels.bits(seed, stream, static_cast<uint64_t>(first) / 2, together, bits);
    float* out = values->data() + first;
    if (distribution == WINNOW_UNIFORM) {
      kernels.uniform(bits, here, scale, out);
    } else {
      for (int64_t k = 0; k < here; ++k) out[k] = static_cast<float>(scale * philox::normal_of(bits[k]));
    }
  }
  return values;
}

}  // namespace

std::vector<double> TensorValues::copy() const {
  std::vector<double> all(size_);
  for (size_t k = 0; k < size_; ++k) all[k] = (*this)[k];
  return all;
}

Parameters::Parameters(std::shared_ptr<const Network> network)
    : network_(std::move(network)), values_(network_->tensors().size()) {
  require_room(*network_);
  for (size_t t = 0; t < values_.size(); ++t) {
    const Tensor& tensor = network_->tensors()[t];
    if (tensor.role == WINNOW_RUNNING_MEAN) values_[t].drawn = repeated(tensor.elements, 0);
    if (tensor.role == WINNOW_RUNNING_VARIANCE) values_[t].drawn = repeated(tensor.elements, 1);
  }
}

// Norms by the dozen have the same few vectors of zeros and ones: they share them.
KeptDraws::Values Parameters::repeated(int64_t elements, float value) {
  KeptDraws::Values& values = constants_[{elements, value}];
  if (values == nullptr) values = std::make_shared<std::vector<float>>(static_cast<size_t>(elements), value);
  return values;
}

TensorValues Parameters::values(int64_t tensor) const {
  const auto& tensors = network_->tensors();
  if (tensor < 0 || tensor >= static_cast<int64_t>(tensors.size())) {
    throw Failure(WINNOW_INVALID,
                  "tensor must be in [0, " + std::to_string(tensors.size()) + ") but was " + std::to_string(tensor));
  }
  if (!is_set(tensor)) throw Failure(WINNOW_INVALID, "tensor " + tensors[tensor].name + " has no values");
  const Held& held = values_[tensor];
  return held.drawn != nullptr ? TensorValues(*held.drawn) : TensorValues(*held.given);
}

void Parameters::set(int64_t tensor, const double* values, int64_t count) {
  const auto& tensors = network_->tensors();
  if (tensor < 0 || tensor >= static_cast<int64_t>(tensors.size())) {
    throw Failure(WINNOW_INVALID,
                  "tensor must be in [0, " + std::to_string(tensors.size()) + ") but was " + std::to_string(tensor));
  }
  const Tensor& info = tensors[tensor];
  if (count != info.elements) {
    throw Failure(WINNOW_INVALID, "tensor " + info.name + " has " + std::to_string(info.elements) + " elements but got " +
                                      std::to_string(count));
  }
  for (int64_t k = 0; k < count; ++k) {
    if (!std::isfinite(values[k]) || (info.role == WINNOW_RUNNING_VARIANCE && values[k] < 0)) {
      throw Failure(WINNOW_INVALID, "tensor " + info.name + " element " + std::to_string(k) + " must be finite" +
                                        (info.role == WINNOW_RUNNING_VARIANCE ? " and not negative" : "") + " but was " +
                                        std::to_string(values[k]));
    }
  }
  values_[tensor] = {nullptr, std::make_shared<std::vector<double>>(values, values + count)};
}

void Parameters::fill(const winnow_recipe* recipes, int64_t recipe_count, uint64_t seed, uint64_t stream, KeptDraws* kept) {
  const winnow_recipe* by_role[WINNOW_RUNNING_VARIANCE + 1] = {};
  for (int64_t r = 0; r < recipe_count; ++r) {
    check(recipes[r], r);
    if (by_role[recipes[r].role] != nullptr) {
      throw Failure(WINNOW_INVALID, "recipe " + std::to_string(r) + " repeats role " + std::to_string(recipes[r].role));
    }
    by_role[recipes[r].role] = &recipes[r];
  }
  for (size_t t = 0; t < values_.size(); ++t) {
    const Tensor& tensor = network_->tensors()[t];
    const winnow_recipe* recipe = by_role[tensor.role];
    if (recipe == nullptr) continue;
    if (recipe->distribution == WINNOW_CONSTANT) {
      values_[t] = {repeated(tensor.elements, static_cast<float>(recipe->gain)), nullptr};
      continue;
    }
    const int64_t fan = recipe->fan == WINNOW_FAN_IN ? tensor.fan_in : recipe->fan == WINNOW_FAN_OUT ? tensor.fan_out : 1;
    const double scale = recipe->gain / std::sqrt(static_cast<double>(fan));
    const KeptDraws::Name name{seed, random_substream(stream, tensor.name), recipe->distribution, scale,
                               static_cast<size_t>(tensor.elements)};
    values_[t] = {kept == nullptr ? nullptr : kept->find(name), nullptr};
    if (is_set(static_cast<int64_t>(t))) continue;
    values_[t].drawn = draw(name);
    if (kept != nullptr) kept->keep(name, values_[t].drawn);
  }
}

}  // namespace winnow
