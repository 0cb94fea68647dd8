#include "cuda/emulation/emulation.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <type_traits>
#include <vector>

#include "cuda/kernels/kernels.h"

using namespace winnow::machine;

struct winnow_machine {
  int32_t device;
  int64_t launched;  // launches
  std::map<char*, int64_t> allocated;
};

struct winnow_recording {
  std::vector<winnow_launch> launches;
};

namespace {

constexpr int64_t kBytes[] = {int64_t{16} << 30, int64_t{1} << 20};
std::atomic<int64_t> left[] = {kBytes[0], kBytes[1]};  // machines of one device share its memory

// What nobody has written is NaN, -1 and a pointer to nowhere. A GPU's memory is zeros only until it is used again.
void leave_unwritten(void* memory, size_t bytes) { std::memset(memory, 0xff, bytes); }

int32_t fail(winnow_machine_error* error, int32_t code, const char* text) {
  std::snprintf(error->text, sizeof error->text, "%s", text);
  return code;
}

int32_t open(int32_t index, winnow_machine** machine, winnow_machine_error* error) {
  if (index < 0 || index > 1) return fail(error, WINNOW_MACHINE_FAILED, "the emulation has devices 0 and 1");
  *machine = new winnow_machine{index, 0, {}};
  return WINNOW_MACHINE_OK;
}

void release(winnow_machine* machine, void* memory) {
  const auto at = machine->allocated.find(static_cast<char*>(memory));
  if (at == machine->allocated.end()) return;
  left[machine->device] += at->second;
  machine->allocated.erase(at);
  std::free(memory);
}

// Memory that was not released stays taken, as a GPU's does: a leak for whoever looks for leaks.
void close(winnow_machine* machine) { delete machine; }

int32_t facts(winnow_machine* machine, winnow_machine_facts* facts, winnow_machine_error*) {
  *facts = {};
  std::snprintf(facts->name, sizeof facts->name, "emulation on the host");
  facts->processors = 1;
  facts->total_bytes = kBytes[machine->device];
  facts->free_bytes = left[machine->device];
  return WINNOW_MACHINE_OK;
}

int32_t allocate(winnow_machine* machine, int64_t bytes, void** memory, winnow_machine_error* error) {
  // As cudaMalloc aligns it.
  constexpr size_t kAlignment = 256;
  const auto size = (static_cast<size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  if ((left[machine->device] -= bytes) < 0 || (*memory = std::aligned_alloc(kAlignment, size)) == nullptr) {
    left[machine->device] += bytes;
    return fail(error, WINNOW_MACHINE_OUT_OF_MEMORY, "out of memory");
  }
  leave_unwritten(*memory, size);
  machine->allocated[static_cast<char*>(*memory)] = bytes;
  return WINNOW_MACHINE_OK;
}

// Whether the machine has all of it: a GPU refuses to copy what it has not.
bool has(const winnow_machine* machine, const void* memory, int64_t bytes) {
  const auto* first = static_cast<const char*>(memory);
  const auto after = std::find_if(machine->allocated.begin(), machine->allocated.end(), [&](const auto& block) {
    return first >= block.first && first + bytes <= block.first + block.second;
  });
  return after != machine->allocated.end();
}

int32_t upload(winnow_machine* machine, void* to, const void* from, int64_t bytes, winnow_machine_error* error) {
  if (bytes == 0) return WINNOW_MACHINE_OK;
  if (!has(machine, to, bytes)) return fail(error, WINNOW_MACHINE_FAILED, "an upload to memory that is not the machine's");
  std::memcpy(to, from, static_cast<size_t>(bytes));
  return WINNOW_MACHINE_OK;
}

int32_t download(winnow_machine* machine, void* to, const void* from, int64_t bytes, winnow_machine_error* error) {
  if (bytes == 0) return WINNOW_MACHINE_OK;
  if (!has(machine, from, bytes)) return fail(error, WINNOW_MACHINE_FAILED, "a download of memory that is not the machine's");
  std::memcpy(to, from, static_cast<size_t>(bytes));
  return WINNOW_MACHINE_OK;
}

int32_t clear(winnow_machine* machine, void* memory, int64_t bytes, winnow_machine_error* error) {
  if (bytes == 0) return WINNOW_MACHINE_OK;
  if (!has(machine, memory, bytes)) return fail(error, WINNOW_MACHINE_FAILED, "cleared memory that is not the machine's");
  std::memset(memory, 0, static_cast<size_t>(bytes));
  return WINNOW_MACHINE_OK;
}

// Blocks forwards in one launch and backwards in the next, the threads of every phase in another order, since a GPU has none:
// what one of them takes from another of the same phase or launch is there in some orders only.
template <typename Kernel>
void run(const winnow_launch& launch, bool backwards) {
  constexpr int32_t kThreads = Kernel::kThreads;
  static_assert(kThreads <= 1024 && (kThreads & (kThreads - 1)) == 0 && kThreads % 32 == 0);
  static_assert(sizeof(typename Kernel::Shared) <= 48 << 10, "more shared memory than a block has");
  const typename Kernel::Arguments arguments = arguments_of<Kernel>(launch);
  const auto shared = std::make_unique<typename Kernel::Shared>();
  for (int64_t i = 0; i < launch.blocks; ++i) {
    const int64_t block = backwards ? launch.blocks - 1 - i : i;
    leave_unwritten(shared.get(), sizeof *shared);
    for (int32_t phase = 0; phase < Kernel::kPhases; ++phase) {
      const auto order = static_cast<int32_t>((37 * block + 11 * phase) % kThreads);
      for (int32_t k = 0; k < kThreads; ++k) Kernel::run(arguments, block, k ^ order, phase, *shared);
    }
  }
}

int32_t launch(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_machine_error* error) {
  for (int64_t i = 0; i < count; ++i) {
    const winnow_launch& one = launches[i];
    if (one.blocks < 0) return fail(error, WINNOW_MACHINE_FAILED, "a kernel over less than no blocks");
    const bool backwards = machine->launched++ % 2 != 0;
    if (!dispatch(one.kernel, [&](auto* kernel) { run<std::remove_pointer_t<decltype(kernel)>>(one, backwards); })) {
      return fail(error, WINNOW_MACHINE_FAILED, "no such kernel");
    }
  }
  return WINNOW_MACHINE_OK;
}

int32_t record(winnow_machine*, const winnow_launch* launches, int64_t count, winnow_recording** recording,
               winnow_machine_error*) {
  *recording = new winnow_recording{{launches, launches + count}};
  return WINNOW_MACHINE_OK;
}

int32_t replay(winnow_machine* machine, winnow_recording* recording, winnow_machine_error* error) {
  return launch(machine, recording->launches.data(), static_cast<int64_t>(recording->launches.size()), error);
}

void forget(winnow_machine*, winnow_recording* recording) { delete recording; }

int32_t wait(winnow_machine*, winnow_machine_error*) { return WINNOW_MACHINE_OK; }

int32_t stop(winnow_machine*, double*, winnow_machine_error* error) {
  return fail(error, WINNOW_MACHINE_FAILED, "the emulation has no clock: its time says nothing about a device");
}

}  // namespace

const winnow_machine_table* winnow_machine_functions(void) {
  static const winnow_machine_table table = {sizeof(winnow_machine_table),
                                             open,
                                             close,
                                             facts,
                                             allocate,
                                             release,
                                             upload,
                                             download,
                                             clear,
                                             launch,
                                             record,
                                             replay,
                                             forget,
                                             wait,
                                             wait,
                                             stop};
  return &table;
}
