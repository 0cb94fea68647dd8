// A machine's table of functions (cuda/machine.h) as objects: whatever goes wrong is a Failure that names the device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/machine.h"

namespace winnow {

class Machine {
 public:
  Machine(const winnow_machine_table& table, int32_t index);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  winnow_machine_facts facts() const;
  void upload(void* to, const void* from, int64_t bytes) const;
  void download(void* to, const void* from, int64_t bytes) const;
  void clear(void* memory, int64_t bytes) const;
  void launch(const std::vector<winnow_launch>& launches) const;

 private:
  friend class MachineMemory;
  friend class Recording;
  [[noreturn]] void refuse(int32_t code, const winnow_machine_error& error) const;
  template <typename Function, typename... Arguments>
  void call(Function function, Arguments... arguments) const;

  const winnow_machine_table& table_;
  int32_t index_;
  winnow_machine* machine_ = nullptr;
};

// Memory of a machine; nothing may rely on what is in it.
class MachineMemory {
 public:
  MachineMemory() = default;
  // Throws OUT_OF_MEMORY that names `what`, the bytes asked for and those that are free.
  MachineMemory(std::shared_ptr<const Machine> machine, int64_t bytes, const std::string& what);
  ~MachineMemory();
  MachineMemory(MachineMemory&& other) noexcept;
  MachineMemory& operator=(MachineMemory&& other) noexcept;
  char* first() const { return static_cast<char*>(memory_); }
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<const Machine> machine_;
  void* memory_ = nullptr;
  int64_t bytes_ = 0;
};

// Launches that are repeated.
class Recording {
 public:
  Recording(std::shared_ptr<const Machine> machine, const std::vector<winnow_launch>& launches);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  void replay() const;

 private:
  std::shared_ptr<const Machine> machine_;
  winnow_recording* recording_ = nullptr;
};

}  // namespace winnow
