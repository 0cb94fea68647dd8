#include "network/parameters.h"

#include <algorithm>
#include <cmath>

#include "abi/failure.h"
#include "kernels/draw.h"
#include "runtime/device.h"
#include "runtime/limits.h"
#include "runtime/philox.h"
#include "runtime/random.h"

namespace winnow {
namespace {

constexpr int64_t kDrawn = 256;  // elements drawn at once: they stay in the first cache
static_assert(kDrawn % (2 * kDrawBlocks) == 0);

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
  const int64_t limit = usable_bytes();
  if (bytes > static_cast<double>(limit)) {
    throw Failure(WINNOW_OUT_OF_MEMORY, "parameters of this network take " + std::to_string(bytes / 1e9) +
                                            " GB but this process may use " + std::to_string(limit) + " bytes");
  }
}

}  // namespace

Parameters::Parameters(std::shared_ptr<const Network> network)
    : network_(std::move(network)), values_(network_->tensors().size()) {
  require_room(*network_);
  for (size_t t = 0; t < values_.size(); ++t) {
    const Tensor& tensor = network_->tensors()[t];
    if (tensor.role == WINNOW_RUNNING_MEAN) values_[t].assign(static_cast<size_t>(tensor.elements), 0.0);
    if (tensor.role == WINNOW_RUNNING_VARIANCE) values_[t].assign(static_cast<size_t>(tensor.elements), 1.0);
  }
}

const std::vector<double>& Parameters::values(int64_t tensor) const {
  const auto& tensors = network_->tensors();
  if (tensor < 0 || tensor >= static_cast<int64_t>(tensors.size())) {
    throw Failure(WINNOW_INVALID,
                  "tensor must be in [0, " + std::to_string(tensors.size()) + ") but was " + std::to_string(tensor));
  }
  if (values_[tensor].empty()) throw Failure(WINNOW_INVALID, "tensor " + tensors[tensor].name + " has no values");
  return values_[tensor];
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
  values_[tensor].assign(values, values + count);
}

void Parameters::fill(const winnow_recipe* recipes, int64_t recipe_count, uint64_t seed, uint64_t stream) {
  const winnow_recipe* by_role[WINNOW_RUNNING_VARIANCE + 1] = {};
  for (int64_t r = 0; r < recipe_count; ++r) {
    check(recipes[r], r);
    if (by_role[recipes[r].role] != nullptr) {
      throw Failure(WINNOW_INVALID, "recipe " + std::to_string(r) + " repeats role " + std::to_string(recipes[r].role));
    }
    by_role[recipes[r].role] = &recipes[r];
  }
  const DrawKernels& draw = draw_kernels_of(widest_variant());
  for (size_t t = 0; t < values_.size(); ++t) {
    const Tensor& tensor = network_->tensors()[t];
    const winnow_recipe* recipe = by_role[tensor.role];
    if (recipe == nullptr) continue;
    const int64_t fan = recipe->fan == WINNOW_FAN_IN ? tensor.fan_in : recipe->fan == WINNOW_FAN_OUT ? tensor.fan_out : 1;
    const double scale = recipe->gain / std::sqrt(static_cast<double>(fan));
    const uint64_t own = random_substream(stream, tensor.name);
    std::vector<double>& values = values_[t];
    // Rounded to float32 so that a float and a double plan see the same network.
    if (recipe->distribution == WINNOW_CONSTANT) {
      values.assign(static_cast<size_t>(tensor.elements), static_cast<double>(static_cast<float>(recipe->gain)));
      continue;
    }
    values.clear();
    values.reserve(static_cast<size_t>(tensor.elements));
    for (int64_t first = 0; first < tensor.elements; first += kDrawn) {
      uint64_t bits[kDrawn];
      double drawn[kDrawn];
      const int64_t count = std::min(kDrawn, tensor.elements - first);
      const int64_t together = (count + 2 * kDrawBlocks - 1) / (2 * kDrawBlocks) * kDrawBlocks;
      draw.bits(seed, own, static_cast<uint64_t>(first) / 2, together, bits);
      if (recipe->distribution == WINNOW_UNIFORM) {
        draw.uniform(bits, count, scale, drawn);
      } else {
        for (int64_t k = 0; k < count; ++k) drawn[k] = static_cast<float>(scale * philox::normal_of(bits[k]));
      }
      values.insert(values.end(), drawn, drawn + count);
    }
  }
}

}  // namespace winnow
