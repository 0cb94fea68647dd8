// What the jobs and workers of a CPU plan's calls work in, kept from call to call, and the waves that jobs go in.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plan/state.h"
#include "runtime/device.h"
#include "runtime/failure.h"
#include "runtime/threads.h"
#include "winnow/plan.h"

namespace winnow {

// What a pass takes beside the states of its jobs' values: bytes for each job that is under way and for each worker, and how many
// cotangents the workers' workspaces are for.
struct Needs {
  int64_t job = 0, worker = 0, block = 0;
};

template <typename T>
class Waves {
 public:
  // States of one layout, by job of a wave.
  struct Slots {
    const Layout& layout;
    std::vector<std::unique_ptr<State<T>>> states;
    State<T>& operator[](int64_t slot) const { return *states[static_cast<size_t>(slot)]; }
  };

  // `layout` is that of backward passes.
  Waves(const Device& device, const Graph& graph, const Layout& layout, const std::shared_ptr<Timing>& timing)
      : device_(device), graph_(graph), layout_(layout), timing_(timing) {}

  // Jobs in waves of as many as there are threads and the byte budget allows, with as many workers as it allows beside one job:
  // wave(first, count).
  template <typename Wave>
  void each(const winnow_call& call, Slots& slots, const Needs& needs, Wave wave) {
    if (call.job_count == 0) return;
    const int64_t budget = device_.byte_budget, job = total_of({State<T>::bytes(graph_, slots.layout), needs.job}, "one job"),
                  one = total_of({job, needs.worker}, "one job");
    if (one > budget) {
      throw Failure(WINNOW_OUT_OF_MEMORY,
                    "one job takes " + std::to_string(one) + " bytes but the byte budget is " + std::to_string(budget));
    }
    workers_ = device_.threads;
    if (needs.worker > 0) workers_ = std::clamp<int64_t>((budget - job) / needs.worker, 1, workers_);
    const int64_t fit = (budget - workers_ * needs.worker) / std::max<int64_t>(1, job);
    const int64_t width = std::min({device_.threads, fit, call.job_count});
    const auto reserve = [&](auto& states) { states.resize(std::max(states.size(), static_cast<size_t>(width))); };
    reserve(slots.states), reserve(tangents_), reserve(wide_);
    for (int64_t slot = 0; slot < width; ++slot) made(slots.states[static_cast<size_t>(slot)], slots.layout);
    reserve_workspaces(needs.block);
    for (int64_t first = 0; first < call.job_count; first += width) {
      const int64_t count = std::min(width, call.job_count - first);
      wave(first, count);
      if (call.progress != nullptr && call.progress(call.progress_user, first + count, call.job_count) != 0) {
        throw Failure(WINNOW_CALLBACK_FAILED, "the progress callback asked to stop after job " + std::to_string(first + count) +
                                                  " of " + std::to_string(call.job_count));
      }
    }
  }

  // Tasks of a wave in parallel: task(index, worker).
  template <typename Task>
  void run(const winnow_call& call, int64_t tasks, Task task) {
    device_.pool->run(
        tasks,
        [&](int64_t index, int64_t worker) {
          if (call.cancel != nullptr && *call.cancel != 0) throw Failure(WINNOW_CANCELLED, "the call was cancelled");
          task(index, worker);
        },
        workers_);
  }

  // Of the call at work.
  int64_t workers() const { return workers_; }
  Workspace<T>& workspace(int64_t worker) const { return *workspaces_[static_cast<size_t>(worker)]; }

  // Values of a job in double, and the tangents of its values; there when they are first asked for.
  State<double>& wide(int64_t slot, const Layout& layout) { return made(wide_[static_cast<size_t>(slot)], layout); }
  State<T>& tangents(int64_t slot) { return made(tangents_[static_cast<size_t>(slot)], layout_); }

  // Gradients of a job of the wave, or of a worker's block, in memory that is kept: fresh pages are dear.
  void reserve_rows(int64_t count) { rows_.resize(std::max(rows_.size(), static_cast<size_t>(count))); }
  T* rows(int64_t index) const { return rows_[static_cast<size_t>(index)]->template at<T>(0); }
  T* zero_rows(int64_t index, int64_t elements) {
    std::unique_ptr<Arena>& own = rows_[static_cast<size_t>(index)];
    const int64_t bytes = elements * static_cast<int64_t>(sizeof(T));
    if (own == nullptr || own->bytes() < bytes) {
      own.reset();
      own = std::make_unique<Arena>(*device_.arenas, bytes, Arenas::Contents::kAny);
    }
    std::fill_n(rows(index), elements, T{0});
    return rows(index);
  }

 private:
  template <typename S>
  State<S>& made(std::unique_ptr<State<S>>& state, const Layout& layout) const {
    if (state == nullptr) state = std::make_unique<State<S>>(graph_, layout, *device_.arenas, timing_.get());
    return *state;
  }
  void reserve_workspaces(int64_t cotangents) {
    if (cotangents == 0) return;
    if (!workspaces_.empty() && workspaces_[0]->cotangents < cotangents) workspaces_.clear();
    while (static_cast<int64_t>(workspaces_.size()) < workers_) {
      workspaces_.push_back(std::make_unique<Workspace<T>>(graph_, layout_, *device_.arenas, cotangents));
    }
  }

  const Device& device_;
  const Graph& graph_;
  const Layout& layout_;
  const std::shared_ptr<Timing>& timing_;  // the plan's, which may get it later
  int64_t workers_ = 1;
  std::vector<std::unique_ptr<State<T>>> tangents_;        // by job of a wave
  std::vector<std::unique_ptr<State<double>>> wide_;       // by job of a wave
  std::vector<std::unique_ptr<Workspace<T>>> workspaces_;  // by worker
  std::vector<std::unique_ptr<Arena>> rows_;               // by job of a wave, or by worker
};

}  // namespace winnow
