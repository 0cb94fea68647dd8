// Launches that were made before, by what they were made for: repeated without being made again.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "cuda/plan/launches.h"
#include "cuda/plan/machine.h"

namespace winnow {

class Schedules {
 public:
  explicit Schedules(std::shared_ptr<const Machine> machine) : machine_(std::move(machine)) {}

  // When the memory that launches point to moves.
  void clear() { kept_.clear(); }

  // Runs the launches that add(tables, launches) makes. Equal keys must mean equal launches.
  template <typename Add>
  void run(const std::vector<int64_t>& key, Add add) {
    auto found = kept_.find(key);
    if (found == kept_.end()) {
      if (kept_.size() >= kMost) kept_.clear();
      found = kept_.emplace(key, make(add)).first;
    }
    found->second.recording->replay();
  }

 private:
  static constexpr size_t kMost = 32;
  struct Schedule {
    MachineMemory tables;
    std::unique_ptr<Recording> recording;
  };

  template <typename Add>
  Schedule make(Add add) const {
    Tables measured(nullptr);
    Launches unused;
    add(measured, unused);
    const auto bytes = static_cast<int64_t>(measured.bytes().size());
    Schedule schedule;
    schedule.tables = MachineMemory(machine_, bytes + 1, "the plan's lists");
    Tables tables(schedule.tables.first());
    Launches launches;
    add(tables, launches);
    machine_->upload(schedule.tables.first(), tables.bytes().data(), bytes);
    schedule.recording = std::make_unique<Recording>(machine_, launches);
    return schedule;
  }

  std::shared_ptr<const Machine> machine_;
  std::map<std::vector<int64_t>, Schedule> kept_;
};

}  // namespace winnow
