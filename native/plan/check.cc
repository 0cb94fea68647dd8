// Arguments of a call, checked against the plan before anything runs.
#include <algorithm>
#include <cmath>
#include <string>

#include "network/parameters.h"
#include "plan/plan.h"
#include "runtime/require.h"

namespace winnow {
namespace {

[[noreturn]] void invalid(const std::string& text) { throw Failure(WINNOW_INVALID, text); }

void require_range(int64_t value, int64_t low, int64_t high, const std::string& what) {
  if (value < low || value > high) {
    invalid(what + " must be in [" + std::to_string(low) + ", " + std::to_string(high) + "] but was " + std::to_string(value));
  }
}

void check_input(const winnow_images& images, const Shape& shape, int64_t batch, const std::string& what) {
  require(images.values, (what + ".values").c_str());
  require_range(images.dtype, WINNOW_F32, WINNOW_F64, what + ".dtype");
  if (images.channels != shape.channels || images.height != shape.height || images.width != shape.width) {
    invalid(what + " is " + std::to_string(images.channels) + "x" + std::to_string(images.height) + "x" +
            std::to_string(images.width) + " but the network takes " + std::to_string(shape.channels) + "x" +
            std::to_string(shape.height) + "x" + std::to_string(shape.width));
  }
  if (images.samples < 1 || images.samples % batch != 0) {
    invalid(what + ".samples must be a positive multiple of the plan's batch " + std::to_string(batch) + " but was " +
            std::to_string(images.samples));
  }
  require_range(images.samples, 1, INT64_MAX / 8 / shape.elements(), what + ".samples");
}

}  // namespace

void require_roles(uint32_t roles, const std::string& what) {
  constexpr uint32_t kLearned = 1u << WINNOW_CONVOLUTION_WEIGHT | 1u << WINNOW_CONVOLUTION_BIAS | 1u << WINNOW_LINEAR_WEIGHT |
                                1u << WINNOW_LINEAR_BIAS | 1u << WINNOW_NORM_SCALE | 1u << WINNOW_NORM_SHIFT;
  if (roles == 0 || (roles & ~kLearned) != 0) {
    invalid(what + " must be a non-empty set of learned roles (mask " + std::to_string(kLearned) + ") but was " +
            std::to_string(roles));
  }
}

void Plan::check(const winnow_call& call) const {
  require_size(call.size, sizeof call, "winnow_call");
  const int64_t choices = graph_.network().choices();
  require_range(call.job_count, 0, INT64_MAX / 2, "job_count");
  if (call.job_count > 0) require(call.jobs, "jobs");
  require_range(call.row_count, 0, INT32_MAX, "row_count");
  if (call.row_count > 0 && choices > 0) {
    require(call.coefficients, "coefficients");
    require(call.states, "states");
    for (int64_t i = 0; i < call.row_count * choices; ++i) {
      const std::string where = " of row " + std::to_string(i / choices) + " choice " + std::to_string(i % choices);
      require_range(call.states[i], WINNOW_RUN, WINNOW_MUTE, "state" + where);
      if (!std::isfinite(call.coefficients[i])) invalid("coefficient" + where + " must be finite");
    }
  }
  require_range(call.parameters_count, 0, INT32_MAX, "parameters_count");
  if (call.parameters_count > 0) require(call.parameters, "parameters");
  for (int64_t p = 0; p < call.parameters_count; ++p) {
    require(call.parameters[p], "parameters");
    if (&call.parameters[p]->parameters.network() != &graph_.network()) {
      invalid("parameter set " + std::to_string(p) + " belongs to another network");
    }
  }
  require_range(call.input_count, 0, INT32_MAX, "input_count");
  if (call.input_count > 0) require(call.inputs, "inputs");
  for (int64_t i = 0; i < call.input_count; ++i) {
    check_input(call.inputs[i], graph_[0].shape, batch(), "input " + std::to_string(i));
  }
  require_range(call.target_count, 0, INT32_MAX, "target_count");
  if (call.target_count > 0) require(call.targets, "targets");
  require_range(call.stream_count, 0, INT32_MAX, "stream_count");
  if (call.stream_count > 0) require(call.streams, "streams");
  for (int64_t j = 0; j < call.job_count; ++j) {
    const winnow_job& job = call.jobs[j];
    const std::string what = "job " + std::to_string(j);
    require_range(job.row, choices > 0 ? 0 : -1, call.row_count - 1, what + " row");
    require_range(job.parameters, 0, call.parameters_count - 1, what + " parameters");
    require_range(job.input, 0, call.input_count - 1, what + " input");
    require_range(job.target, -1, call.target_count - 1, what + " target");
    require_range(job.stream, -1, call.stream_count - 1, what + " stream");
  }
  require_range(call.norm_mode, WINNOW_NORM_BATCH, WINNOW_NORM_IDENTITY, "norm_mode");
  const auto& nodes = graph_.network().nodes();
  for (size_t n = 0; n < nodes.size(); ++n) {
    const int32_t mode = call.norm_modes == nullptr ? call.norm_mode : call.norm_modes[n];
    require_range(mode, WINNOW_NORM_BATCH, WINNOW_NORM_IDENTITY, "norm_modes of node " + nodes[n].name);
    if (nodes[n].operation == WINNOW_BATCH_NORM && mode == WINNOW_NORM_BATCH &&
        batch() * nodes[n].shape.height * nodes[n].shape.width < 2) {
      invalid("node " + nodes[n].name + ": batch statistics need batch * height * width >= 2");
    }
  }
  require_range(call.update_statistics, 0, 1, "update_statistics");
}

void Plan::check(const winnow_cotangents& cotangents, const winnow_call& call) const {
  require_size(cotangents.size, sizeof cotangents, "winnow_cotangents");
  require_range(cotangents.kind, WINNOW_COTANGENT_GIVEN, WINNOW_COTANGENT_RADEMACHER, "cotangents.kind");
  if (cotangents.kind == WINNOW_COTANGENT_RADEMACHER) {
    throw Failure(WINNOW_UNSUPPORTED, "Rademacher cotangents are not in this build");
  }
  if (cotangents.node != -1 && cotangents.node != graph_.network().output()) {
    throw Failure(WINNOW_UNSUPPORTED, "cotangents enter at the output only in this build");
  }
  if (cotangents.stop != -1) throw Failure(WINNOW_UNSUPPORTED, "cotangents.stop is not in this build");
  require_range(cotangents.want_input_gradient, 0, 1, "cotangents.want_input_gradient");
  const bool rows = cotangents.kind == WINNOW_COTANGENT_ONES_ON_ROW || cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
  const int64_t needed = rows ? batch() : 1;
  if (cotangents.kind == WINNOW_COTANGENT_GIVEN) {
    require_range(cotangents.count, 1, 65536, "cotangents.count");
    require(cotangents.values, "cotangents.values");
    require_range(cotangents.dtype, WINNOW_F32, WINNOW_F64, "cotangents.dtype");
  } else if (cotangents.count != needed) {
    invalid("cotangents.count must be " + std::to_string(needed) + " but was " + std::to_string(cotangents.count));
  }
  const bool labels =
      cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY || cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
  const int64_t classes = graph_[graph_.output()].shape.elements();
  for (int64_t j = 0; j < call.job_count; ++j) {
    const winnow_job& job = call.jobs[j];
    if (call.inputs[job.input].samples != batch()) {
      invalid("job " + std::to_string(j) + ": a backward pass takes exactly one batch of " + std::to_string(batch()) +
              " samples but the input has " + std::to_string(call.inputs[job.input].samples));
    }
    if (!labels) continue;
    if (job.target < 0) invalid("job " + std::to_string(j) + " needs a target");
    for (int64_t i = 0; i < batch(); ++i) {
      require_range(call.targets[job.target * batch() + i], 0, classes - 1,
                    "target " + std::to_string(job.target) + " label " + std::to_string(i));
    }
  }
}

void Plan::check(const winnow_directions& directions, const winnow_call& call) const {
  require_size(directions.size, sizeof directions, "winnow_directions");
  require_range(directions.parameters_count, 0, INT32_MAX, "directions.parameters_count");
  require_range(directions.input_count, 0, INT32_MAX, "directions.input_count");
  if (directions.parameters_count > 0) {
    require(directions.parameters, "directions.parameters");
    require_roles(directions.roles, "directions.roles");
  }
  for (int64_t p = 0; p < directions.parameters_count; ++p) {
    require(directions.parameters[p], "directions.parameters");
    const Parameters& change = directions.parameters[p]->parameters;
    if (&change.network() != &graph_.network()) {
      invalid("directions.parameters " + std::to_string(p) + " belongs to another network");
    }
    const auto& tensors = graph_.network().tensors();
    for (size_t t = 0; t < tensors.size(); ++t) {
      if ((directions.roles >> tensors[t].role & 1u) != 0) change.values(static_cast<int64_t>(t));  // throws where it is unset
    }
  }
  if (directions.input_count > 0) require(directions.inputs, "directions.inputs");
  for (int64_t i = 0; i < directions.input_count; ++i) {
    check_input(directions.inputs[i], graph_[0].shape, batch(), "directions.inputs " + std::to_string(i));
  }
  for (int64_t j = 0; j < call.job_count; ++j) {
    const std::string what = " of job " + std::to_string(j);
    if (directions.parameters_of != nullptr) {
      require_range(directions.parameters_of[j], -1, directions.parameters_count - 1, "directions.parameters_of" + what);
    }
    if (directions.input_of == nullptr) continue;
    const int64_t input = directions.input_of[j];
    require_range(input, -1, directions.input_count - 1, "directions.input_of" + what);
    const int64_t samples = call.inputs[call.jobs[j].input].samples;
    if (input >= 0 && directions.inputs[input].samples != samples) {
      invalid("directions.input_of" + what + " must have its input's " + std::to_string(samples) + " samples but has " +
              std::to_string(directions.inputs[input].samples));
    }
  }
}

int64_t largest_input(const winnow_call& call) {
  int64_t samples = 0;
  for (int64_t j = 0; j < call.job_count; ++j) samples = std::max(samples, call.inputs[call.jobs[j].input].samples);
  return samples;
}

}  // namespace winnow
