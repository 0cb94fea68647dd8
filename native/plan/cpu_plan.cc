#include "plan/cpu_plan.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/kernels.h"
#include "plan/activations.h"
#include "plan/backward.h"
#include "plan/backward_tangent.h"
#include "plan/blocks.h"
#include "plan/cotangents.h"
#include "plan/forward.h"
#include "plan/program.h"
#include "plan/running_statistics.h"
#include "plan/tangent.h"
#include "plan/waves.h"

namespace winnow {
namespace {

// Cotangents of a block: what they share of a strip is read once for all of them, but most of their own strips must stay in the
// second-level cache together, and their gradients in memory. Where all gradients of a correlation's tile of them stay near the
// core from one operation to the next, more are no gain: DARTS' kernel took 0.92 of its time with three instead of seven on a
// Xeon, on an EPYC 0.95 with five instead of three, and 0.97 of that with seven.
constexpr int64_t kWorkspaceBytes = int64_t{64} << 20;
constexpr int64_t kStripBytes = int64_t{280} << 10;
constexpr int64_t kNearBytes = int64_t{6} << 20;
constexpr int64_t kMostCotangents = 8;

// `bytes_left` are what a worker may have for its workspace and `row_bytes` for each cotangent.
template <typename T>
int64_t cotangent_block(const Layout& layout, int64_t cotangents, int64_t row_bytes, int64_t bytes_left) {
  constexpr int64_t kElement = sizeof(T);
  const int64_t none = Workspace<T>::bytes(layout, 0), each = std::max<int64_t>(1, Workspace<T>::bytes(layout, 1) - none);
  const int64_t cache = kStripBytes / std::max<int64_t>(1, layout.value_strip_elements * kElement);
  const int64_t near = kNearBytes / std::max<int64_t>(1, layout.gradient_elements * kElement);
  const int64_t fits = std::min({kWorkspaceBytes / each, near < kCorrelateRows ? cache : std::min(cache, near),
                                 (bytes_left - none) / (each + row_bytes)});
  const int64_t most = std::clamp<int64_t>(fits, 1, kMostCotangents);
  const int64_t blocks = (cotangents + most - 1) / most;  // even ones: 14 are 7 + 7, not 8 + 6
  return (cotangents + blocks - 1) / blocks;
}

// Where the saliencies of each layer whose weight's role is chosen begin, counted from `first`; -1 for other tensors.
std::vector<int64_t> saliency_offsets(const Network& network, uint32_t roles, int64_t first, int64_t& channels) {
  std::vector<int64_t> offsets;
  channels = 0;
  for (const Tensor& tensor : network.tensors()) {
    const bool part = tensor.of_layer() && (roles >> tensor.role & 1u) != 0;
    offsets.push_back(part ? first + channels : -1);
    if (part) channels += tensor.shape[0];
  }
  return offsets;
}

template <typename T>
class CpuPlan final : public Plan {
 public:
  using Slots = typename Waves<T>::Slots;

  CpuPlan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network, const winnow_plan_options& options,
          Differentiation differentiation = Differentiation::kParameters)
      : Plan(std::move(device), std::move(network), options, differentiation),
        kernels_(kernels_of<T>(device_->variant)),
        layout_(graph_, batch(), element_bytes_, device_->byte_budget),
        forward_layout_(graph_, batch(), element_bytes_, device_->byte_budget, Layout::Halo::kForward) {}

  int64_t bytes(winnow_pass pass, int64_t cotangents) const override {
    const bool twice = pass == WINNOW_PASS_TANGENT || pass == WINNOW_PASS_BACKWARD_TANGENT;
    if (twice && !graph_.twice()) return another(Differentiation::kTwice)->bytes(pass, cotangents);
    const int64_t pitch = graph_.network().parameters();
    Needs needs;
    if (pass == WINNOW_PASS_BACKWARD) {
      needs = gradient_needs(std::max<int64_t>(1, cotangents), pitch, Portion::kJob, INT64_MAX);
    } else if (pass == WINNOW_PASS_BACKWARD_TANGENT) {
      needs = tangent_needs(cotangents, pitch);
    } else if (pass == WINNOW_PASS_TANGENT) {
      needs = tangent_needs(0, 0);
    }
    const Layout& layout = pass == WINNOW_PASS_FORWARD ? forward_layout() : layout_;
    return total_of({State<T>::bytes(graph_, layout), needs.job, needs.worker}, "the plan");
  }

  void forward(const winnow_call& call, double* logits, int64_t samples) override {
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, {graph_.output()}, false, statistics);
    const int64_t outputs = graph_[graph_.output()].shape.elements();
    Slots& slots = forward_slots();
    each_job(call, slots, {}, statistics, [&](int64_t j, int64_t slot, int64_t) {
      const winnow_job& job = call.jobs[j];
      const Program& program = *programs[program_index(job)];
      const winnow_images& images = call.inputs[job.input];
      for (int64_t sample = 0; sample < images.samples; sample += batch()) {
        Forward<T> pass = forward_pass(call, job, program, slots, slot);
        pass.run(images, sample);
        pass.logits(logits + (j * samples + sample) * outputs);
        statistics.keep(j, program, slots[slot].norms);
      }
    });
  }

  void gradients(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, Portion portion,
                 const std::function<void(const JobGradients&)>& done, const PatternReader* reader) override {
    const bool wants_input = cotangents.want_input_gradient != 0;
    if (wants_input != graph_.input_gradient()) {
      again(to_the_input_, Differentiation::kInput).gradients(call, cotangents, roles, portion, done, reader);
      return;
    }
    std::vector<int64_t> wanted = {graph_.output()};
    if (reader != nullptr) {
      for (const Tap& tap : taps_) wanted.push_back(tap.value);
    }
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, wanted, true, statistics);
    int64_t elements;
    const std::vector<int64_t> offsets = gradient_offsets(graph_.network(), roles, elements);
    const int64_t input = wants_input ? batch() * graph_[0].shape.elements() : 0;
    const bool salient = (roles & kSaliencies) != 0;
    int64_t channels;
    const std::vector<int64_t> saliencies = saliency_offsets(graph_.network(), salient ? roles : 0, elements + input, channels);
    const int64_t pitch = elements + input + channels;
    const Needs needs = gradient_needs(cotangents.count, pitch, portion, device_->byte_budget);
    const int64_t block = needs.block, blocks = (cotangents.count + block - 1) / block;
    // What cotangents of one sample each share is a pass over the batch, like one of theirs.
    const bool own_samples = of_one_sample(cotangents) && layout_.blocks + blocks < layout_.blocks * cotangents.count;
    const bool whole = portion == Portion::kJob, wide = is_wide(cotangents.count);
    std::vector<std::unique_ptr<Seeds<T>>> seeds;
    std::vector<std::unique_ptr<Backward<T>>> passes;
    waves_.each(call, slots_, needs, [&](int64_t first, int64_t count) {
      waves_.reserve_rows(whole ? count : waves_.workers());
      seeds.resize(static_cast<size_t>(count));
      passes.resize(static_cast<size_t>(count));
      waves_.run(call, count, [&](int64_t slot, int64_t) {
        const winnow_job& job = call.jobs[first + slot];
        const Program& program = *programs[program_index(job)];
        State<T>& state = slots_[slot];
        if (wide) {
          forward_in_double(call, job, program, 0, slot, salient);
        } else {
          read_forward(call, first + slot, program, slot, reader);
        }
        if (pairs_cotangents(graph_, layout_, kernels_)) {
          repeat_last_block(graph_, layout_, program, salient, state);
        }
        statistics.keep(first + slot, program, state.norms);
        if (whole) waves_.zero_rows(slot, cotangents.count * pitch);
        seeds[slot] = std::make_unique<Seeds<T>>(graph_, layout_, state, cotangents, call, job);
        passes[slot] = std::make_unique<Backward<T>>(graph_, layout_, kernels_, program,
                                                     call.parameters[job.parameters]->parameters, state);
        passes[slot]->prepare(own_samples);
      });
      waves_.run(call, count * blocks, [&](int64_t task, int64_t worker) {
        const int64_t slot = task / blocks, from = task % blocks * block, here = std::min(block, cotangents.count - from);
        T* const to = whole ? waves_.rows(slot) : waves_.zero_rows(worker, here * pitch);
        passes[slot]->run(
            waves_.workspace(worker), from, here, [&](int64_t l, T* gradient) { seeds[slot]->write(l, gradient); },
            {to, whole ? 0 : from, pitch, &offsets, wants_input ? elements : -1, salient ? &saliencies : nullptr});
        if (whole) return;
        const Timed timed(timing_.get(), graph_.output(), Phase::kSink);
        done({first + slot, to, here, elements, input, from, channels});
      });
      waves_.run(call, whole ? count : 0, [&](int64_t slot, int64_t) {
        const Timed timed(timing_.get(), graph_.output(), Phase::kSink);
        done({first + slot, waves_.rows(slot), cotangents.count, elements, input, 0, channels});
      });
      statistics.apply(first, count);
    });
  }

  void tangents(const winnow_call& call, const winnow_directions& directions, double* logits, double* tangents,
                int64_t samples) override {
    if (!graph_.twice()) {
      again(twice_, Differentiation::kTwice).tangents(call, directions, logits, tangents, samples);
      return;
    }
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, {graph_.output()}, false, statistics);
    const int64_t outputs = graph_[graph_.output()].shape.elements();
    each_tangent(call, directions, statistics, tangent_needs(0, 0), [&](const TangentJob& at, const Direction& direction) {
      const int64_t own = call.inputs[call.jobs[at.job].input].samples;
      for (int64_t sample = 0; sample < own; sample += batch()) {
        Tangent<T> pass =
            forward_with_tangents(call, at, *programs[program_index(call.jobs[at.job])], direction, statistics, sample);
        const int64_t first = (at.job * samples + sample) * outputs;
        pass.logits(tangents + first);
        if (logits == nullptr) continue;
        forward_pass(call, call.jobs[at.job], *programs[program_index(call.jobs[at.job])], slots_, at.slot)
            .logits(logits + first);
      }
    });
  }

  void gradient_tangents(const winnow_call& call, const winnow_directions& directions, const winnow_cotangents& cotangents,
                         uint32_t roles, const std::function<void(const JobGradients&)>& done) override {
    if (!graph_.twice()) {
      again(twice_, Differentiation::kTwice).gradient_tangents(call, directions, cotangents, roles, done);
      return;
    }
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, {graph_.output()}, true, statistics);
    int64_t elements;
    const std::vector<int64_t> offsets = gradient_offsets(graph_.network(), roles, elements);
    const bool wants_input = cotangents.want_input_gradient != 0;
    const int64_t input = wants_input ? batch() * graph_[0].shape.elements() : 0, pitch = elements + input;
    const Needs needs = tangent_needs(cotangents.count, pitch);
    waves_.reserve_rows(device_->threads);
    each_tangent(call, directions, statistics, needs, [&](const TangentJob& at, const Direction& direction) {
      const winnow_job& job = call.jobs[at.job];
      const Program& program = *programs[program_index(job)];
      const Parameters& parameters = call.parameters[job.parameters]->parameters;
      forward_with_tangents(call, at, program, direction, statistics, 0);
      State<T>&values = slots_[at.slot], &tangents = waves_.tangents(at.slot);
      Backward<T>(graph_, layout_, kernels_, program, parameters, values).prepare();
      if (direction.parameters != nullptr) {
        Backward<T>(graph_, layout_, kernels_, program, *direction.parameters, tangents).prepare();
      }
      const Seeds<T> seeds(graph_, layout_, values, cotangents, call, job, &tangents);
      T* const rows = waves_.zero_rows(at.worker, cotangents.count * pitch);
      const GradientRows<T> to{rows, 0, pitch, &offsets, wants_input ? elements : -1};
      for (int64_t l = 0; l < cotangents.count; ++l) {
        BackwardTangent<T>(graph_, layout_, kernels_, program, direction, values, tangents, waves_.workspace(at.worker), to, l)
            .run([&](int64_t k, T* gradient) { k == 0 ? seeds.write(l, gradient) : seeds.write_tangent(l, gradient); });
      }
      done({at.job, rows, cotangents.count, elements, input});
    });
  }

  void block_products(const winnow_call& call, const Blocks& blocks, double* out) override {
    if (!graph_.twice()) {
      again(twice_, Differentiation::kTwice).block_products(call, blocks, out);
      return;
    }
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, {graph_.output()}, true, statistics);
    each_job(call, slots_, {0, Workspace<T>::bytes(layout_, 1), 1}, statistics, [&](int64_t j, int64_t slot, int64_t worker) {
      const winnow_job& job = call.jobs[j];
      const Program& program = *programs[program_index(job)];
      State<T>& state = slots_[slot];
      forward_pass(call, job, program, slots_, slot).run(call.inputs[job.input], 0);
      statistics.keep(j, program, state.norms);
      Backward<T>(graph_, layout_, kernels_, program, call.parameters[job.parameters]->parameters, state).prepare();
      BlockPass<T>(graph_, layout_, kernels_, program, state, waves_.workspace(worker), blocks, *stream_of(call, job))
          .run(out + j * blocks.each);
    });
  }

  bool gives_saliencies() const override { return true; }

  void patterns(const winnow_call& call, const PatternReader& reader) override {
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, tapped(), false, statistics);
    const BitKernels& bits = bit_kernels_of(device_->variant);
    Slots& slots = forward_slots();
    each_job(call, slots, {}, statistics, [&](int64_t j, int64_t slot, int64_t) {
      const winnow_job& job = call.jobs[j];
      const Program& program = *programs[program_index(job)];
      const winnow_images& images = call.inputs[job.input];
      const PatternLayout& layout = reader.layouts[static_cast<size_t>(j)];
      Signs signs(graph_, layout_, layout);  // either layout: the batch is what counts
      std::vector<uint64_t> rows(static_cast<size_t>(images.samples * layout.words()));
      for (int64_t sample = 0; sample < images.samples; sample += batch()) {
        forward_pass(call, job, program, slots, slot).run(images, sample, &signs);
        statistics.keep(j, program, slots[slot].norms);
        signs.pack(bits, rows.data() + sample * layout.words());
      }
      reader.done({j, images.samples, layout.words(), rows.data()});
    });
  }

  void activations(const winnow_call& call, const std::vector<int64_t>& values,
                   const std::function<void(const JobActivations&)>& done) override {
    RunningStatistics statistics(graph_, call);
    const std::vector<std::unique_ptr<Program>> programs = make_programs(call, values, false, statistics);
    std::vector<char> wanted(static_cast<size_t>(graph_.size()));
    int64_t most = 0;  // elements of a value
    for (const int64_t value : values) {
      wanted[static_cast<size_t>(value)] = true;
      most = std::max(most, batch() * graph_[value].shape.elements());
    }
    Slots& slots = forward_slots();
    each_job(call, slots, {}, statistics, [&](int64_t j, int64_t slot, int64_t) {
      const winnow_job& job = call.jobs[j];
      const Program& program = *programs[program_index(job)];
      const State<T>& state = slots[slot];
      std::vector<double> read(static_cast<size_t>(most));
      for (int64_t k = 0; k < call.inputs[job.input].samples / batch(); ++k) {
        // Each is read as soon as it is made: its memory may be another's afterwards.
        const std::function<void(int64_t)> made = [&](int64_t value) {
          if (!wanted[static_cast<size_t>(value)]) return;
          read_value(graph_, slots.layout, state, value, read.data());
          done({j, k, value, read.data()});
        };
        forward_pass(call, job, program, slots, slot).run(call.inputs[job.input], k * batch(), nullptr, made);
        statistics.keep(j, program, state.norms);
      }
    });
  }

  void gram(const JobGradients& gradients, double* out) const override {
    constexpr int64_t kElements = 2048;  // of every row at a time, which then stay in the second-level cache
    const int64_t n = gradients.cotangents, pitch = gradients.pitch();
    const T* rows = static_cast<const T*>(gradients.rows);
    std::fill_n(out, n * n, 0.0);
    for (int64_t first = 0; first < gradients.elements; first += kElements) {
      kernels_.gram({rows + first, pitch, n, std::min(kElements, gradients.elements - first), out});
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < i; ++j) out[j * n + i] = out[i * n + j];
    }
  }

 private:
  std::string facts() const override {
    return "\"variant\": \"" + std::string(variant_name(device_->variant)) +
           "\", \"state_bytes\": " + std::to_string(layout_.state_elements * element_bytes_) +
           ", \"gradient_bytes\": " + std::to_string(layout_.gradient_elements * element_bytes_);
  }

  // Of gradients in rows of `pitch`. Where the budget is tight, blocks are smaller.
  Needs gradient_needs(int64_t cotangents, int64_t pitch, Portion portion, int64_t budget) const {
    const int64_t row = elements_of({pitch, sizeof(T)}, "a row of gradients");
    const bool whole = portion == Portion::kJob;
    Needs needs;
    needs.job = total_of(
        {is_wide(cotangents) ? wide_bytes() : 0, whole ? elements_of({cotangents, row}, "rows of gradients") : 0}, "gradients");
    const int64_t others = total_of({State<T>::bytes(graph_, layout_), needs.job}, "gradients");
    needs.block = cotangent_block<T>(layout_, cotangents, whole ? 0 : row, budget - others);
    needs.worker = total_of(
        {Workspace<T>::bytes(layout_, needs.block), whole ? 0 : elements_of({needs.block, row}, "gradients")}, "gradients");
    return needs;
  }

  // Of tangents; with gradients' tangents of so many cotangents, in rows of `pitch`. A job has its tangents and its direction.
  Needs tangent_needs(int64_t cotangents, int64_t pitch) const {
    const int64_t direction = elements_of({graph_.network().parameters(), sizeof(double)}, "a direction");
    Needs needs;
    needs.job = total_of({State<T>::bytes(graph_, layout_), direction, wide_bytes()}, "tangents");
    if (cotangents == 0) return needs;
    needs.block = 2;
    needs.worker =
        total_of({Workspace<T>::bytes(layout_, 2), elements_of({cotangents, pitch, sizeof(T)}, "gradients")}, "gradients");
    return needs;
  }

  // The same plan laid out once more, differentiated otherwise.
  std::unique_ptr<CpuPlan> another(Differentiation differentiation) const {
    winnow_plan_options options = {};
    options.size = sizeof options;
    options.batch = batch();
    options.dtype = dtype_;
    auto plan = std::make_unique<CpuPlan>(device_, graph_.shared_network(), options, differentiation);
    // Values have the same numbers: what is merged does not depend on what is differentiated.
    plan->taps_ = taps_;
    plan->timing_ = timing_;
    return plan;
  }
  // Most calls never ask, and it costs them nothing.
  CpuPlan& again(std::unique_ptr<CpuPlan>& plan, Differentiation differentiation) {
    if (plan == nullptr) plan = another(differentiation);
    return *plan;
  }

  static const winnow_random_stream* stream_of(const winnow_call& call, const winnow_job& job) {
    return job.stream < 0 ? nullptr : call.streams + job.stream;
  }
  std::vector<std::unique_ptr<Program>> make_programs(const winnow_call& call, std::vector<int64_t> wanted, bool backward,
                                                      const RunningStatistics& statistics) const {
    wanted.insert(wanted.end(), statistics.norms().begin(), statistics.norms().end());
    return Plan::make_programs(call, wanted, backward);
  }

  // Of passes that nothing goes back from: the others' where they are no larger.
  const Layout& forward_layout() const {
    return forward_layout_.state_elements < layout_.state_elements ? forward_layout_ : layout_;
  }
  Slots& forward_slots() { return &forward_layout() == &forward_layout_ ? forward_slots_ : slots_; }

  Forward<T> forward_pass(const winnow_call& call, const winnow_job& job, const Program& program, const Slots& slots,
                          int64_t slot) const {
    return Forward<T>(graph_, slots.layout, kernels_, program, call.parameters[job.parameters]->parameters, NormModes(call),
                      stream_of(call, job), slots[slot]);
  }
  // Every job of a call, in parallel: task(job, slot, worker). What its batches leave in running statistics is applied in order.
  template <typename Task>
  void each_job(const winnow_call& call, Slots& slots, const Needs& needs, RunningStatistics& statistics, Task task) {
    waves_.each(call, slots, needs, [&](int64_t first, int64_t count) {
      waves_.run(call, count, [&](int64_t slot, int64_t worker) { task(first + slot, slot, worker); });
      statistics.apply(first, count);
    });
  }
  // The forward pass of a gradient, and its patterns where somebody reads them.
  void read_forward(const winnow_call& call, int64_t j, const Program& program, int64_t slot, const PatternReader* reader) {
    const winnow_images& images = call.inputs[call.jobs[j].input];
    Forward<T> pass = forward_pass(call, call.jobs[j], program, slots_, slot);
    if (reader == nullptr) {
      pass.run(images, 0);
      return;
    }
    const PatternLayout& layout = reader->layouts[static_cast<size_t>(j)];
    Signs signs(graph_, layout_, layout);
    std::vector<uint64_t> rows(static_cast<size_t>(batch() * layout.words()));
    pass.run(images, 0, &signs);
    signs.pack(bit_kernels_of(device_->variant), rows.data());
    reader->done({j, batch(), layout.words(), rows.data()});
  }

  // Whether the forward pass of so many cotangents runs in double beside the values of a float32 plan (forward_in_double).
  static bool is_wide(int64_t cotangents) { return sizeof(T) != sizeof(double) && cotangents > 1; }
  int64_t wide_bytes() const { return sizeof(T) == sizeof(double) ? 0 : State<double>::bytes(graph_, forward_layout_); }

  // Rounds a value's planes. What is below a ReLU's cap stays below it.
  void narrow(int64_t v, const State<double>& wide, const State<float>& state) const {
    const Shape& shape = graph_[v].shape;
    const double cap = graph_[v].operation == WINNOW_RELU ? std::get<ReluAttributes>(graph_[v].attributes).cap : 0;
    const auto capped = static_cast<float>(cap), below = std::nextafter(capped, 0.0f);
    const int64_t from_pitch = forward_layout_.planes[v].pitch, to_pitch = layout_.planes[v].pitch;
    for (int64_t b = 0; b < layout_.blocks; ++b) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        const double* from = wide.plane(forward_layout_, v, b, c);
        float* to = state.plane(layout_, v, b, c);
        for (int64_t y = 0; y < shape.height; ++y) {
          kernels_of<double>(device_->variant).to_float(to + y * to_pitch, from + y * from_pitch, shape.width);
          for (int64_t i = y * to_pitch, k = y * from_pitch; cap > 0 && k < y * from_pitch + shape.width * kLanes; ++i, ++k) {
            if (to[i] >= capped && from[k] < cap) to[i] = below;
          }
        }
      }
    }
  }

  // A gradient jumps where a ReLU's sign flips, and in single precision some unit of a large network is always close enough to
  // zero to flip. So the forward pass of many cotangents, one part in 1 + 2 L of the work, runs in double, and its values are
  // rounded once: every sign is the double plan's (of a max pool's cells that round to one number the first counts). For one
  // cotangent it would be half of the work. Double values are gone when they are read for the last time, so that most stay in the
  // cache, and what the backward pass does not read is not rounded.
  void forward_in_double(const winnow_call& call, const winnow_job& job, const Program& program, int64_t sample, int64_t slot,
                         bool salient) {
    if constexpr (sizeof(T) == sizeof(double)) {
      forward_pass(call, job, program, slots_, slot).run(call.inputs[job.input], sample);
    } else {
      State<double>& wide = waves_.wide(slot, forward_layout_);
      State<T>& state = slots_[slot];
      Forward<double>(graph_, forward_layout_, kernels_of<double>(device_->variant), program,
                      call.parameters[job.parameters]->parameters, NormModes(call), stream_of(call, job), wide)
          .run(call.inputs[job.input], sample, nullptr, [&](int64_t v) {
            if (!graph_[v].lazy && program.reads(v, salient)) narrow(v, wide, state);
          });
      state.norms = wide.norms;
    }
  }

  struct TangentJob {
    int64_t job, slot, worker;
  };

  // Every job of a call with its direction and the memory for it, jobs in parallel.
  template <typename Task>
  void each_tangent(const winnow_call& call, const winnow_directions& directions, RunningStatistics& statistics,
                    const Needs& needs, Task task) {
    const std::vector<Parameters> changes = parameter_changes(graph_.shared_network(), directions);
    each_job(call, slots_, needs, statistics, [&](int64_t job, int64_t slot, int64_t worker) {
      const int64_t parameters = directions.parameters_of == nullptr ? -1 : directions.parameters_of[job];
      const int64_t input = directions.input_of == nullptr ? -1 : directions.input_of[job];
      task(TangentJob{job, slot, worker}, Direction{parameters < 0 ? nullptr : &changes[static_cast<size_t>(parameters)],
                                                    input < 0 ? nullptr : &directions.inputs[input]});
    });
  }

  // The forward pass of one batch of a job, then its tangents.
  Tangent<T> forward_with_tangents(const winnow_call& call, const TangentJob& at, const Program& program,
                                   const Direction& direction, RunningStatistics& statistics, int64_t sample) {
    const winnow_job& job = call.jobs[at.job];
    forward_in_double(call, job, program, sample, at.slot, false);
    statistics.keep(at.job, program, slots_[at.slot].norms);
    Tangent<T> pass(graph_, layout_, kernels_, program, call.parameters[job.parameters]->parameters, NormModes(call), direction,
                    slots_[at.slot], waves_.tangents(at.slot));
    pass.run(sample);
    return pass;
  }

  const Kernels<T>& kernels_;
  Layout layout_, forward_layout_;
  Slots slots_{layout_, {}}, forward_slots_{forward_layout_, {}};
  Waves<T> waves_{*device_, graph_, layout_, timing_};
  std::unique_ptr<CpuPlan> to_the_input_, twice_;
};

}  // namespace

std::unique_ptr<Plan> cpu_plan(std::shared_ptr<const Device> device, std::shared_ptr<const Network> network,
                               const winnow_plan_options& options) {
  if (options.dtype == WINNOW_F64) return std::make_unique<CpuPlan<double>>(std::move(device), std::move(network), options);
  return std::make_unique<CpuPlan<float>>(std::move(device), std::move(network), options);
}

}  // namespace winnow
