#include "scores/sinks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "network/parameters.h"
#include "runtime/require.h"

namespace winnow {
namespace {

constexpr int64_t kMostSinks = 16;

bool built(int32_t kind) {
  return (kind >= WINNOW_SINK_GRAM && kind <= WINNOW_SINK_SIGN_SUM) || kind == WINNOW_SINK_FISHER ||
         kind == WINNOW_SINK_INPUT_COPY;
}

}  // namespace

Sinks::Sinks(const winnow_gradient_sink* sinks, int64_t count) {
  if (count < 1 || count > kMostSinks) {
    throw Failure(WINNOW_INVALID,
                  "sink_count must be in [1, " + std::to_string(kMostSinks) + "] but was " + std::to_string(count));
  }
  for (int64_t s = 0; s < count; ++s) {
    const winnow_gradient_sink& sink = sinks[s];
    if (!built(sink.kind)) {
      throw Failure(WINNOW_UNSUPPORTED, "sink kind " + std::to_string(sink.kind) + " is not in this build");
    }
    if (find(static_cast<winnow_gradient_sink_kind>(sink.kind)) != nullptr) {
      throw Failure(WINNOW_UNSUPPORTED, "one sink of each kind per call in this build");
    }
    sinks_.push_back(sink);
    all_at_once_ = all_at_once_ || sink.kind == WINNOW_SINK_GRAM;
    if (sink.kind == WINNOW_SINK_INPUT_COPY) continue;
    require_roles(sink.roles);
    if (roles_ != 0 && roles_ != sink.roles) {
      throw Failure(WINNOW_UNSUPPORTED, "sinks of parameters take the same roles in this build, but one takes " +
                                            std::to_string(roles_) + " and another " + std::to_string(sink.roles));
    }
    roles_ = sink.roles;
  }
}

const winnow_gradient_sink* Sinks::find(winnow_gradient_sink_kind kind) const {
  const auto at = std::find_if(sinks_.begin(), sinks_.end(), [&](const auto& sink) { return sink.kind == kind; });
  return at == sinks_.end() ? nullptr : &*at;
}

void Sinks::open(const Plan& plan, const winnow_call& call, const winnow_cotangents& cotangents) {
  if ((cotangents.want_input_gradient != 0) != (find(WINNOW_SINK_INPUT_COPY) != nullptr)) {
    throw Failure(WINNOW_INVALID, "an input gradient that is wanted and a sink of kind 8 go together");
  }
  plan_ = &plan;
  call_ = &call;
  cotangents_ = cotangents.count;
  elements_ = tensors_ = channels_ = 0;
  if (find(WINNOW_SINK_FISHER) != nullptr && !plan.gives_saliencies()) {
    throw Failure(WINNOW_UNSUPPORTED, "a sink of kind 7 is not in this device's build");
  }
  for (const Tensor& tensor : plan.graph().network().tensors()) {
    if ((roles_ >> tensor.role & 1u) == 0) continue;
    elements_ += tensor.elements;
    ++tensors_;
    if (tensor.of_layer()) channels_ += tensor.shape[0];
  }
  if (call.job_count == 0) return;
  for (const winnow_gradient_sink& sink : sinks_) {
    require(sink.values, "sink values");
    require_capacity(sink.capacity, {call.job_count, size_of(sink)}, "sink values");
    if (sink.kind == WINNOW_SINK_SIGN_SUM) std::fill_n(sink.values, call.job_count * elements_, 0.0);
  }
}

int64_t Sinks::size_of(const winnow_gradient_sink& sink) const {
  switch (sink.kind) {
    case WINNOW_SINK_GRAM:
      return cotangents_ * cotangents_;
    case WINNOW_SINK_COPY:
      return cotangents_ * elements_;
    case WINNOW_SINK_SIGN_SUM:
      return elements_;
    case WINNOW_SINK_FISHER:
      return cotangents_ * channels_;
    case WINNOW_SINK_INPUT_COPY:
      return cotangents_ * plan_->batch() * plan_->graph()[0].shape.elements();
    default:
      return cotangents_ * tensors_;
  }
}

void Sinks::take(const JobGradients& gradients) {
  if (plan_->dtype() == WINNOW_F64) {
    take_rows<double>(gradients);
  } else {
    take_rows<float>(gradients);
  }
}

template <typename T>
void Sinks::take_rows(const JobGradients& gradients) {
  for (const winnow_gradient_sink& sink : sinks_) {
    double* out = sink.values + gradients.job * size_of(sink);
    if (sink.kind == WINNOW_SINK_GRAM) {
      plan_->gram(gradients, out);
      continue;
    }
    if (sink.kind == WINNOW_SINK_SIGN_SUM) {
      add_signs<T>(sink, gradients);
      continue;
    }
    for (int64_t k = 0; k < gradients.cotangents; ++k) {
      const T* row = static_cast<const T*>(gradients.rows) + k * gradients.pitch();
      const int64_t l = gradients.first + k;
      if (sink.kind == WINNOW_SINK_COPY) {
        std::copy_n(row, elements_, out + l * elements_);
      } else if (sink.kind == WINNOW_SINK_INPUT_COPY) {
        std::copy_n(row + elements_, gradients.input, out + l * gradients.input);
      } else if (sink.kind == WINNOW_SINK_FISHER) {
        std::copy_n(row + elements_ + gradients.input, channels_, out + l * channels_);
      } else {
        sum(sink, gradients, l, row);
      }
    }
  }
}

template <typename T>
void Sinks::sum(const winnow_gradient_sink& sink, const JobGradients& gradients, int64_t l, const T* row) const {
  const Parameters& parameters = call_->parameters[call_->jobs[gradients.job].parameters]->parameters;
  const std::vector<Tensor>& tensors = plan_->graph().network().tensors();
  double* out = sink.values + (gradients.job * cotangents_ + l) * tensors_;
  for (size_t t = 0; t < tensors.size(); ++t) {
    if ((roles_ >> tensors[t].role & 1u) == 0) continue;
    const int64_t n = tensors[t].elements;
    double total = 0;
    if (sink.kind == WINNOW_SINK_NORM) {
      for (int64_t i = 0; i < n; ++i) total += double{row[i]} * double{row[i]};
      total = std::sqrt(total);
    } else if (parameters.is_set(static_cast<int64_t>(t))) {  // an absent operation's may be unset; its gradient is zero
      const TensorValues w = parameters.values(static_cast<int64_t>(t));
      if (sink.kind == WINNOW_SINK_WEIGHTED) {
        for (int64_t i = 0; i < n; ++i) total += w[i] * double{row[i]};
      } else {
        for (int64_t i = 0; i < n; ++i) total += std::abs(w[i] * double{row[i]});
      }
    }
    *out++ = total;
    row += n;
  }
}

template <typename T>
void Sinks::add_signs(const winnow_gradient_sink& sink, const JobGradients& gradients) {
  const std::lock_guard<std::mutex> lock(signs_[static_cast<size_t>(gradients.job) % signs_.size()]);
  double* out = sink.values + gradients.job * elements_;
  for (int64_t k = 0; k < gradients.cotangents; ++k) {
    const T* row = static_cast<const T*>(gradients.rows) + k * gradients.pitch();
    for (int64_t i = 0; i < elements_; ++i) out[i] += (row[i] > 0) - (row[i] < 0);
  }
}

}  // namespace winnow
