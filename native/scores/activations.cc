#include "scores/activations.h"

#include <algorithm>
#include <string>

#include "runtime/random.h"
#include "runtime/require.h"

namespace winnow {
namespace {

constexpr int64_t kMostSinks = 16;
constexpr int64_t kParts = 8;  // of a sum: a fixed number, so that it is the same on every processor

double dot(const double* a, const double* b, int64_t count) {
  double parts[kParts] = {};
  int64_t i = 0;
  for (; i + kParts <= count; i += kParts) {
    for (int64_t k = 0; k < kParts; ++k) parts[k] += a[i + k] * b[i + k];
  }
  for (int64_t k = 0; i < count; ++i, ++k) parts[k] += a[i] * b[i];
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

double total(const double* a, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i];
  return sum;
}

}  // namespace

ActivationSinks::ActivationSinks(const Plan& plan, const winnow_call& call, const winnow_activation_sink* sinks, int64_t count)
    : plan_(plan), call_(call), batches_(largest_input(call) / plan.batch()) {
  if (count < 1 || count > kMostSinks) {
    throw Failure(WINNOW_INVALID,
                  "activation sinks must be in [1, " + std::to_string(kMostSinks) + "] but were " + std::to_string(count));
  }
  require(sinks, "sinks");
  for (int64_t s = 0; s < count; ++s) {
    const winnow_activation_sink& from = sinks[s];
    const std::string what = "activation sink " + std::to_string(s);
    if (from.kind < WINNOW_ACTIVATION_COPY || from.kind > WINNOW_ACTIVATION_ROWS) {
      throw Failure(WINNOW_INVALID, what + " kind must be in [0, 3] but was " + std::to_string(from.kind));
    }
    for (int64_t j = 0; from.kind == WINNOW_ACTIVATION_ROWS && j < call.job_count; ++j) {
      if (call.jobs[j].stream < 0) {
        throw Failure(WINNOW_INVALID, "job " + std::to_string(j) + " needs a stream that rows are drawn from");
      }
    }
    if (from.tap_count < 1 || from.tap_count > 1 << 20) {
      throw Failure(WINNOW_INVALID, what + " tap_count must be in [1, 1048576] but was " + std::to_string(from.tap_count));
    }
    require(from.taps, "taps");
    Sink& to = sinks_.emplace_back();
    to.kind = from.kind;
    to.values = from.values;
    to.each = 0;
    for (int64_t t = 0; t < from.tap_count; ++t) {
      const Place place = place_of(from.taps[t], what + " tap " + std::to_string(t));
      taps_[place.value].push_back({sinks_.size() - 1, place, to.each});
      to.each += size_of(to.kind, place.value);
    }
    if (call.job_count == 0) continue;
    require(from.values, "activation sink values");
    require_capacity(from.capacity, {call.job_count, batches_, to.each}, "activation sink values");
    for (int64_t j = 0; j < call.job_count; ++j) {
      const int64_t batches = call.inputs[call.jobs[j].input].samples / plan.batch();
      std::fill_n(to.values + j * batches_ * to.each, batches * to.each, 0.0);
    }
  }
}

ActivationSinks::Place ActivationSinks::place_of(const winnow_tap& tap, const std::string& what) const {
  const auto& nodes = plan_.graph().network().nodes();
  const auto last = static_cast<int64_t>(nodes.size()) - 1;
  if (tap.node < 0 || tap.node > last) {
    throw Failure(WINNOW_INVALID,
                  what + " node must be in [0, " + std::to_string(last) + "] but was " + std::to_string(tap.node));
  }
  const Node& node = nodes[static_cast<size_t>(tap.node)];
  if (tap.side == WINNOW_TAP_AFTER) return {tap.node, plan_.graph().value_of(tap.node)};
  if (tap.side != WINNOW_TAP_BEFORE) {
    throw Failure(WINNOW_INVALID, what + " side must be 0 (before) or 1 (after) but was " + std::to_string(tap.side));
  }
  if (node.inputs.size() != 1) {
    throw Failure(WINNOW_INVALID, what + ": node " + node.name + " has " + std::to_string(node.inputs.size()) +
                                      " inputs, a value before it is of a node with one");
  }
  return {tap.node, plan_.graph().value_of(node.inputs[0])};
}

int64_t ActivationSinks::size_of(int32_t kind, int64_t value) const {
  const Shape& shape = plan_.graph()[value].shape;
  switch (kind) {
    case WINNOW_ACTIVATION_COPY:
      return plan_.batch() * shape.elements();
    case WINNOW_ACTIVATION_MOMENTS:
      return 2 * shape.channels;
    case WINNOW_ACTIVATION_ROWS:
      return std::min(plan_.batch() * shape.height * shape.width, shape.channels) * shape.channels;
    default:
      return shape.channels * (shape.channels + 1);
  }
}

int64_t ActivationSinks::first_row(const winnow_job& job, const Place& place) const {
  const Shape& shape = plan_.graph()[place.value].shape;
  const int64_t rows = plan_.batch() * shape.height * shape.width;
  const winnow_random_stream& from = call_.streams[job.stream];
  const std::string& name = plan_.graph().network().nodes()[static_cast<size_t>(place.node)].name;
  const auto starts = static_cast<uint64_t>(1 + (rows - std::min(rows, shape.channels)) / shape.width);
  const uint64_t bits = random_bits(from.seed, random_substream(random_substream(from.stream, "rows"), name), 0);
  return shape.width * static_cast<int64_t>(bits % starts);
}

std::vector<int64_t> ActivationSinks::values() const {
  std::vector<int64_t> values;
  for (const auto& [value, taps] : taps_) values.push_back(value);
  return values;
}

void ActivationSinks::take(const JobActivations& activations) const {
  for (const Tap& tap : taps_.at(activations.value)) {
    if (!plan_.has(call_, call_.jobs[activations.job], tap.place.node)) continue;
    const Sink& sink = sinks_[tap.sink];
    take(activations, tap, sink.values + (activations.job * batches_ + activations.batch) * sink.each + tap.offset);
  }
}

void ActivationSinks::take(const JobActivations& activations, const Tap& tap, double* out) const {
  const int32_t kind = sinks_[tap.sink].kind;
  const Shape& shape = plan_.graph()[activations.value].shape;
  const int64_t pixels = shape.height * shape.width, count = plan_.batch() * pixels;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const double* row = activations.values + c * count;
    switch (kind) {
      case WINNOW_ACTIVATION_COPY:
        for (int64_t n = 0; n < plan_.batch(); ++n) {
          std::copy_n(row + n * pixels, pixels, out + (n * shape.channels + c) * pixels);
        }
        break;
      case WINNOW_ACTIVATION_MOMENTS:
        out[c] = total(row, count);
        out[shape.channels + c] = dot(row, row, count);
        break;
      case WINNOW_ACTIVATION_ROWS: {
        const int64_t first = first_row(call_.jobs[activations.job], tap.place);
        for (int64_t r = 0; r < size_of(kind, activations.value) / shape.channels; ++r) {
          const int64_t line = (first + r) / shape.height, y = (first + r) % shape.height;
          const int64_t n = line / shape.width, x = line % shape.width;
          out[r * shape.channels + c] = row[n * pixels + y * shape.width + x];
        }
        break;
      }
      default:
        out[c] = total(row, count);
        for (int64_t other = 0; other <= c; ++other) {
          double* gram = out + shape.channels;
          gram[c * shape.channels + other] = gram[other * shape.channels + c] =
              dot(row, activations.values + other * count, count);
        }
    }
  }
}

}  // namespace winnow
