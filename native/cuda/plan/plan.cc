#include "cuda/plan/plan.h"

#include <algorithm>
#include <string>

#include "cuda/plan/machine.h"
#include "cuda/plan/pattern_rows.h"
#include "cuda/plan/schedules.h"
#include "cuda/plan/uploads.h"
#include "cuda/plan/value_reader.h"
#include "plan/cotangents.h"
#include "plan/running_statistics.h"
#include "runtime/device.h"
#include "runtime/failure.h"

namespace winnow {
namespace {

using namespace machine;

// Which launches a key is of.
enum class Work : int64_t { kForward, kDifferentiated, kBackward };

template <typename T>
class MachinePlan final : public Plan {
 public:
  MachinePlan(const winnow_machine_table& table, int32_t index, std::shared_ptr<const Device> device,
              std::shared_ptr<const Network> network, const winnow_plan_options& options,
              Differentiation differentiation = Differentiation::kParameters)
      : Plan(std::move(device), std::move(network), options, differentiation),
        table_(table),
        index_(index),
        machine_(std::make_shared<Machine>(table, index)),
        schedules_(machine_) {
    if (options.timing != 0) throw Failure(WINNOW_UNSUPPORTED, "timing by operation is not on this device");
    for (const Tensor& tensor : graph_.network().tensors()) {
      parameter_offsets_.push_back(parameter_elements_);
      parameter_elements_ += tensor.elements;
    }
    for (int64_t v = 0; v < graph_.size(); ++v) {
      if (graph_[v].operation == WINNOW_NOISE) noises_.push_back(v);
    }
    packed_ = tapped();
    std::sort(packed_.begin(), packed_.end());
    packed_.erase(std::unique(packed_.begin(), packed_.end()), packed_.end());
  }

  int64_t bytes(winnow_pass pass, int64_t cotangents) const override {
    const std::vector<int32_t> states(static_cast<size_t>(graph_.network().choices()), WINNOW_RUN);
    const bool backward = pass != WINNOW_PASS_FORWARD;
    const MachineLayout layout(graph_, batch_, states, Round::with({graph_.output()}, tapped()), backward);
    CallSize size = size_of(output_elements());
    if (backward) {
      size.cotangents = std::max<int64_t>(1, cotangents);
      size.wide = is_wide(size.cotangents);
      size.row_elements = graph_.network().parameters();
      size.results = std::max(size.cotangents * size.cotangents, output_elements());
      size.seeds = size.cotangents * output_elements();
    }
    const Demand demand = demand_of<T>(layout, size);
    return demand.pass + size.cotangents * demand.cotangent;
  }

  void forward(const winnow_call& call, double* logits, int64_t samples) override {
    Round round(*this, call, {graph_.output()}, false);
    const int64_t each = output_elements();
    std::vector<double> results;
    each_chunk(round, size_of(each), [&](const std::vector<Pass>& passes, const Memory<T>& memory) {
      run_forward(round, passes, memory);
      download(results, memory.results, static_cast<int64_t>(passes.size()) * each);
      for (size_t p = 0; p < passes.size(); ++p) {
        std::copy_n(results.data() + static_cast<int64_t>(p) * each, each,
                    logits + passes[p].job * samples * (each / batch_) + passes[p].batch * each);
      }
    });
  }

  void patterns(const winnow_call& call, const PatternReader& reader) override {
    Round round(*this, call, tapped(), false);
    CallSize size = size_of(0);
    PatternRows rows(reader, call, batch_, packed_, size);
    each_chunk(round, size, [&](const std::vector<Pass>& passes, const Memory<T>& memory) {
      rows.prepare(*machine_, passes, memory);
      run_forward(round, passes, memory);
      rows.take(*machine_, passes, memory);
    });
  }

  void activations(const winnow_call& call, const std::vector<int64_t>& values,
                   const std::function<void(const JobActivations&)>& done) override {
    Round round(*this, call, values, false);
    each_chunk(round, size_of(0), [&](const std::vector<Pass>& passes, const Memory<T>& memory) {
      run_forward(round, passes, memory, values);
      ValueReader<T> reader(*machine_, graph_, round.layout, memory, static_cast<int64_t>(passes.size()));
      std::vector<double> read;
      for (size_t p = 0; p < passes.size(); ++p) {
        const Program& row = *round.programs[program_index(call.jobs[passes[p].job])];
        for (const int64_t value : values) {
          read.resize(static_cast<size_t>(batch_ * graph_[value].shape.elements()));
          reader.read(static_cast<int64_t>(p), row, value, read.data());
          done({passes[p].job, passes[p].batch, value, read.data()});
        }
      }
    });
  }

  void gradients(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, Portion,
                 const std::function<void(const JobGradients&)>& done, const PatternReader* reader) override {
    if ((cotangents.want_input_gradient != 0) != graph_.input_gradient()) {
      to_the_input().gradients(call, cotangents, roles, Portion::kJob, done, reader);
      return;
    }
    std::vector<T> rows;
    differentiate(
        call, cotangents, roles, 0, reader,
        [&](const std::vector<Pass>& passes, const Memory<T>& memory, int64_t pitch, int64_t elements) {
          const int64_t each = cotangents.count * pitch;
          download(rows, memory.rows, static_cast<int64_t>(passes.size()) * each);
          for (size_t p = 0; p < passes.size(); ++p) {
            done({passes[p].job, rows.data() + static_cast<int64_t>(p) * each, cotangents.count, elements, pitch - elements});
          }
        });
  }

  void grams(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, double* out) override {
    const int64_t n = cotangents.count, each = n * n;
    std::vector<double> results;
    differentiate(call, cotangents, roles, each, nullptr,
                  [&](const std::vector<Pass>& passes, const Memory<T>& memory, int64_t pitch, int64_t elements) {
                    const typename Gram<T>::Arguments arguments = {memory.rows, memory.results,          pitch, pitch * n,
                                                                   elements,    static_cast<int32_t>(n), 0};
                    const auto count = static_cast<int64_t>(passes.size());
                    machine_->launch({launch_of<Gram<T>>(arguments, count * arguments.blocks_per_pass())});
                    download(results, memory.results, count * each);
                    for (size_t p = 0; p < passes.size(); ++p) {
                      std::copy_n(results.data() + static_cast<int64_t>(p) * each, each, out + passes[p].job * each);
                    }
                  });
  }

  // As the device adds it up, but for fused steps.
  void gram(const JobGradients& gradients, double* out) const override {
    const int64_t n = gradients.cotangents, pitch = gradients.pitch();
    const T* rows = static_cast<const T*>(gradients.rows);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j <= i; ++j) {
        out[i * n + j] = out[j * n + i] = Gram<T>::product(rows + i * pitch, rows + j * pitch, gradients.elements);
      }
    }
  }

 private:
  // What the rows of a call make of the plan, and what its batches leave in running statistics.
  struct Round {
    Round(const MachinePlan& plan, const winnow_call& of, const std::vector<int64_t>& wanted, bool backward)
        : call(of),
          statistics(plan.graph_, of),
          programs(plan.make_programs(of, with(wanted, statistics.norms()), backward)),
          states(plan.states_of(of)),
          layout(plan.graph_, plan.batch_, states, with(wanted, statistics.norms()), backward) {}
    static std::vector<int64_t> with(std::vector<int64_t> values, const std::vector<int64_t>& more) {
      values.insert(values.end(), more.begin(), more.end());
      return values;
    }
    const winnow_call& call;
    RunningStatistics statistics;
    std::vector<std::unique_ptr<Program>> programs;
    std::vector<int32_t> states;
    MachineLayout layout;
  };

  // Whether a gradient's forward pass runs in double beside a float32 plan: its signs are those of a double plan.
  static bool is_wide(int64_t cotangents) { return sizeof(T) != sizeof(double) && cotangents > 1; }

  std::vector<int32_t> states_of(const winnow_call& call) const {
    std::vector<const int32_t*> rows;
    const int64_t choices = graph_.network().choices();
    for (int64_t j = 0; j < call.job_count && choices > 0; ++j) rows.push_back(call.states + call.jobs[j].row * choices);
    return union_of(rows, choices);
  }

  int64_t output_elements() const { return batch_ * graph_[graph_.output()].shape.elements(); }

  CallSize size_of(int64_t results) const {
    CallSize size = {batch_ * graph_[0].shape.elements(), parameter_elements_};
    size.results = results;
    size.noises = static_cast<int64_t>(noises_.size());
    return size;
  }

  template <typename E>
  void download(std::vector<E>& to, const E* from, int64_t count) const {
    to.resize(static_cast<size_t>(count));
    machine_->download(to.data(), from, count * static_cast<int64_t>(sizeof(E)));
  }

  // Runs body(passes, memory) for one chunk of passes after the other, their tables uploaded.
  template <typename Body>
  void each_chunk(Round& round, const CallSize& size, Body body) {
    const winnow_call& call = round.call;
    const std::vector<Pass> passes = passes_of(call, batch_);
    const auto count = static_cast<int64_t>(passes.size());
    if (count == 0) return;
    const Memory<T> memory = reserve(round.layout, size, count);
    Uploads uploads(*machine_, graph_, round.layout, noises_, call);
    int64_t done = 0;  // jobs
    for (int64_t first = 0; first < count; first += chunk_.passes) {
      if (call.cancel != nullptr && *call.cancel != 0) throw Failure(WINNOW_CANCELLED, "the call was cancelled");
      const int64_t end = std::min(first + chunk_.passes, count);
      const std::vector<Pass> chunk(passes.begin() + first, passes.begin() + end);
      uploads.chunk(chunk, round.programs, memory);
      body(chunk, memory);
      const int64_t now = end == count ? call.job_count : passes[static_cast<size_t>(end)].job;
      round.statistics.apply(done, now - done);
      done = now;
      if (call.progress != nullptr && call.progress(call.progress_user, done, call.job_count) != 0) {
        throw Failure(WINNOW_CALLBACK_FAILED, "the progress callback asked to stop after job " + std::to_string(done) + " of " +
                                                  std::to_string(call.job_count));
      }
    }
  }

  // Bytes for a call, of what is free beside the plan's own; a sixteenth is left for lists and for others.
  int64_t room() const {
    const int64_t free = arena_.bytes() + machine_->facts().free_bytes;
    return std::min(device_->byte_budget, free - free / 16);
  }

  void give_up() {
    schedules_.clear();
    arena_ = {};
  }

  // Finds the chunk of a call and the memory for it.
  Memory<T> reserve(const MachineLayout& layout, const CallSize& size, int64_t passes) {
    const Demand demand = demand_of<T>(layout, size);
    const double all =
        static_cast<double>(passes) *
        (static_cast<double>(demand.pass) + static_cast<double>(demand.cotangent) * static_cast<double>(size.cotangents));
    if (other_ != nullptr && all > static_cast<double>(room())) other_->give_up();
    size_ = size;
    chunk_ = chunk_of(demand, passes, size.cotangents, room());
    Memory<T> memory = {};
    const int64_t bytes = carve<T>(layout, size, chunk_.passes, chunk_.cotangents, nullptr, memory);
    if (arena_.bytes() < bytes) {
      give_up();
      arena_ = MachineMemory(machine_, bytes, "the plan");
    }
    carve<T>(layout, size, chunk_.passes, chunk_.cotangents, arena_.first(), memory);
    return memory;
  }

  Setting setting_of(const Round& round, const std::vector<Pass>& passes) const {
    const NormModes modes(round.call);
    Setting setting = {graph_,
                       round.layout,
                       {},
                       parameter_offsets_,
                       {},
                       noises_,
                       size_.packed > 0 ? packed_ : std::vector<int64_t>{},
                       parameter_elements_,
                       static_cast<int64_t>(passes.size()),
                       size_.words,
                       size_.carried};
    for (int64_t v = 0; v < graph_.size(); ++v) {
      setting.norm_modes.push_back(graph_[v].operation == WINNOW_BATCH_NORM ? modes[graph_[v].node()] : WINNOW_NORM_BATCH);
    }
    return setting;
  }

  // Everything that launches depend on: what they do, the rows' union, norm modes, where everything lies.
  std::vector<int64_t> key_of(const Round& round, const Setting& setting, Work work, const std::vector<int64_t>& more) const {
    std::vector<int64_t> key = {static_cast<int64_t>(work),
                                setting.passes,
                                chunk_.passes,
                                chunk_.cotangents,
                                size_.cotangents,
                                size_.results,
                                size_.seeds,
                                size_.row_elements,
                                size_.words,
                                size_.places,
                                size_.packed,
                                size_.counted,
                                size_.carried,
                                size_.wide,
                                round.call.update_statistics};
    key.insert(key.end(), more.begin(), more.end());
    key.insert(key.end(), setting.norm_modes.begin(), setting.norm_modes.end());
    key.insert(key.end(), round.states.begin(), round.states.end());
    return key;
  }

  // Values of a chunk's passes, in T, and the output where somebody takes it.
  // `values`: others that are read; the rows' layout depends on them.
  void run_forward(Round& round, const std::vector<Pass>& passes, const Memory<T>& memory,
                   const std::vector<int64_t>& values = {}) {
    const Setting setting = setting_of(round, passes);
    schedules_.run(key_of(round, setting, Work::kForward, values), [&](Tables& tables, Launches& list) {
      add_forward<T, T>(setting, memory, memory.parameters, memory.values, tables, list);
      if (size_.results > 0) add_output<T>(setting, memory, memory.values, list);
    });
    keep_statistics(round, passes, memory);
  }

  template <typename F>
  void add_output(const Setting& setting, const Memory<T>& memory, const F* values, Launches& list) const {
    const int64_t output = graph_.output();
    const typename Store<F>::Arguments arguments = {
        {values + setting.layout.value(output), setting.layout.value_elements(), setting.size_of(output)}, memory.results};
    list.push_back(launch_of<Store<F>>(arguments, setting.passes * blocks_for(output_elements(), Store<F>::kThreads)));
  }

  // Forward and backward of every chunk; done(passes, memory, pitch, elements) finds its rows of gradients on the device.
  template <typename Done>
  void differentiate(const winnow_call& call, const winnow_cotangents& cotangents, uint32_t roles, int64_t results,
                     const PatternReader* reader, Done done) {
    Round round(*this, call,
                reader == nullptr ? std::vector<int64_t>{graph_.output()} : Round::with({graph_.output()}, tapped()), true);
    int64_t elements;
    const std::vector<int64_t> offsets = gradient_offsets(graph_.network(), roles, elements);
    CallSize size = size_of(std::max(results, output_elements()));
    std::unique_ptr<PatternRows> pattern_rows;
    if (reader != nullptr) pattern_rows = std::make_unique<PatternRows>(*reader, call, batch_, packed_, size);
    size.cotangents = cotangents.count;
    size.wide = is_wide(cotangents.count);
    size.row_elements = elements + (graph_.input_gradient() ? size.image_elements : 0);
    size.seeds = (cotangents.kind == WINNOW_COTANGENT_GIVEN ? cotangents.count : 1) * output_elements();
    each_chunk(round, size, [&](const std::vector<Pass>& passes, const Memory<T>& memory) {
      Setting setting = setting_of(round, passes);
      setting.gradient_offsets = offsets;
      if (reader != nullptr) pattern_rows->prepare(*machine_, passes, memory);
      const int64_t of_tapped = reader == nullptr ? 0 : 1;
      schedules_.run(key_of(round, setting, Work::kDifferentiated, {of_tapped}), [&](Tables& tables, Launches& list) {
        if (size.wide) {
          add_forward<T, double>(setting, memory, memory.wide_parameters, memory.wide_values, tables, list);
          add_output<double>(setting, memory, memory.wide_values, list);
        } else {
          add_forward<T, T>(setting, memory, memory.parameters, memory.values, tables, list);
          add_output<T>(setting, memory, memory.values, list);
        }
        add_preparation<T>(setting, memory, size.wide, tables, list);
      });
      keep_statistics(round, passes, memory);
      if (reader != nullptr) pattern_rows->take(*machine_, passes, memory);
      const auto count = static_cast<int64_t>(passes.size());
      machine_->clear(memory.rows, count * size.cotangents * size.row_elements * static_cast<int64_t>(sizeof(T)));
      const SeedPlan seed = upload_seeds(call, cotangents, passes, memory);
      RowPlan rows = {0, 0, size.row_elements, cotangents.count, graph_.input_gradient() ? elements : -1};
      for (; rows.first < cotangents.count; rows.first += chunk_.cotangents) {
        rows.count = std::min(chunk_.cotangents, cotangents.count - rows.first);
        schedules_.run(key_of(round, setting, Work::kBackward, {of_tapped, rows.first, rows.count, roles, cotangents.kind}),
                       [&](Tables& tables, Launches& list) { add_backward<T>(setting, memory, seed, rows, tables, list); });
      }
      done(passes, memory, size.row_elements, elements);
    });
  }

  // The numbers that cotangents are made from.
  SeedPlan upload_seeds(const winnow_call& call, const winnow_cotangents& cotangents, const std::vector<Pass>& passes,
                        const Memory<T>& memory) const {
    const int64_t each = output_elements(), outputs = each / batch_;
    std::vector<double> seeds;
    SeedPlan plan = {0, 0, 1, cotangents.kind == WINNOW_COTANGENT_ONES_ON_ROW};
    if (cotangents.kind == WINNOW_COTANGENT_GIVEN) {
      plan.of_cotangent = each;
      for (int64_t i = 0; i < cotangents.count * each; ++i) {
        seeds.push_back(cotangents.dtype == WINNOW_F64 ? static_cast<const double*>(cotangents.values)[i]
                                                       : double{static_cast<const float*>(cotangents.values)[i]});
      }
    } else if (cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY || cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS) {
      const bool rows = cotangents.kind == WINNOW_COTANGENT_CROSS_ENTROPY_ROWS;
      plan = {each, 0, rows ? 1.0 : 1.0 / static_cast<double>(batch_), rows};
      download(seeds, memory.results, static_cast<int64_t>(passes.size()) * each);
      for (size_t p = 0; p < passes.size(); ++p) {
        const int64_t* labels = call.targets + call.jobs[passes[p].job].target * batch_;
        for (int64_t n = 0; n < batch_; ++n) {
          cross_entropy_gradient(seeds.data() + static_cast<int64_t>(p) * each + n * outputs, outputs, labels[n]);
        }
      }
    } else {
      seeds.assign(static_cast<size_t>(each), 1.0);
    }
    machine_->upload(memory.seeds, seeds.data(), static_cast<int64_t>(seeds.size() * sizeof(double)));
    return plan;
  }

  // What the passes' batches leave in running statistics.
  void keep_statistics(Round& round, const std::vector<Pass>& passes, const Memory<T>& memory) const {
    if (round.statistics.norms().empty()) return;
    const int64_t channels = round.layout.norm_channels(), count = static_cast<int64_t>(passes.size());
    std::vector<double> mean, variance;
    download(mean, memory.norms.mean, count * channels);
    download(variance, memory.norms.variance, count * channels);
    std::vector<NormState> norms(static_cast<size_t>(graph_.size()));
    for (int64_t p = 0; p < count; ++p) {
      const winnow_job& job = round.call.jobs[passes[static_cast<size_t>(p)].job];
      const Program& program = *round.programs[program_index(job)];
      for (const int64_t v : round.statistics.norms()) {
        if (!program.runs(v)) continue;
        const Shape& shape = graph_[v].shape;
        const int64_t first = p * channels + round.layout.norm(v);
        NormState& norm = norms[static_cast<size_t>(v)];
        norm.mean.assign(mean.begin() + first, mean.begin() + first + shape.channels);
        norm.variance.assign(variance.begin() + first, variance.begin() + first + shape.channels);
        norm.count = static_cast<double>(batch_ * shape.height * shape.width);
      }
      round.statistics.keep(passes[static_cast<size_t>(p)].job, program, norms);
    }
  }

  MachinePlan& to_the_input() {
    if (to_the_input_ == nullptr) {
      winnow_plan_options options = {};
      options.size = sizeof options;
      options.batch = batch_;
      options.dtype = dtype_;
      to_the_input_ =
          std::make_unique<MachinePlan>(table_, index_, device_, graph_.shared_network(), options, Differentiation::kInput);
      to_the_input_->other_ = this;
      other_ = to_the_input_.get();
    }
    return *to_the_input_;
  }

  std::string facts() const override {
    const winnow_machine_facts facts = machine_->facts();
    return "\"device\": \"" + std::string(facts.name) + "\", \"arena_bytes\": " + std::to_string(arena_.bytes()) +
           ", \"free_bytes\": " + std::to_string(facts.free_bytes);
  }

  const winnow_machine_table& table_;
  int32_t index_;
  std::shared_ptr<const Machine> machine_;
  std::vector<int64_t> parameter_offsets_, noises_, packed_;  // packed_: values of the taps, each once
  int64_t parameter_elements_ = 0;
  CallSize size_ = {};  // of the running call
  Chunk chunk_ = {};
  MachineMemory arena_;
  Schedules schedules_;
  std::unique_ptr<MachinePlan> to_the_input_;
  MachinePlan* other_ = nullptr;  // of this plan and the one to the input the other one: they do not run at once
};

}  // namespace

std::unique_ptr<Plan> make_machine_plan(const winnow_machine_table& table, int32_t index, std::shared_ptr<const Device> device,
                                        std::shared_ptr<const Network> network, const winnow_plan_options& options) {
  if (options.dtype == WINNOW_F64) {
    return std::make_unique<MachinePlan<double>>(table, index, std::move(device), std::move(network), options);
  }
  return std::make_unique<MachinePlan<float>>(table, index, std::move(device), std::move(network), options);
}

}  // namespace winnow
