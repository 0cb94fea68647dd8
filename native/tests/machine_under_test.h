// The machine that kernel tests run on: the emulation in one executable, a GPU in the other. The tests are the same.
#pragma once

#include <string>
#include <vector>

#include "check.h"
#include "cuda/kernels/kernels.h"

namespace winnow::test {

// One machine for the whole program, opened when it is first asked for.
class MachineUnderTest {
 public:
  static const MachineUnderTest& get();

  MachineUnderTest(const winnow_machine_table& table, int32_t index) : table_(table) {
    call(table.open(index, &machine_, &error_));
  }
  ~MachineUnderTest() { table_.close(machine_); }
  MachineUnderTest(const MachineUnderTest&) = delete;
  MachineUnderTest& operator=(const MachineUnderTest&) = delete;

  const winnow_machine_table& table() const { return table_; }
  winnow_machine* handle() const { return machine_; }
  bool emulated() const {
    winnow_machine_facts facts = {};
    call(table_.facts(machine_, &facts, &error_));
    return facts.major == 0;
  }

  template <typename Kernel>
  void launch(const typename Kernel::Arguments& arguments, int64_t blocks) const {
    const winnow_launch one = machine::launch_of<Kernel>(arguments, blocks);
    call(table_.launch(machine_, &one, 1, &error_));
  }

 private:
  template <typename T>
  friend class OnMachine;
  void call(int32_t code) const {
    if (code != WINNOW_MACHINE_OK) {
      std::printf("the machine failed: %s\n", error_.text);
      std::abort();  // nothing after it means anything
    }
  }

  const winnow_machine_table& table_;
  winnow_machine* machine_ = nullptr;
  mutable winnow_machine_error error_ = {};
};

// A list in the machine's memory.
template <typename T>
class OnMachine {
 public:
  explicit OnMachine(const std::vector<T>& values) : count_(values.size()) {
    if (count_ == 0) return;
    on_.call(on_.table_.allocate(on_.machine_, bytes(), &memory_, &on_.error_));
    on_.call(on_.table_.upload(on_.machine_, memory_, values.data(), bytes(), &on_.error_));
  }
  explicit OnMachine(int64_t count) : OnMachine(std::vector<T>(static_cast<size_t>(count))) {}
  ~OnMachine() {
    if (memory_ != nullptr) on_.table_.release(on_.machine_, memory_);
  }
  OnMachine(const OnMachine&) = delete;
  OnMachine& operator=(const OnMachine&) = delete;

  T* data() const { return static_cast<T*>(memory_); }
  std::vector<T> values() const {
    std::vector<T> all(count_);
    if (count_ > 0) on_.call(on_.table_.download(on_.machine_, all.data(), memory_, bytes(), &on_.error_));
    return all;
  }

 private:
  int64_t bytes() const { return static_cast<int64_t>(count_ * sizeof(T)); }
  const MachineUnderTest& on_ = MachineUnderTest::get();
  size_t count_;
  void* memory_ = nullptr;
};

}  // namespace winnow::test
