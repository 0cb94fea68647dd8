#include "cuda/plan/machine.h"

#include <utility>

#include "runtime/failure.h"

namespace winnow {

Machine::Machine(const winnow_machine_table& table, int32_t index) : table_(table), index_(index) {
  if (table.size != static_cast<int64_t>(sizeof table)) {
    throw Failure(WINNOW_DEVICE_FAILED, "the device's library is of another build");
  }
  winnow_machine_error error = {};
  if (const int32_t code = table_.open(index, &machine_, &error)) refuse(code, error);
}

Machine::~Machine() { table_.close(machine_); }

void Machine::refuse(int32_t code, const winnow_machine_error& error) const {
  throw Failure(code == WINNOW_MACHINE_OUT_OF_MEMORY ? WINNOW_OUT_OF_MEMORY : WINNOW_DEVICE_FAILED,
                "device " + std::to_string(index_) + ": " + error.text);
}

template <typename Function, typename... Arguments>
void Machine::call(Function function, Arguments... arguments) const {
  winnow_machine_error error = {};
  if (const int32_t code = function(machine_, arguments..., &error)) refuse(code, error);
}

winnow_machine_facts Machine::facts() const {
  winnow_machine_facts facts = {};
  call(table_.facts, &facts);
  return facts;
}

void Machine::upload(void* to, const void* from, int64_t bytes) const { call(table_.upload, to, from, bytes); }

void Machine::download(void* to, const void* from, int64_t bytes) const { call(table_.download, to, from, bytes); }

void Machine::clear(void* memory, int64_t bytes) const { call(table_.clear, memory, bytes); }

void Machine::launch(const std::vector<winnow_launch>& launches) const {
  call(table_.launch, launches.data(), static_cast<int64_t>(launches.size()));
}

MachineMemory::MachineMemory(std::shared_ptr<const Machine> machine, int64_t bytes, const std::string& what)
    : machine_(std::move(machine)), bytes_(bytes) {
  winnow_machine_error error = {};
  const int32_t code = machine_->table_.allocate(machine_->machine_, bytes, &memory_, &error);
  if (code == WINNOW_MACHINE_OUT_OF_MEMORY) {
    throw Failure(WINNOW_OUT_OF_MEMORY, "device " + std::to_string(machine_->index_) + ": " + what + " asked for " +
                                            std::to_string(bytes) + " bytes, " + std::to_string(machine_->facts().free_bytes) +
                                            " are free");
  }
  if (code != WINNOW_MACHINE_OK) machine_->refuse(code, error);
}

MachineMemory::~MachineMemory() {
  if (memory_ != nullptr) machine_->table_.release(machine_->machine_, memory_);
}

MachineMemory::MachineMemory(MachineMemory&& other) noexcept
    : machine_(std::move(other.machine_)),
      memory_(std::exchange(other.memory_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

MachineMemory& MachineMemory::operator=(MachineMemory&& other) noexcept {
  std::swap(machine_, other.machine_);
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Recording::Recording(std::shared_ptr<const Machine> machine, const std::vector<winnow_launch>& launches)
    : machine_(std::move(machine)) {
  machine_->call(machine_->table_.record, launches.data(), static_cast<int64_t>(launches.size()), &recording_);
}

Recording::~Recording() { machine_->table_.forget(machine_->machine_, recording_); }

void Recording::replay() const { machine_->call(machine_->table_.replay, recording_); }

}  // namespace winnow
